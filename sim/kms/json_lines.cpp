// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/json_lines.h"

#include "sim/kms/json.h"

namespace glovebox::kms {

Result<JsonLines> JsonLines::open(const std::string& file) {
    constexpr unsigned mode = 0600;
    auto lines = LineFile::open(file, mode);
    if (!lines)
        return lines.error();
    return JsonLines(std::move(*lines));
}

Result<void> JsonLines::append(const boost::json::object& line) {
    return file_.append(to_json(line));
}

}  // namespace glovebox::kms
