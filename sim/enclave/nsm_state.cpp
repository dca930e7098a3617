// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/nsm_state.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/system/errc.hpp>
#include <cerrno>
#include <filesystem>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/base/replace_file.h"
#include "nsm-mock/pki/certificate_authority.h"

namespace glovebox::enclave {
namespace {

namespace json = boost::json;

constexpr std::size_t state_bytes_max = 64 * 1024;

std::optional<std::string> string_at(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr || !value->is_string())
        return std::nullopt;
    return std::string(value->get_string());
}

}  // namespace

std::string encode_nsm_state(const NsmState& state) {
    json::array pcrs;
    for (nsm::PcrIndex index = 0; index < nsm::pcr_count; ++index) {
        const auto pcr = state.pcrs.describe(index).value();
        pcrs.push_back({{"value", to_hex(pcr.value)}, {"locked", pcr.locked}});
    }
    const json::object object{{"module_id", nsm::to_string(state.module_id)},
                              {"region", state.region},
                              {"pcrs", std::move(pcrs)}};
    return json_text(object) + "\n";
}

Result<NsmState> decode_nsm_state(const std::string& text) {
    const auto root = read_json(text, {.bytes = state_bytes_max});
    if (!root)
        return root.error();
    const json::object* object = root->if_object();
    if (object == nullptr)
        return invalid_input("a JSON object was expected");
    const auto module_text = string_at(*object, "module_id");
    const auto region = string_at(*object, "region");
    const json::value* pcrs = object->if_contains("pcrs");
    if (!module_text || !region || pcrs == nullptr || !pcrs->is_array() ||
        pcrs->get_array().size() != nsm::pcr_count)
        return invalid_input("module_id, region and 32 pcrs were expected");
    const auto module_id = nsm::parse_module_id(*module_text);
    if (!module_id)
        return module_id.error();
    if (!nsm::is_region(*region))
        return invalid_input("\"" + *region + "\" is not a region");
    NsmState state{*module_id, *region, {}};
    std::vector<nsm::PcrIndex> locked;
    for (nsm::PcrIndex index = 0; index < nsm::pcr_count; ++index) {
        const json::object* entry = pcrs->get_array()[index].if_object();
        const auto value = entry == nullptr ? std::nullopt : string_at(*entry, "value");
        const json::value* lock = entry == nullptr ? nullptr : entry->if_contains("locked");
        if (!value || lock == nullptr || !lock->is_bool())
            return invalid_input(fmt::format("PCR{}: value and locked were expected", index));
        const auto pcr = parse_pcr(*value);
        if (!pcr)
            return Error(pcr.error()).in(fmt::format("PCR{}", index));
        state.pcrs.set(index, *pcr);
        if (lock->get_bool())
            state.pcrs.lock(index).value();
    }
    return state;
}

Result<NsmStateFile> NsmStateFile::open(const std::string& path) {
    for (;;) {
        UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!file)
            return errno_error("cannot open the state file " + path, errno);
        int result = 0;
        do
            result = ::flock(file.get(), LOCK_EX);
        while (result != 0 && errno == EINTR);
        if (result != 0)
            return errno_error("cannot lock the state file " + path, errno);
        // The process that had it locked may have replaced it.
        struct stat held {};
        struct stat named {};
        if (::fstat(file.get(), &held) == 0 && ::lstat(path.c_str(), &named) == 0 &&
            held.st_dev == named.st_dev && held.st_ino == named.st_ino)
            return NsmStateFile(path, std::move(file));
    }
}

Result<std::optional<NsmState>> NsmStateFile::read() const {
    std::string text(state_bytes_max, '\0');
    const ssize_t size = ::pread(file_.get(), text.data(), text.size(), 0);
    if (size < 0)
        return errno_error("cannot read the state file " + path_, errno);
    text.resize(static_cast<std::size_t>(size));
    if (text.empty())
        return std::optional<NsmState>();
    auto state = decode_nsm_state(text);
    if (!state)
        return invalid_input(
            fmt::format("the state file {} is not one of a simulated module: {}; remove "
                        "it to boot a new one",
                        path_, state.error().message));
    return std::optional(std::move(*state));
}

Result<void> NsmStateFile::write(const NsmState& state) {
    const std::filesystem::path path(path_);
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    const UniqueFd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory)
        return errno_error("cannot write the state file " + path_, errno);
    const std::string text = encode_nsm_state(state);
    auto written = replace_file(directory.get(), path.filename(),
                                {.content = as_bytes(text), .is_locked = true});
    if (!written)
        return Error(written.error()).in("the state file " + path_);
    file_ = std::move(*written);
    return {};
}

}  // namespace glovebox::enclave
