// SPDX-License-Identifier: Apache-2.0

// Any bytes as a ciphertext blob, and as the CMS message in one. None opens; whatever is decoded is
// encoded again as it was. A blob that is made from them opens again.

#include <algorithm>

#include "fuzz/require.h"
#include "sim/kms/ciphertext_blob.h"
#include "sim/kms/cms.h"

namespace {

using namespace glovebox;
using namespace glovebox::kms;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static SystemRandom random;
    static const Bytes material(32, 1);
    static const Bytes id = make_material_id(random);
    const BytesView bytes(data, size);
    const auto named = material_id_of(bytes);
    require(!named || named->size() == material_id_bytes);
    require(!open_blob(material, {}, bytes).plaintext);
    if (const auto message = cms::decode_encrypted_data(bytes))
        require(std::ranges::equal(cms::encode(*message), bytes));
    if (size <= 4096) {
        const Bytes blob = seal_blob(id, material, {{"a", "b"}}, bytes, random);
        const auto opened = open_blob(material, {{"a", "b"}}, blob);
        require(opened.plaintext && std::ranges::equal(*opened.plaintext, bytes));
        require(open_blob(material, {}, blob).refusal.kind == BlobRefusal::Kind::other_context);
    }
    return 0;
}
