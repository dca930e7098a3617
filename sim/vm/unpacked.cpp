// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/unpacked.h"

#include "sim/eif/base/byte_source.h"

namespace glovebox::vm {

Result<Bytes> unpacked(BytesView packed, eif::Compression compression) {
    eif::MemorySource source(packed);
    const auto reader = eif::Decompressor::open(source, compression);
    if (!reader)
        return reader.error();
    Bytes all;
    Bytes piece(eif::piece_size);
    for (;;) {
        const auto got = (*reader)->read(piece);
        if (!got)
            return got.error();
        if (*got == 0)
            return all;
        all.insert(all.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*got));
    }
}

}  // namespace glovebox::vm
