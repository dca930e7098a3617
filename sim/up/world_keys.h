// SPDX-License-Identifier: Apache-2.0

// The keys of a world file, section by section: one table, of which the parser (world_file.h), the
// JSON schema (schema.h) and docs/up.md are made.
#pragma once

#include <string_view>
#include <vector>

#include "sim/up/key.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

[[nodiscard]] const std::vector<Key<WorldFile>>& top_keys();
[[nodiscard]] const std::vector<Key<KmsPart>>& kms_keys();
[[nodiscard]] const std::vector<Key<ImdsPart>>& imds_keys();
[[nodiscard]] const std::vector<Key<ProxyPart>>& proxy_keys();
[[nodiscard]] const std::vector<Key<EnclavePart>>& enclave_keys();
[[nodiscard]] const std::vector<Key<ForwardPart>>& forward_keys();
[[nodiscard]] const std::vector<Key<ParentPart>>& parent_keys();

struct SectionFacts {
    std::string_view name;  // the key that it stands under; empty for the file's own keys
    bool has_parts;         // it is a map of parts by their names, each with these keys
    std::string_view summary;
    std::vector<KeyFacts> keys;
};

// The keys of one of the list `faults`.
[[nodiscard]] SectionFacts planned_fault();
// All of them, the file's own keys first.
[[nodiscard]] std::vector<SectionFacts> world_sections();

}  // namespace glovebox::up
