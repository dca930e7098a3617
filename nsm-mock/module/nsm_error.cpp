// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/nsm_error.h"

#include <array>
#include <string>

namespace glovebox::nsm {
namespace {

struct Row {
    NsmError error;
    std::string_view name;
    const char* sentence;
};

constexpr std::array<Row, 8> rows{{
    {NsmError::invalid_argument, "InvalidArgument", "a field has a value that is not allowed"},
    {NsmError::invalid_index, "InvalidIndex", "no such PCR"},
    {NsmError::invalid_response, "InvalidResponse", "the answer does not belong to the request"},
    {NsmError::read_only_index, "ReadOnlyIndex", "the PCR is locked"},
    {NsmError::invalid_operation, "InvalidOperation", "not a request that an NSM knows"},
    {NsmError::buffer_too_small, "BufferTooSmall", "the answer is too large"},
    {NsmError::input_too_large, "InputTooLarge", "the request is too large"},
    {NsmError::internal_error, "InternalError", "the module failed"},
}};

const Row& row_of(NsmError error) {
    for (const Row& row : rows)
        if (row.error == error)
            return row;
    return rows.back();
}

// Boost's category is never deleted, and has no virtual destructor for that reason.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "nsm"; }
    [[nodiscard]] std::string message(int value) const override {
        return row_of(static_cast<NsmError>(value)).sentence;
    }
};
#pragma GCC diagnostic pop

}  // namespace

std::string_view wire_name(NsmError error) {
    return row_of(error).name;
}

std::optional<NsmError> nsm_error_of(std::string_view wire_name) {
    for (const Row& row : rows)
        if (row.name == wire_name)
            return row.error;
    return std::nullopt;
}

const boost::system::error_category& nsm_error_category() {
    static const Category category;
    return category;
}

boost::system::error_code make_error_code(NsmError error) {
    return {static_cast<int>(error), nsm_error_category()};
}

}  // namespace glovebox::nsm
