// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/key_material.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/kms/cipher.h"
#include "sim/kms/ciphertext_blob.h"
#include "sim/kms/key_pair.h"

namespace glovebox::kms {
namespace {

// "Random" bytes that are computed from the material.
class MaterialDigest final : public RandomSource {
  public:
    MaterialDigest(BytesView label, BytesView material)
        : digest_(hmac("SHA384", label, material)) {}
    void fill(std::span<std::uint8_t> out) override {
        std::copy_n(digest_.begin(), std::min(out.size(), digest_.size()), out.begin());
    }

  private:
    Bytes digest_;
};

}  // namespace

Bytes make_key_material(const KeySpec& spec, RandomSource& random) {
    if (spec.family != KeyFamily::symmetric && spec.family != KeyFamily::hmac)
        return KeyPair::generate(spec).to_der();
    Bytes material(static_cast<std::size_t>(spec.bits) / 8);
    random.fill(material);
    return material;
}

std::string why_not_material(const KeySpec& spec, BytesView material) {
    const auto bytes = static_cast<std::size_t>(spec.bits) / 8;
    if (spec.family == KeyFamily::symmetric || spec.family == KeyFamily::hmac)
        return material.size() == bytes
                   ? ""
                   : fmt::format("{} bytes were expected for {}, the material has {}", bytes,
                                 spec.name, material.size());
    const auto pair = KeyPair::from_der(material);
    if (!pair)
        return "the material is not a private key in PKCS #8 DER: " + pair.error().message;
    const PublicKey key = pair->public_key();
    const bool fits = spec.family == KeyFamily::rsa ? key.is_rsa() && key.bits() == spec.bits
                                                    : key.is_on(spec.group);
    return fits ? ""
                : fmt::format("the material is a private key of another kind than {}", spec.name);
}

Bytes derived_material_id(std::string_view key_id, BytesView material) {
    Bytes label(key_id.begin(), key_id.end());
    constexpr std::string_view purpose = "key material id";
    label.insert(label.begin(), purpose.begin(), purpose.end());
    MaterialDigest digest(label, material);
    return make_material_id(digest);
}

}  // namespace glovebox::kms
