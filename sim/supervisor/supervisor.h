// SPDX-License-Identifier: Apache-2.0

// The supervisor of one tree of processes: everything that runs under one filter.
//
// Its own thread receives the calls and answers them one after the other; none of them blocks.
// accept parks (acceptor.h), and requests that take the security module time (a signature takes a
// millisecond) go to another thread (nsm_calls.h).
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/address/vsock_address.h"
#include "core/base/log.h"
#include "sim/supervisor/acceptor.h"
#include "sim/supervisor/descriptor_sender.h"
#include "sim/supervisor/device_calls.h"
#include "sim/supervisor/init_mounts.h"
#include "sim/supervisor/loopback_notice.h"
#include "sim/supervisor/metadata_redirect.h"
#include "sim/supervisor/nsm_calls.h"
#include "sim/supervisor/pidfd_cache.h"
#include "sim/supervisor/root_calls.h"
#include "sim/supervisor/seccomp_notify.h"
#include "sim/supervisor/setuid_notice.h"
#include "sim/supervisor/sigpipe_calls.h"
#include "sim/supervisor/socket_maker.h"
#include "sim/supervisor/tracer.h"
#include "sim/supervisor/tracing_notice.h"
#include "sim/supervisor/tracing_notifier.h"
#include "sim/supervisor/traffic_observer.h"
#include "sim/supervisor/vsock_calls.h"
#include "transports/world.h"

namespace glovebox::supervisor {

struct SupervisorConfig {
    core::Cid own = core::cid_parent;
    DeviceFolder dev = DeviceFolder::at("/dev", false);
    bool kernel_vsock = false;                 // AF_VSOCK sockets are the kernel's own
    nsm::NsmDevice* nsm = nullptr;             // /dev/nsm, in an enclave; outlives the supervisor
    ControlDoor control_door;                  // /dev/glovebox
    bool trace = false;                        // tell every call in the log
    std::optional<MetadataRedirect> metadata;  // for a parent program
    TrafficObserver* traffic = nullptr;  // counts the bytes of connections; outlives the supervisor
    std::optional<EnclaveFacts> enclave;  // its own; nothing on the parent's side
    VsockCalls::RefusalObserver refused;  // called by the supervisor's thread
    InitMounts::Attach attach;            // of a tree whose root is an image's own init
    // Traces the tree, whose filter was made with FilterOptions::relabels; null elsewhere. Outlives
    // the supervisor.
    Tracer* tracer = nullptr;
    unsigned filters = 1;  // filters_of_programs()
};

class Supervisor {
  public:
    // What is given by reference outlives it.
    Supervisor(UniqueFd listener, SupervisorConfig config, transports::World& world,
               BoundNames& names, Log& log);
    // Waits for the tree to end.
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    // Becomes EPOLLHUP when the last process of the tree has ended.
    [[nodiscard]] int listener() const { return kernel_.listener(); }

  private:
    void run();
    void handle(const SystemCall& call);
    // An errno value where the supervisor had no descriptor left for it, else 0.
    [[nodiscard]] int try_answer(const SystemCall& call, SyscallReply& reply);
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);
    [[nodiscard]] Notifier& choose_notifier(bool trace);
    [[nodiscard]] TraceeMaker tracee_maker();
    [[nodiscard]] DescriptorSender* sender() { return sender_ ? &*sender_ : nullptr; }
    [[nodiscard]] SyscallReply refuse_foreign(const SystemCall& call);
    void tell_of_denial(pid_t thread);
    void tell_of_exhaustion();

    Log& log_;
    Tracer* tracer_;  // may be null
    SeccompNotifier kernel_;
    std::optional<DescriptorSender> sender_;  // where there is a tracer
    std::optional<TracingNotifier> tracing_;
    Notifier& notifier_;  // the last of them
    PidfdCache pidfds_;
    SocketMaker sockets_{pidfds_};
    VsockOptionTable options_;
#if defined(__x86_64__)
    SigpipeCalls sigpipe_calls_;
#endif
    std::optional<MetadataRedirect> metadata_;
    bool has_kernel_vsock_;
    std::optional<LoopbackNotice> loopback_notice_;  // of an enclave
    VsockCalls vsock_calls_;
    std::atomic<bool> told_of_exhaustion_ = false;
    Acceptor acceptor_;
    std::optional<RootCalls> root_calls_;  // of an enclave
    SetuidNotice setuid_notice_;
    TracingNotice tracing_notice_;
    std::optional<NsmCalls> nsm_calls_;
    DeviceCalls device_calls_;
    std::optional<InitMounts> init_mounts_;
    pid_t last_foreign_ = 0;
    pid_t last_denied_ = 0;
    std::atomic<bool> is_over_ = false;
    std::thread thread_;
};

}  // namespace glovebox::supervisor
