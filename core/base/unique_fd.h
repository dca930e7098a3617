// SPDX-License-Identifier: Apache-2.0

// A file descriptor with one owner.
#pragma once

#include <utility>

namespace glovebox {

class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    // Gives the descriptor away; the caller closes it.
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    // Closes what is held, if anything, and takes `fd`.
    void reset(int fd = -1);

  private:
    int fd_ = -1;
};

}  // namespace glovebox
