// SPDX-License-Identifier: Apache-2.0

#include "core/base/json_reader.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/system/errc.hpp>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/base/printable.h"

namespace glovebox {
namespace json = boost::json;

namespace {

using boost::system::error_code;

// Walks over a text before anything is built of it, and stops where the budget ends.
class Surveyor {
  public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    explicit Surveyor(const JsonBudget& budget) : budget_(budget) {}

    // Why the walk was stopped; empty where it wasn't.
    [[nodiscard]] const std::string& refusal() const { return refusal_; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code& error) {
        names_.emplace_back();
        return spend(error);
    }
    bool on_object_end(std::size_t, error_code&) {
        names_.pop_back();
        return true;
    }
    bool on_array_begin(error_code& error) { return spend(error); }
    bool on_array_end(std::size_t, error_code&) { return true; }
    bool on_key_part(json::string_view part, std::size_t, error_code&) {
        name_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, error_code& error) {
        name_.append(part.data(), part.size());
        if (!names_.back().insert(name_).second)
            return stop(error,
                        fmt::format("the name \"{}\" stands twice in one object", shown(name_)));
        name_.clear();
        return true;
    }
    bool on_string_part(json::string_view, std::size_t, error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, error_code& error) { return spend(error); }
    bool on_number_part(json::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, error_code& error) { return spend(error); }
    bool on_uint64(std::uint64_t, json::string_view, error_code& error) { return spend(error); }
    bool on_double(double number, json::string_view, error_code& error) {
        // Boost.JSON makes an infinity of 1e999 and no number of 0e999, which no JSON can have.
        return std::isfinite(number) ? spend(error)
                                     : stop(error, "a number is beyond the range of a double");
    }
    bool on_bool(bool, error_code& error) { return spend(error); }
    bool on_null(error_code& error) { return spend(error); }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

  private:
    bool stop(error_code& error, std::string refusal) {
        refusal_ = std::move(refusal);
        error = make_error_code(boost::system::errc::invalid_argument);
        return false;
    }
    bool spend(error_code& error) {
        return ++values_ <= budget_.values ||
               stop(error, fmt::format("the JSON has more than {} values, the limit here",
                                       budget_.values));
    }

    const JsonBudget& budget_;
    std::size_t values_ = 0;
    std::vector<std::set<std::string>> names_;  // of the objects that the walk is in
    std::string name_;                          // the beginning of one that comes in parts
    std::string refusal_;
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

}  // namespace

Result<json::value> read_json(std::string_view text, const JsonBudget& budget) {
    if (text.size() > budget.bytes)
        return invalid_input(fmt::format("the JSON has {} bytes, and the limit here is {}",
                                         text.size(), budget.bytes));
    json::parse_options options;
    options.max_depth = budget.depth;
    json::basic_parser<Surveyor> survey(options, budget);
    error_code error;
    const std::size_t read = survey.write_some(false, text.data(), text.size(), error);
    if (!survey.handler().refusal().empty())
        return invalid_input(fmt::format("{} ({})", survey.handler().refusal(), place(text, read)));
    if (error == json::error::too_deep)
        return invalid_input(
            fmt::format("the JSON nests more than {} levels deep, the limit here ({})",
                        budget.depth, place(text, read)));
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

}  // namespace glovebox
