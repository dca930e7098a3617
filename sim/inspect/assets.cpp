// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/assets.h"

namespace glovebox::inspect {

const Asset* find_asset(std::string_view name) {
    for (const Asset& asset : assets())
        if (asset.name == name)
            return &asset;
    return nullptr;
}

std::string_view content_type(std::string_view name) {
    if (name.ends_with(".js"))
        return "text/javascript; charset=utf-8";
    if (name.ends_with(".css"))
        return "text/css; charset=utf-8";
    return "text/html; charset=utf-8";
}

}  // namespace glovebox::inspect
