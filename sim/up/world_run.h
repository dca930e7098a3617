// SPDX-License-Identifier: Apache-2.0

// One run of a world: its parts started in order, each when what it needs is ready, and stopped in
// the opposite order.
//
//   1  KMS and metadata      ready when their log says so; their ports are then known
//   2  proxies               KMS's name leads to this world's KMS
//   3  enclaves              ready when they listen on their port, at once without one
//                            (the world tells of listeners, inotify)
//   4  the command, as a parent program
//
// Each part is this same program with another subcommand, so a world is nothing that could not be
// done by hand; the timeline says what is run.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/vsock_address.h"
#include "sim/up/child_process.h"
#include "sim/up/world_file.h"
#include "transports/listener_watch.h"
#include "transports/world.h"

namespace glovebox::up {

struct RunPaths {
    std::string program;  // glovebox
    std::string pki;      // --pki; empty for the user's
};

class WorldRun {
  public:
    // One line of the timeline: which part, and what it wrote.
    using Tell = std::function<void(const std::string& part, const std::string& line)>;

    // `command` may be empty: then the world runs until stop(), or until its last enclave has
    // ended.
    // `meeting` is the opened world, and outlives the run.
    WorldRun(boost::asio::io_context& context, const transports::World& meeting, WorldFile world,
             RunPaths paths, std::vector<std::string> command, Tell tell);

    // To the end: the command's exit status; 0 without one. An Error when a part could not be
    // started, did not become ready, or failed. All parts have ended then.
    [[nodiscard]] boost::asio::awaitable<Result<int>> run();

    // Called for a signal: passes it to the command; without a command, ends the world. The second
    // time it kills everything.
    void stop(int signal);
    // A child has ended (SIGCHLD).
    void look() { changed_.cancel(); }

  private:
    struct Part {
        std::string name;
        std::shared_ptr<ChildProcess> process;
        std::optional<core::VsockAddress> waits_for;  // a listener; without: its log says "ready:"
        bool ready = false;
        std::string ready_line;
        bool is_enclave = false;
        bool ended = false;
    };

    [[nodiscard]] Result<Part*> start(const std::string& name, std::vector<std::string> arguments,
                                      const std::string& directory = {},
                                      Environment environment = {});
    [[nodiscard]] Result<void> start_vsock_proxy(const ProxyPart& proxy);
    [[nodiscard]] Result<void> start_services();
    [[nodiscard]] Result<void> start_proxies();
    [[nodiscard]] Result<void> start_enclaves();
    [[nodiscard]] Result<void> start_command();
    // The argument of `glovebox proxy --resolve` that leads KMS's name to this world's KMS; empty
    // without one.
    [[nodiscard]] std::string kms_resolved() const;
    // Whatever has ended or become ready since; an error when a part has failed.
    [[nodiscard]] Result<void> check();
    [[nodiscard]] boost::asio::awaitable<Result<void>> all_ready();
    [[nodiscard]] boost::asio::awaitable<Result<int>> live();
    [[nodiscard]] boost::asio::awaitable<void> end_all();
    using Time = std::chrono::steady_clock::time_point;
    [[nodiscard]] boost::asio::awaitable<void> next_change(Time at_the_latest);
    void await_listeners();

    boost::asio::io_context& context_;
    const transports::World& meeting_;
    std::optional<transports::ListenerWatch> watch_;
    boost::asio::posix::stream_descriptor listeners_changed_;  // the watch's; not its owner
    bool is_awaiting_listeners_ = false;
    WorldFile world_;
    RunPaths paths_;
    std::vector<std::string> arguments_;
    Tell tell_;
    boost::asio::steady_timer changed_;
    std::vector<std::unique_ptr<Part>> parts_;  // in the order of their start
    std::shared_ptr<ChildProcess> command_;
    std::string kms_url_;
    std::string kms_tls_address_;  // "127.0.0.1:4600"
    std::string imds_url_;
    int signals_ = 0;
    int first_signal_ = 0;
    std::chrono::steady_clock::time_point first_signal_at_;
};

}  // namespace glovebox::up
