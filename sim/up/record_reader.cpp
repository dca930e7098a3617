// SPDX-License-Identifier: Apache-2.0

#include "sim/up/record_reader.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "sim/up/run_record.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;

// A record has up to 200,000 events (event_file.h) and 20,000 entries in other lists, with a few
// hundred bytes each, and decisions with their policies.
constexpr JsonBudget record_budget{.bytes = record_bytes_max, .values = 10'000'000};

}  // namespace

Result<json::object> parse_run_record(std::string_view content) {
    if (content.empty())
        return invalid_input(
            "the file is empty: a record is written when its run ends, and this run was ended "
            "before that");
    auto read = read_json(content, record_budget);
    if (!read)
        return read.error();
    const auto no_record = [](std::string_view why) {
        return invalid_input(
            fmt::format("{}: a record of `glovebox up --record` was expected", why));
    };
    if (!read->is_object())
        return no_record("it is JSON, but no object");
    json::object& record = read->get_object();
    const json::value* const schema = record.if_contains("schema");
    if (schema == nullptr || !schema->is_int64() || !record.contains("connections"))
        return no_record("it has no schema and connections");
    if (schema->get_int64() > record_schema)
        return invalid_input(fmt::format(
            "its schema is {}, and this Glovebox knows {}: a later Glovebox wrote it, which can "
            "compare it too",
            schema->get_int64(), record_schema));
    return std::move(record);
}

std::string text_in(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    if (found == nullptr)
        return "";
    return found->is_string() ? json::value_to<std::string>(*found) : json_text(*found);
}

const json::array& list_in(const json::object& object, std::string_view name) {
    static const json::array none;
    const json::value* const found = object.if_contains(name);
    return found != nullptr && found->is_array() ? found->get_array() : none;
}

std::string verdict_in(const json::object& record) {
    if (text_in(record, "passed") == "true")
        return "passed";
    const bool has_failed =
        text_in(record, "status") != "0" || !list_in(record, "failures").empty();
    return has_failed || list_in(record, "not_run").empty() ? "failed" : "ran in part";
}

std::set<std::string> programs_in(const json::object& record) {
    std::set<std::string> programs{"parent"};
    each_in(record, "parts", [&](const json::object& part) {
        if (text_in(part, "kind") == "enclave")
            programs.insert(text_in(part, "part"));
    });
    return programs;
}

std::string connection_name(const json::object& connection) {
    const std::string from = text_in(connection, "from");
    const std::string to = text_in(connection, "to");
    return fmt::format("connection{}{}{} ({})", from.empty() ? "" : " from " + from,
                       to.empty() ? "" : " to ", to, text_in(connection, "part"));
}

std::string connection_outcome(const json::object& connection, bool is_of_program) {
    std::string outcome = text_in(connection, "outcome");
    if (is_of_program && outcome == "refused")
        return outcome;
    for (const std::string_view name : {"status", "end", "error"})
        if (const std::string more = text_in(connection, name); !more.empty())
            outcome += ": " + more;
    return outcome;
}

}  // namespace glovebox::up
