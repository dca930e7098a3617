// SPDX-License-Identifier: Apache-2.0

// The log of `glovebox parent`, beside which the command runs.
//
// The command shares the terminal of `glovebox up`, so its log comes another way: through a FIFO
// that is its --log-file (fifo(7)). It is opened for reading and writing, so it has no end of file;
// once the process that wrote the log has ended, drain() reads what is left.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/base/scratch.h"

namespace glovebox::up {

class CommandLog {
  public:
    using OnLine = std::function<void(const std::string& line)>;

    // `on_line` is called for each line, without its line feed, from the context or from drain().
    // The error is that of mkfifo(3) or open(2).
    [[nodiscard]] static Result<std::unique_ptr<CommandLog>> make(boost::asio::io_context& context,
                                                                  OnLine on_line);
    [[nodiscard]] std::string path() const { return path_; }
    // Hands on all whole lines that were written until now.
    void drain();
    // Reads no further, so that the context may run out of work.
    void close() { descriptor_.close(); }

  private:
    CommandLog(boost::asio::io_context& context, Scratch folder, OnLine on_line);
    void read();

    Scratch folder_;
    std::string path_;
    OnLine on_line_;
    boost::asio::posix::stream_descriptor descriptor_;
    std::string half_;  // a line without its end
};

}  // namespace glovebox::up
