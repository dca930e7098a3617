// SPDX-License-Identifier: Apache-2.0

// Enclave images as the inspector shows them.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace glovebox::inspect {

// {"file", "bytes", "sections": [{"name", "offset", "bytes"}...], "description": what
// nitro-cli describe-eif prints, "remarks": [sentence...], "good": whether Nitro would start it}.
// The whole file is read. The error names it.
[[nodiscard]] Result<boost::json::object> image_view(const std::string& file, TimePoint now);

// eif::to_json() of their comparison. The error names the file that could not be read.
[[nodiscard]] Result<boost::json::object> image_comparison(const std::string& first,
                                                           const std::string& second);

}  // namespace glovebox::inspect
