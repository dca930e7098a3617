// SPDX-License-Identifier: Apache-2.0

// Reads CBOR of untrusted bytes into a tree of values.
//
// libcbor's streaming decoder recognises the items; the tree is built here, so that a claimed
// length allocates nothing: memory follows the bytes that are there. Definite and indefinite
// lengths and every integer width are read.
#pragma once

#include <cstddef>

#include "core/cbor/value.h"

namespace glovebox::cbor {

struct Limits {
    std::size_t depth_max = 16;
    std::size_t items_max = 20'000;
};

struct Decoded {
    Value value;
    std::size_t consumed = 0;  // bytes of the first item; what follows is the caller's business
};

// Reads the first data item of `bytes`. An error says at which byte, and what is wrong there.
[[nodiscard]] Result<Decoded> decode(BytesView bytes, const Limits& limits = {});

}  // namespace glovebox::cbor
