// SPDX-License-Identifier: Apache-2.0

// Any messages from a QEMU to the switch, with any files: the device takes or refuses each and
// never touches memory that isn't the guest's. The input is a row of messages:
//
//   | request u8 | files u8 | size u8 | size bytes of payload |
//
// where `request` 0 means that the payload is the message's whole bytes, header and all. `files`
// has a count in the low 4 bits and a kind in the next 3.

#include <algorithm>
#include <array>

#include "fuzz/vsock_front_end.h"

using namespace glovebox;
using namespace glovebox::vsock_switch;

namespace {

struct Files {
    UniqueFd unsealed = make_memory(FrontEnd::memory_size, false);
    UniqueFd small = make_memory(100, true);
    UniqueFd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    UniqueFd folder{::open("/", O_PATH | O_CLOEXEC)};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Files files;
    Switchboard board;
    FrontEnd guest(16, board);
    const std::array<int, 8> kinds = {guest.memory_file(),  guest.event(),     files.null.get(),
                                      files.unsealed.get(), files.small.get(), files.folder.get(),
                                      guest.memory_file(),  guest.event()};
    BytesView rest(data, size);
    while (rest.size() >= 3) {
        const std::uint8_t request = rest[0], attached = rest[1];
        const BytesView payload = rest.subspan(3, std::min<std::size_t>(rest[2], rest.size() - 3));
        rest = rest.subspan(3 + payload.size());
        const std::vector<int> given(attached & 0xf, kinds[attached >> 4 & 7]);
        const bool goes_on =
            request == 0 ? guest.send(payload, given) : guest.say(Request{request}, payload, given);
        if (!goes_on || !guest.device().exchange(64))
            break;
        guest.device().read_kicks();
    }
    return 0;
}
