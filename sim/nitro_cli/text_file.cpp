// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/text_file.h"

#include <boost/system/errc.hpp>

#include "core/base/file_bytes.h"
#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {

Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t limit,
                                   const Error& unreadable) {
    const auto content = read_file_bytes(path.string(), limit);
    if (content)
        return std::string(as_text(*content));
    if (content.error().code == boost::system::errc::file_too_large)
        return nitro_error(NitroError::file_operation, content.error().message);
    return unreadable;
}

}  // namespace glovebox::nitro_cli
