#include "sim/kms/json_lines.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "sim/kms/json.h"

namespace glovebox::kms {

Result<JsonLines> JsonLines::open(const std::string& file) {
    UniqueFd descriptor(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    if (!descriptor)
        return errno_error("opening " + file, errno);
    return JsonLines(std::move(descriptor));
}

bool JsonLines::append(const boost::json::object& line) {
    const std::string text = to_json(line) + "\n";
    ssize_t written = 0;
    do {
        written = ::write(file_.get(), text.data(), text.size());
    } while (written < 0 && errno == EINTR);
    return written == static_cast<ssize_t>(text.size());
}

}  // namespace glovebox::kms
