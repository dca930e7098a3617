#include "sim/kms/json.h"

#include <fmt/core.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/errc.hpp>
#include <set>
#include <vector>

namespace glovebox::kms {
namespace json = boost::json;

namespace {

// Walks over a document and remembers the names of the objects that it is in; the tree itself is
// json::parse's, which lets the last of two equal names win.
struct DuplicateFinder {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    std::vector<std::set<std::string>> names;
    std::string key;  // the beginning of one that comes in parts
    std::string duplicate;
    bool found = false;

    using error_code = boost::system::error_code;
    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) {
        names.emplace_back();
        return true;
    }
    bool on_object_end(std::size_t, error_code&) {
        names.pop_back();
        return true;
    }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t, error_code&) { return true; }
    bool on_key_part(json::string_view part, std::size_t, error_code&) {
        key.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, error_code& error) {
        key.append(part.data(), part.size());
        if (!names.back().insert(key).second) {
            duplicate = key;
            found = true;
            error = make_error_code(boost::system::errc::invalid_argument);
            return false;
        }
        key.clear();
        return true;
    }
    bool on_string_part(json::string_view, std::size_t, error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, error_code&) { return true; }
    bool on_number_part(json::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, error_code&) { return true; }
    bool on_double(double, json::string_view, error_code&) { return true; }
    bool on_bool(bool, error_code&) { return true; }
    bool on_null(error_code&) { return true; }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }
};

// "line 3, column 7" of a byte.
std::string place(std::string_view text, std::size_t offset) {
    std::size_t line = 1;
    std::size_t column = 1;
    for (const char c : text.substr(0, offset)) {
        ++column;
        if (c == '\n') {
            ++line;
            column = 1;
        }
    }
    return fmt::format("line {}, column {}", line, column);
}

void append(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::object: {
            out += '{';
            bool first = true;
            for (const auto& member : value.get_object()) {
                if (!first)
                    out += ',';
                first = false;
                out += json::serialize(json::string(member.key()));
                out += ':';
                append(out, member.value());
            }
            out += '}';
            return;
        }
        case json::kind::array: {
            out += '[';
            bool first = true;
            for (const auto& element : value.get_array()) {
                if (!first)
                    out += ',';
                first = false;
                append(out, element);
            }
            out += ']';
            return;
        }
        case json::kind::double_:
            out += fmt::format("{:.3f}", value.get_double());
            return;
        default:
            out += json::serialize(value);
    }
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = json_depth_max;
    json::basic_parser<DuplicateFinder> finder(options);
    boost::system::error_code error;
    const std::size_t read = finder.write_some(false, text.data(), text.size(), error);
    if (finder.handler().found)
        return invalid_input(fmt::format("the name \"{}\" stands twice in one object ({})",
                                         finder.handler().duplicate, place(text, read)));
    if (error)
        return invalid_input(fmt::format("not JSON: {} ({})", error.message(), place(text, read)));
    if (text.find_first_not_of(" \t\r\n", read) != std::string_view::npos)
        return invalid_input(
            fmt::format("something follows the JSON value ({})", place(text, read)));
    json::value value = json::parse(text, error, {}, options);
    if (error)
        return invalid_input("not JSON: " + error.message());
    return value;
}

std::string to_json(const json::value& value) {
    std::string out;
    append(out, value);
    return out;
}

double epoch_seconds(TimePoint time) {
    return static_cast<double>(time.time_since_epoch().count()) / 1000;
}

}  // namespace glovebox::kms
