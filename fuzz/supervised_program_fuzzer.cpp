// SPDX-License-Identifier: Apache-2.0

// What a supervised program may have in its memory where a call of its points to: addresses, paths,
// requests. The supervisor reads all of it, and must stay inside.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <span>
#include <string_view>

#include "sim/supervisor/device_file.h"
#include "sim/supervisor/sockaddr_vm.h"
#include "sim/supervisor/thread_status.h"
#include "sim/supervisor/tracing_notifier.h"

namespace {

using namespace glovebox;
using supervisor::Errno;
using supervisor::OrErrno;

// The bytes lie at address 0x1000; nothing else is mapped.
class Memory final : public supervisor::Tracee {
  public:
    static constexpr std::uint64_t start = 0x1000;

    explicit Memory(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    using Tracee::read_some;
    using Tracee::write;
    OrErrno<std::size_t> read_some(std::uint64_t address, std::span<std::uint8_t> out) override {
        if (address < start || address - start >= bytes_.size())
            return Errno{EFAULT};
        const auto rest = bytes_.subspan(static_cast<std::size_t>(address - start));
        const std::size_t count = std::min(rest.size(), out.size());
        std::copy_n(rest.begin(), count, out.begin());
        return count;
    }
    int write(std::uint64_t, std::span<const std::uint8_t>) override { return EFAULT; }
    OrErrno<UniqueFd> descriptor(int) override { return Errno{EBADF}; }
    bool is_same_file(int, int) override { return false; }
    OrErrno<UniqueFd> make_socket(int) override { return Errno{EMFILE}; }
    bool is_waiting() override { return true; }

  private:
    std::span<const std::uint8_t> bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> bytes(data, size);
    Memory memory(bytes);
    (void)supervisor::read_address(memory, Memory::start, static_cast<int>(size));
    (void)supervisor::read_room(memory, Memory::start, Memory::start + 1);
    if (const auto path = memory.read_path(Memory::start))
        (void)supervisor::device_named(*path);
    (void)supervisor::nsm_request_name(bytes);
    (void)supervisor::describe_nsm_response(bytes);
    (void)supervisor::parse_thread_status({reinterpret_cast<const char*>(data), size});
    return 0;
}
