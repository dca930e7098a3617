// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/plugin.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "core/base/unique_fd.h"
#include "sim/device_plugin/folder_watch.h"
#include "sim/device_plugin/registered_resource.h"

namespace glovebox::device_plugin {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = FolderChange::Kind;

constexpr const char* kubelet_socket = "kubelet.sock";

class Plugin {
  public:
    Plugin(const PluginOptions& options, int stop, Log& log)
        : options_(&options),
          stop_(stop),
          log_(&log),
          wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

    Result<void> run() {
        if (!wake_)
            return errno_error("eventfd", errno);
        if (auto started = start(); !started)
            return started;
        for (;;) {
            for (RegisteredResource& resource : resources_)
                if (auto advanced = resource.advance(Clock::now()); !advanced)
                    return advanced;
            if (wait())
                return {};
            if (auto followed = follow_kubelet_folder(); !followed)
                return followed;
            follow_host_program();
        }
    }

  private:
    // The log says that a resource is served when nothing is left that can be wrong.
    Result<void> start() {
        auto program = StaticProgram::open(options_->program);
        if (!program)
            return std::move(program).error().in("--program");
        // The watch comes first: what happens from now on is not missed.
        auto watch = FolderWatch::open(options_->kubelet_folder);
        if (!watch)
            return std::move(watch)
                .error()
                .in("--kubelet-folder")
                .with_advice("The kubelet makes this folder; a DaemonSet mounts it from the node");
        kubelet_watch_.emplace(std::move(*watch));
        for (const Resource& resource : options_->resources) {
            auto& added =
                resources_.emplace_back(resource, options_->kubelet_folder, wake_.get(), *log_);
            if (auto listened = added.listen(); !listened)
                return listen_error(std::move(listened).error());
        }
        // Behind the sockets: a second plugin has ended by now, and leaves the program alone.
        if (auto installed = options_->host_program.install(*program); !installed)
            return std::move(installed).error().in("--host-folder");
        auto host_watch = FolderWatch::open(options_->host_program.folder());
        if (!host_watch)
            return std::move(host_watch).error().in("--host-folder");
        host_watch_.emplace(std::move(*host_watch));
        set_health();
        for (RegisteredResource& resource : resources_) {
            resource.log_listening();
            resource.register_anew(Clock::now());
        }
        return {};
    }

    // A name that is taken is no mistake in the options.
    static Error listen_error(Error error) {
        return error.code.value() == EADDRINUSE ? error : std::move(error).in("--kubelet-folder");
    }

    // Waits for the next event, and serves connections; true when the plugin has to end.
    bool wait() {
        std::vector<pollfd> waited{{stop_, POLLIN, 0},
                                   {wake_.get(), POLLIN, 0},
                                   {kubelet_watch_->fd(), POLLIN, 0},
                                   {host_watch_->fd(), POLLIN, 0}};
        const std::size_t own = waited.size();
        for (const RegisteredResource& resource : resources_)
            waited.push_back({resource.listener(), POLLIN, 0});
        if (::poll(waited.data(), waited.size(), patience()) < 0)
            return false;
        eventfd_t count = 0;
        ::eventfd_read(wake_.get(), &count);
        auto* listener = &waited[own];
        for (RegisteredResource& resource : resources_)
            if ((listener++)->revents != 0)
                resource.accept_all();
        return waited[0].revents != 0;
    }

    // Milliseconds until a call is due, for poll(2).
    [[nodiscard]] int patience() const {
        std::optional<Clock::time_point> first;
        for (const RegisteredResource& resource : resources_)
            if (const auto due = resource.due(); due && (!first || *due < *first))
                first = due;
        if (!first)
            return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - Clock::now());
        return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    }

    Result<void> follow_kubelet_folder() {
        const auto changes = kubelet_watch_->take();
        for (const FolderChange& change : changes) {
            if (change.kind == Kind::folder_gone)
                return system_error(ENOENT,
                                    "--kubelet-folder: " + options_->kubelet_folder.string() +
                                        ": the kubelet's folder was removed or renamed");
            if (change.kind == Kind::lost ||
                (change.kind == Kind::appeared && change.name == kubelet_socket)) {
                log_->info("kubelet", "the kubelet has started: registering");
                for (RegisteredResource& resource : resources_)
                    resource.register_anew(Clock::now());
            }
        }
        if (changes.empty())
            return {};
        for (RegisteredResource& resource : resources_) {
            auto listened = resource.listen();
            if (!listened)
                return listen_error(std::move(listened).error());
            if (*listened)
                resource.log_listening();
        }
        return {};
    }

    void follow_host_program() {
        const auto changes = host_watch_->take();
        if (!changes.empty())
            set_health();
    }

    void set_health() {
        const auto checked = options_->host_program.check();
        std::string problem = checked ? "" : checked.error().message;
        if (problem == problem_)
            return;
        if (problem.empty())
            log_->info("healthy", "containers can have {} again",
                       options_->host_program.path().string());
        else
            log_->error("unhealthy", "containers can't have the program: {}",
                        field("reason", problem));
        for (RegisteredResource& resource : resources_)
            resource.set_problem(problem);
        problem_ = std::move(problem);
    }

    const PluginOptions* options_;
    int stop_;
    Log* log_;
    UniqueFd wake_;
    std::optional<FolderWatch> kubelet_watch_;
    std::optional<FolderWatch> host_watch_;
    std::list<RegisteredResource> resources_;
    std::string problem_;
};

}  // namespace

Result<void> run_plugin(const PluginOptions& options, int stop, Log& log) {
    return Plugin(options, stop, log).run();
}

}  // namespace glovebox::device_plugin
