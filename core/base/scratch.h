// SPDX-License-Identifier: Apache-2.0

// What a command makes for itself outside its world, a folder or a file, gone with the object.
//
// A command that is killed removes nothing. So every path is written down before it is made:
//
//   <run folder>/.scratch/<digits>   the path; locked (flock) by the process that made it
//
// The kernel drops the lock whatever the process dies of, and `glovebox clean --all` removes what
// records without a holder name. A path ends in digits that nobody can foresee, so it is nothing
// that somebody else has put there meanwhile. Where the run folder can't be had, the command runs
// all the same, and what it leaves when it is killed stays.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox {

class Scratch {
  public:
    // A folder "<parent>/<name><digits>", for its owner alone.
    [[nodiscard]] static Result<Scratch> make_folder(const std::filesystem::path& parent,
                                                     const std::string& name);
    // A path of that form where nothing is yet, for the caller to make.
    [[nodiscard]] static Scratch reserve(const std::filesystem::path& parent,
                                         const std::string& name);

    Scratch(Scratch&& other) noexcept;
    Scratch& operator=(Scratch&&) = delete;
    // Removes what is there, whatever the permissions of its folders are.
    ~Scratch();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    // Gives it its name for good, as rename(2) does. It stays scratch where that fails.
    [[nodiscard]] Result<void> rename_to(const std::filesystem::path& name);

    // Removes what killed processes of this user have left and `wanted` agrees to; the paths of
    // what was there.
    static std::vector<std::string> remove_abandoned(
        const std::function<bool(const std::filesystem::path&)>& wanted);

  private:
    Scratch(std::filesystem::path path, UniqueFd records, std::string record_name, UniqueFd record)
        : path_(std::move(path)),
          records_(std::move(records)),
          record_name_(std::move(record_name)),
          record_(std::move(record)) {}
    void forget();

    std::filesystem::path path_;  // empty once it has another name
    UniqueFd records_;            // the folder of records
    std::string record_name_;
    UniqueFd record_;
};

}  // namespace glovebox
