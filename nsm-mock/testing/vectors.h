// Real attestation documents, signed by AWS's hardware and published by others, for tests.
//
// They are not part of the project. Tests find them in $GLOVEBOX_VECTORS/aws-docs, or in
// ../shared/vectors/aws-docs beside the source tree, and skip where they are not.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace glovebox::nsm::test {

struct DocumentVector {
    std::string name;  // "20220706_e20c1c02.bin"
    Bytes bytes;
    [[nodiscard]] bool tampered() const { return name.find(".tampered.") != std::string::npos; }
};

inline constexpr const char* no_vectors =
    "no real documents here: set GLOVEBOX_VECTORS to the folder that holds aws-docs/";

inline std::filesystem::path vectors_directory() {
    const char* variable = std::getenv("GLOVEBOX_VECTORS");
    if (variable != nullptr && *variable != '\0')
        return std::filesystem::path(variable) / "aws-docs";
    return std::filesystem::path(GLOVEBOX_SOURCE_DIR).parent_path() / "shared/vectors/aws-docs";
}

// In the order of their dates; empty where there are none.
inline std::vector<DocumentVector> document_vectors() {
    std::vector<DocumentVector> vectors;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(vectors_directory(), ignored)) {
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
