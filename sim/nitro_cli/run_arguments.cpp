// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/run_arguments.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <limits>

#include "core/base/file_bytes.h"
#include "core/base/json_reader.h"
#include "core/base/unique_fd.h"
#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {
namespace {

namespace json = boost::json;

constexpr std::uint64_t cid_any = 0xffffffff;
constexpr std::uint64_t first_enclave_cid = 4;

Error bad_number(std::string_view parameter, std::string_view value) {
    return nitro_error(
        NitroError::invalid_argument,
        fmt::format("The parameter `{}` is not a valid integer (`{}`)", parameter, value));
}

// AWS's command says no more than this about a wrong CID.
Error bad_cid() {
    return bad_number("MISSING_INFO", "MISSING_INFO");
}

template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
    if (text.starts_with('+'))  // as Rust's parse does
        text.remove_prefix(1);
    Integer value = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
    if (error != std::errc() || end != text.end() || text.empty())
        return std::nullopt;
    return value;
}

// Roughly AWS's message for a JSON value of the wrong type; the key is what helps.
Error bad_key(std::string_view key, std::string_view expected) {
    return nitro_error(NitroError::serde,
                       fmt::format("--config: the key `{}` is not {}", key, expected));
}

// A number with a fraction or an exponent is none, as serde_json has it, also where it is whole.
template <class Integer>
std::optional<Integer> whole_number(const json::value& value) {
    if (!value.is_int64() && !value.is_uint64())
        return std::nullopt;
    boost::system::error_code code;
    const auto number = value.to_number<Integer>(code);
    return code ? std::nullopt : std::optional(number);
}

template <class Integer>
Result<std::optional<Integer>> integer_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || value->is_null())
        return std::optional<Integer>();
    const auto number = whole_number<Integer>(*value);
    if (!number)
        return bad_key(key, "a whole number in its range, without a fraction or an exponent");
    return number;
}

Result<bool> bool_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr)
        return false;
    if (!value->is_bool())
        return bad_key(key, "true or false");
    return value->get_bool();
}

Result<std::vector<std::uint32_t>> cpu_ids_of(const json::object& object) {
    std::vector<std::uint32_t> ids;
    const json::value* value = object.if_contains("cpu_ids");
    if (value == nullptr || value->is_null())
        return ids;
    if (!value->is_array())
        return bad_key("cpu_ids", "a list of CPU numbers");
    for (const json::value& item : value->get_array()) {
        const auto id = whole_number<std::uint32_t>(item);
        if (!id)
            return bad_key("cpu_ids", "a list of CPU numbers");
        ids.push_back(*id);
    }
    return ids;
}

Result<RunArguments> arguments_of(const json::object& object) {
    RunArguments result;
    const json::value* path = object.if_contains("eif_path");
    if (path == nullptr || !path->is_string())
        return bad_key("eif_path", "there as a text, and it is required");
    result.eif_path = path->get_string();
    const auto memory = integer_of<std::uint64_t>(object, "memory_mib");
    if (!memory)
        return memory.error();
    if (!*memory)
        return bad_key("memory_mib", "there, and it is required");
    result.memory_mib = **memory;
    const auto count = integer_of<std::uint32_t>(object, "cpu_count");
    if (!count)
        return count.error();
    result.cpu_count = *count;
    auto ids = cpu_ids_of(object);
    if (!ids)
        return ids.error();
    result.cpu_ids = std::move(*ids);
    const auto cid = integer_of<std::uint64_t>(object, "enclave_cid");
    if (!cid)
        return cid.error();
    result.enclave_cid = *cid;
    if (const json::value* name = object.if_contains("enclave_name"); name && !name->is_null()) {
        if (!name->is_string())
            return bad_key("enclave_name", "a text");
        result.enclave_name = std::string(name->get_string());
    }
    const auto debug = bool_of(object, "debug_mode");
    if (!debug)
        return debug.error();
    const auto console = bool_of(object, "attach_console");
    if (!console)
        return console.error();
    result.attach_console = *console;
    result.debug_mode = *debug || *console;
    return result;
}

}  // namespace

Result<std::uint64_t> parse_memory(std::string_view text) {
    const auto wrong = [text] { return bad_number("memory", text); };
    std::uint64_t unit = 1;
    std::string_view digits = text;
    if (!digits.empty()) {
        switch (digits.back()) {
            case 'M':
            case 'm':
                digits.remove_suffix(1);
                break;
            case 'G':
            case 'g':
                digits.remove_suffix(1);
                unit = 1024;
                break;
            case 'T':
            case 't':
                digits.remove_suffix(1);
                unit = 1024 * 1024;
                break;
            default:
                break;
        }
    }
    // Unlike the other numbers, it has no sign: the unit is looked for behind the first digits.
    const auto value =
        digits.starts_with('+') ? std::nullopt : parse_integer<std::uint64_t>(digits);
    if (!value || *value > std::numeric_limits<std::uint64_t>::max() / unit)
        return wrong();
    return *value * unit;
}

Result<std::uint64_t> parse_cid(std::string_view text) {
    const auto value = parse_integer<std::uint64_t>(text);
    if (!value)
        return bad_number("enclave-cid", text);
    if ((*value != 0 && *value < first_enclave_cid) || *value >= cid_any)
        return bad_cid();
    return *value;
}

Result<std::optional<std::chrono::seconds>> parse_timeout(std::string_view text) {
    using Timeout = std::optional<std::chrono::seconds>;
    const auto value = parse_integer<std::uint64_t>(text);
    if (!value)
        return bad_number("disconnect-timeout", text);
    constexpr std::uint64_t seconds_max = 1'000'000'000;  // beyond this it is as good as none
    return *value == 0 || *value > seconds_max ? Timeout() : Timeout(*value);
}

Result<RunArguments> parse_run_flags(const RunFlags& flags) {
    RunArguments result;
    if (flags.cpu_count) {
        result.cpu_count = parse_integer<std::uint32_t>(*flags.cpu_count);
        if (!result.cpu_count)
            return bad_number("cpu-count", *flags.cpu_count);
    }
    for (const std::string& text : flags.cpu_ids) {
        const auto id = parse_integer<std::uint32_t>(text);
        if (!id)
            return bad_number("cpu-id", text);
        result.cpu_ids.push_back(*id);
    }
    const auto memory = parse_memory(flags.memory);
    if (!memory)
        return memory.error();
    result.memory_mib = *memory;
    if (flags.enclave_cid) {
        const auto cid = parse_cid(*flags.enclave_cid);
        if (!cid)
            return cid.error();
        result.enclave_cid = *cid;
    }
    result.eif_path = flags.eif_path;
    result.enclave_name = flags.enclave_name;
    result.attach_console = flags.attach_console;
    result.debug_mode = flags.debug_mode || flags.attach_console;
    return result;
}

Result<RunArguments> parse_run_config(std::string_view text) {
    const auto value = read_json(text);
    if (!value)
        return nitro_error(NitroError::serde, "--config: " + value.error().message);
    if (!value->is_object())
        return nitro_error(NitroError::serde, "--config: a JSON object was expected");
    const json::object& object = value->get_object();
    auto result = arguments_of(object);
    if (!result)
        return result;
    if (result->cpu_count && object.contains("cpu_ids") && !object.at("cpu_ids").is_null())
        return nitro_error(NitroError::conflicting_arguments,
                           "User provided both `cpu-count` and `cpu-ids`.");
    if (!result->cpu_count && result->cpu_ids.empty())
        return nitro_error(NitroError::missing_argument,
                           "User did not provide the `cpu-count` or `cpu-ids` argument.");
    return result;
}

Result<RunArguments> read_run_config(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return file_error("Failed to open config file", path, "Open");
    const auto text = read_bytes(file.get(), path, JsonBudget().bytes);
    if (!text)
        return nitro_error(NitroError::serde, "--config: " + text.error().message);
    return parse_run_config(as_text(*text));
}

std::uint64_t memory_mib_min(std::uint64_t image_size) {
    constexpr std::uint64_t mib = 1 << 20;
    return (image_size + mib - 1) / mib * 4;
}

Result<void> check_memory(std::uint64_t memory_mib, std::uint64_t image_size) {
    const std::uint64_t least = memory_mib_min(image_size);
    if (memory_mib >= least)
        return {};
    return nitro_error(
        NitroError::insufficient_memory_requested,
        fmt::format("User provided `memory` is {} MB, but based on the EIF file size, the minimum "
                    "memory should be {} MB",
                    memory_mib, least));
}

Result<void> check_driver_memory(std::uint64_t memory_mib) {
    static constexpr std::uint64_t least = 64;
    if (memory_mib >= least)
        return {};
    return nitro_error(NitroError::ioctl_failure,
                       fmt::format("An enclave has {} MiB at least", least));
}

std::string default_name(std::string_view eif_path) {
    std::string_view name = eif_path.substr(eif_path.find_last_of('/') + 1);
    if (name.ends_with(".eif"))
        name.remove_suffix(4);
    return std::string(name);
}

std::string free_name(const std::string& name, const std::vector<std::string>& taken) {
    std::string candidate = name;
    for (unsigned i = 1; std::find(taken.begin(), taken.end(), candidate) != taken.end(); ++i)
        candidate = fmt::format("{}_{}", name, i);
    return candidate;
}

}  // namespace glovebox::nitro_cli
