// SPDX-License-Identifier: Apache-2.0

// One run of a world: its parts started in order, each when what it needs is ready, and stopped in
// the opposite order.
//
//   0  virtual machines      with --target vm: the switch, then all machines at once
//   0  the process with the faults, in a world that has them, before anything can connect
//   1  KMS and metadata      ready when their log says so; their ports are then known
//   2  proxies               KMS's name leads to the world's KMS
//   3  enclaves              each after those that it depends on; ready when they listen on their
//                            port, at once without one (the world tells of listeners, inotify)
//   4  forwards
//   5  the command, as a parent program
//
// A part that fails before it is ready ends the start. One that fails afterwards is logged, and the
// command goes on: what it comes to is the command's to find out, and the outcome has it. The
// timeline says what is run.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/fault/client.h"
#include "core/service/child_process.h"
#include "sim/up/command_log.h"
#include "sim/up/control_socket.h"
#include "sim/up/fault_schedule.h"
#include "sim/up/part_commands.h"
#include "sim/up/timeline.h"
#include "sim/up/world_parts.h"
#include "transports/listener_watch.h"
#include "transports/world.h"

namespace glovebox::up {

struct RunOptions {
    std::string program;               // glovebox
    std::string pki;                   // --pki; empty for the user's
    std::vector<std::string> command;  // may be empty
    bool in_machines = false;    // virtual machines (machines.h); check_for_machines() was good
    bool on_hardware = false;    // Nitro Enclaves (hardware.h); limit_to_hardware() was called
    bool abort_on_exit = false;  // the first enclave that ends ends the world
    // Called when the world is ready, before the command starts, and when its end begins.
    std::function<void()> is_ready = [] {};
    std::function<void()> is_ending = [] {};
};

struct Outcome {
    int status = 0;  // the command's; 0 without one
    // A sentence for each part that failed after it was ready, in the order of their ends.
    std::vector<std::string> failures;
};

class WorldRun {
  public:
    using Tell = std::function<void(const TimelineEntry& entry)>;

    // Without a command the world runs until stop(), or until its last enclave has ended.
    // `meeting` is the opened world; it and `world` outlive the run.
    WorldRun(boost::asio::io_context& context, const transports::World& meeting,
             const WorldFile& world, RunOptions options, Tell tell);

    // To the end. An Error when a part could not be started or failed before it was ready, or when
    // the world was ended by a part's end. All parts have ended then.
    [[nodiscard]] boost::asio::awaitable<Result<Outcome>> run();

    // Called for a signal: passes it to the command; without a command, ends the world. The second
    // time it kills everything.
    void stop(int signal);
    // The labels of the parts that have failed.
    [[nodiscard]] const std::vector<std::string>& failed_parts() const { return failed_parts_; }
    // A child has ended (SIGCHLD).
    void look() { changed_.cancel(); }

  private:
    using Time = std::chrono::steady_clock::time_point;

    // What was asked for and is not done: world_acts.cpp.
    enum class Act { none, stop, restart, start, reload };

    struct Part {
        std::string label;
        core::Command command;
        const EnclavePart* enclave = nullptr;  // of an enclave
        std::uint32_t cid = 0;  // its own; a later one than the file's after restarts
        std::string log_level;  // of a service: what is less is left out
        std::shared_ptr<core::ChildProcess> process;
        // A listener, or a text in what it writes; without them its log says "ready:".
        std::optional<core::VsockAddress> waits_for;
        std::string_view ready_text;
        bool ready = false;
        bool was_ready = false;  // it, or a run of it before
        bool ended = false;
        std::string http;  // where a service listens, once it is ready
        std::string https;
        std::string last_error;  // the last that its command has written
        std::optional<Time> ended_at;
        std::optional<Time> restart_at;
        std::chrono::milliseconds restart_delay{0};
        Time started_at;
        Act act = Act::none;
        std::optional<Error> act_failure;  // of the last one
        bool is_stopped = false;           // as asked for: it may be started again
        std::shared_ptr<core::ChildProcess> stopper;
    };

    [[nodiscard]] Result<Part*> start(std::string label, core::Command command,
                                      const std::string& log_level,
                                      const EnclavePart* enclave = nullptr);
    [[nodiscard]] Result<void> launch(Part& part);
    [[nodiscard]] Result<void> launch_again(Part& part);
    [[nodiscard]] bool gets_new_cid(const Part& part) const;
    void give_new_cid(Part& part);
    [[nodiscard]] Result<void> name(const Part& part);
    void take_line(Part& part, core::ChildProcess::Output output, const std::string& line);
    [[nodiscard]] Result<void> start_machines();
    [[nodiscard]] Result<void> start_faults();
    [[nodiscard]] Result<void> open_faults();
    [[nodiscard]] Result<void> start_services();
    [[nodiscard]] Result<void> start_proxies();
    [[nodiscard]] Result<void> start_enclaves();
    [[nodiscard]] Result<void> start_forwards();
    [[nodiscard]] Result<void> start_command();
    [[nodiscard]] Part* find(const EnclavePart& enclave);
    [[nodiscard]] bool may_start(const EnclavePart& enclave);
    // Whatever has ended or become ready since; an error when a part has failed before it was
    // ready.
    [[nodiscard]] Result<void> check();
    [[nodiscard]] Result<void> take_end(Part& part, int status);
    void plan_restart(Part& part, const std::string& how);
    // The answer to a question of the control socket (core/fault/client.h).
    [[nodiscard]] boost::asio::awaitable<boost::json::object> act(boost::json::object question);
    [[nodiscard]] Result<Part*> begin_act(const std::string& verb, const std::string& name);
    // Why a part can't be asked for this: an error.
    [[nodiscard]] Result<void> check_stop(const Part& part, const std::string& verb) const;
    [[nodiscard]] Result<void> check_reload(const Part& part) const;
    [[nodiscard]] Result<void> begin_reload(Part& part);
    [[nodiscard]] Result<void> begin_stop(Part& part, Act act);
    [[nodiscard]] Result<void> begin_start(Part& part);
    // Of an enclave that was asked to end.
    [[nodiscard]] Result<void> take_asked_end(Part& part, int status);
    void end_act(Part& part, std::optional<Error> failure = std::nullopt);
    void look_at_act(Part& part);
    void take_reload(Part& part, const TimelineEntry& entry);
    // `start_more`, if given, starts what became startable meanwhile.
    [[nodiscard]] boost::asio::awaitable<Result<void>> all_ready(
        Result<void> (WorldRun::*start_more)() = nullptr);
    [[nodiscard]] boost::asio::awaitable<Result<int>> live();
    [[nodiscard]] boost::asio::awaitable<void> end_all();
    [[nodiscard]] bool is_over() const;
    [[nodiscard]] bool is_awaiting_restarted() const;
    [[nodiscard]] bool is_reading_last_lines() const;
    [[nodiscard]] Time next_deadline() const;
    [[nodiscard]] boost::asio::awaitable<void> next_change(Time at_the_latest);
    void await_listeners();

    boost::asio::io_context& context_;
    const transports::World& meeting_;
    std::optional<transports::ListenerWatch> watch_;
    boost::asio::posix::stream_descriptor listeners_changed_;  // the watch's; not its owner
    bool is_awaiting_listeners_ = false;
    const WorldFile& world_;
    RunOptions options_;
    std::optional<Machines> machines_;
    std::size_t machine_parts_ = 0;  // the switch and the machines, the first of the parts
    PartCommands commands_;
    Tell tell_;
    boost::asio::steady_timer changed_;
    boost::asio::steady_timer act_ended_;  // never fires; cancelled then
    std::unique_ptr<ControlSocket> control_;
    std::unique_ptr<fault::Client> faults_;  // of a world that has them, once they are ready
    std::optional<FaultSchedule> planned_faults_;
    std::vector<std::unique_ptr<Part>> parts_;  // in the order of their start
    std::shared_ptr<core::ChildProcess> command_;
    std::unique_ptr<CommandLog> command_log_;
    std::string addresses_;  // of the services, for the timeline
    std::vector<std::string> failures_;
    std::vector<std::string> failed_parts_;
    std::optional<Error> aborted_;
    int signals_ = 0;
    int first_signal_ = 0;
    Time first_signal_at_;
};

}  // namespace glovebox::up
