#include "sim/eif/base/json_text.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <vector>

namespace glovebox::eif {
namespace {

namespace json = boost::json;

std::string number_text(double number) {
    std::array<char, 64> text{};
    // The range in which serde_json writes no exponent.
    const double size = std::fabs(number);
    const bool plain = size == 0 || (size >= 1e-5 && size < 1e16);
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number,
                                   plain ? std::chars_format::fixed : std::chars_format::scientific)
                         .ptr;
    std::string result(text.data(), end);
    if (plain && result.find('.') == std::string::npos)
        result += ".0";
    return result;
}

class Writer {
  public:
    explicit Writer(bool pretty) : pretty_(pretty) {}

    void write(const json::value& value) {
        if (const auto* object = value.if_object()) {
            std::size_t left = object->size();
            open('{', left);
            for (const auto& member : *object) {
                out_ += in_quotes(member.key());
                out_ += pretty_ ? ": " : ":";
                write(member.value());
                next(--left);
            }
            close('}', object->empty());
        } else if (const auto* array = value.if_array()) {
            std::size_t left = array->size();
            open('[', left);
            for (const auto& element : *array) {
                write(element);
                next(--left);
            }
            close(']', array->empty());
        } else if (const auto* number = value.if_double()) {
            out_ += number_text(*number);
        } else {
            out_ += json::serialize(value);
        }
    }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    void open(char bracket, std::size_t elements) {
        out_ += bracket;
        ++depth_;
        if (elements != 0)
            line();
    }
    void next(std::size_t left) {
        if (left != 0) {
            out_ += ',';
            line();
        }
    }
    void close(char bracket, bool empty) {
        --depth_;
        if (!empty)
            line();
        out_ += bracket;
    }
    void line() {
        if (pretty_)
            out_.append(1, '\n').append(2 * depth_, ' ');
    }

    bool pretty_;
    std::size_t depth_ = 0;
    std::string out_;
};

std::string text_of(const json::value& value, bool pretty) {
    Writer writer(pretty);
    writer.write(value);
    return writer.take();
}

}  // namespace

std::string in_quotes(std::string_view text) {
    return json::serialize(json::string(text));
}

std::string compact_json(const json::value& value) {
    return text_of(value, false);
}

std::string pretty_json(const json::value& value) {
    return text_of(value, true);
}

json::value sorted_keys(const json::value& value) {
    if (const auto* array = value.if_array()) {
        json::array sorted;
        for (const auto& element : *array)
            sorted.push_back(sorted_keys(element));
        return sorted;
    }
    const auto* object = value.if_object();
    if (object == nullptr)
        return value;
    std::vector<const json::key_value_pair*> members;
    for (const auto& member : *object)
        members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const auto* a, const auto* b) { return a->key() < b->key(); });
    json::object sorted;
    for (const auto* member : members)
        sorted[member->key()] = sorted_keys(member->value());
    return sorted;
}

}  // namespace glovebox::eif
