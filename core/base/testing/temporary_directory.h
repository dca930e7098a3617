// For tests: a fresh directory of one's own, 0700, that is gone with all its contents afterwards.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace glovebox {

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "glovebox-test.XXXXXX");
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("mkdtemp failed on " + name);
        path_ = name;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }

    // How many entries a directory has.
    [[nodiscard]] static std::size_t entries_in(const std::string& directory) {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory))
            ++count;
        return count;
    }

  private:
    std::filesystem::path path_;
};

}  // namespace glovebox
