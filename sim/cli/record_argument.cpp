// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/record_argument.h"

#include <utility>

#include "sim/command_line/bytes_argument.h"
#include "sim/up/record_reader.h"
#include "sim/up/run_record.h"

namespace glovebox::cli {

boost::json::object read_record(const std::string& file) {
    const Bytes content = command_line::read_file(file, up::record_bytes_max).value();
    auto record = up::parse_run_record(as_text(content));
    if (!record)
        throw ErrorException(Error(record.error()).in(file));
    return std::move(*record);
}

}  // namespace glovebox::cli
