// SPDX-License-Identifier: Apache-2.0

#include "sim/up/event_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <utility>

#include "core/base/file_bytes.h"
#include "core/base/json_reader.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;

constexpr unsigned events_mode = 0600;
// 200,000 lines, whose texts have 2 KiB at the most (docs/logs.md).
constexpr std::size_t events_bytes_max = std::size_t{1} << 30;

json::object part(std::string_view label, std::string_view kind) {
    return {{"part", label}, {"kind", kind}};
}

bool is_refusal(const TimelineEntry& entry) {
    return entry.event == "refused" || entry.event == "failed" || entry.event == "nsm_refused";
}

}  // namespace

bool is_being_written(int file) {
    if (::flock(file, LOCK_SH | LOCK_NB) != 0)
        return true;
    ::flock(file, LOCK_UN);
    return false;
}

json::array parts_of(const WorldFile& world) {
    json::array parts;
    if (world.faults.is_on)
        parts.emplace_back(part("faults", "faults"));
    if (world.kms)
        parts.emplace_back(part("kms", "kms"));
    if (world.imds)
        parts.emplace_back(part("imds", "imds"));
    for (const ProxyPart& proxy : world.proxies)
        parts.emplace_back(part(proxy.label, proxy.vsock_proxy.empty() ? "proxy" : "vsock-proxy"));
    for (const EnclavePart& enclave : world.enclaves) {
        json::object one = part(enclave.label, "enclave");
        one["cid"] = enclave.cid;
        if (!enclave.eif.empty())
            one["eif"] = enclave.eif;
        parts.emplace_back(std::move(one));
    }
    for (const ForwardPart& forward : world.forwards)
        parts.emplace_back(part(forward.label, "forward"));
    return parts;
}

Result<EventFile> EventFile::open(const std::string& directory) {
    std::string path = directory + "/" + event_file_name;
    UniqueFd lock(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, events_mode));
    if (!lock)
        return errno_error("cannot open " + path, errno);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? errno_error("another `glovebox up` runs in the world " + directory, EBUSY)
                         .with_advice("Stop that one, or choose another --world")
                   : errno_error("cannot lock " + path, errno);
    if (::ftruncate(lock.get(), 0) != 0)
        return errno_error("cannot empty " + path, errno);
    auto lines = LineFile::open(path, events_mode);
    if (!lines)
        return lines.error();
    return EventFile(std::move(path), std::move(lock), std::move(*lines));
}

void EventFile::append(const TimelineEntry& entry) {
    const auto done = lines_.append(json_of(entry));
    if (done)
        return;
    ++lost_;
    if (!failure_)
        failure_ = done.error();
}

std::optional<Error> EventFile::failure() const {
    if (!failure_)
        return std::nullopt;
    return Error(*failure_).in(
        fmt::format("{} lacks {} event{} of this run", path_, lost_, lost_ == 1 ? "" : "s"));
}

void EventFile::begin(const WorldFile& world, const Facts& facts) {
    TimelineEntry first = own_entry(LogLevel::info, "world", facts.file);
    first.fields = {{"glovebox", facts.version},    {"target", facts.target},
                    {"region", world.region},       {"command", json::value_from(facts.command)},
                    {"kms_trace", facts.kms_trace}, {"parts", parts_of(world)}};
    append(first);
}

void EventFile::take(const TimelineEntry& entry) {
    if (is_kept(entry))
        append(entry);
    else
        ++further_;
}

bool EventFile::is_kept(const TimelineEntry& entry) {
    if (events_ < events_max) {
        ++events_;
        return true;
    }
    const bool is_own = entry.component == "up";
    if (!is_own && !is_refusal(entry))
        return false;
    std::size_t& kept = is_own ? own_ : refusals_;
    if (kept == important_max)
        return false;
    ++kept;
    return true;
}

void EventFile::finish(const WorldOutcome& outcome) {
    TimelineEntry last = own_entry(LogLevel::info, "world_ended",
                                   outcome.is_good ? "the world has ended" : "the world failed");
    last.fields = {{"passed", outcome.has_passed()},
                   {"failures", json::value_from(outcome.failures)},
                   {"further", further_},
                   {"lost", lost_}};
    if (outcome.status)
        last.fields["status"] = *outcome.status;
    append(last);
    lock_.reset();
}

Result<json::array> EventFile::read() const {
    const auto content = read_file_bytes(path_, events_bytes_max);
    if (!content)
        return content.error();
    json::array events;
    std::string_view rest = as_text(*content);
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest = end == rest.npos ? "" : rest.substr(end + 1);
        if (auto event = read_json(line))
            events.emplace_back(std::move(*event));
    }
    return events;
}

}  // namespace glovebox::up
