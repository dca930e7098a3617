// SPDX-License-Identifier: Apache-2.0

// For tests: real attestation documents, signed by AWS's hardware and published by others. They are
// not part of the project (core/testing/vectors.h).
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/testing/vectors.h"

namespace glovebox::nsm::test {

struct DocumentVector {
    std::string name;  // "20220706_e20c1c02.bin"
    Bytes bytes;
    [[nodiscard]] bool tampered() const { return name.find(".tampered.") != std::string::npos; }
};

// Sorted by name, which begins with the date; empty if the vectors are missing.
inline std::vector<DocumentVector> document_vectors() {
    std::vector<DocumentVector> vectors;
    const auto folder = test_vectors("aws-docs");
    if (!folder)
        return vectors;
    for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
        if (entry.path().extension() != ".bin")
            continue;
        std::ifstream file(entry.path(), std::ios::binary);
        vectors.push_back(
            {entry.path().filename().string(), Bytes(std::istreambuf_iterator<char>(file), {})});
    }
    std::sort(vectors.begin(), vectors.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return vectors;
}

}  // namespace glovebox::nsm::test
