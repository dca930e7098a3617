#include "core/base/error.h"

namespace glovebox {

Error errno_error(std::string_view what, int errno_value) {
    const boost::system::error_code code(errno_value, boost::system::system_category());
    return Error(code, std::string(what) + ": " + code.message());
}

}  // namespace glovebox
