// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/api_error.h"

#include <stdexcept>

#include "core/base/json_text.h"

namespace glovebox::kms {

std::string ApiError::body() const {
    boost::json::object object{{"__type", exception}};
    if (message)
        object[exception == "AccessDeniedException" ? "Message" : "message"] = *message;
    return json_text(object);
}

const std::string& ApiError::why() const {
    return explanation.empty() && message ? *message : explanation;
}

void throw_exception_from_error(const ApiError& error, const boost::source_location&) {
    throw std::logic_error(error.exception + ": " + error.why());
}

ApiError api_error(std::string_view exception, std::string message, std::string explanation) {
    return ApiError{std::string(exception), std::move(message), std::move(explanation)};
}

ApiError without_message(std::string_view exception, std::string explanation) {
    return ApiError{std::string(exception), std::nullopt, std::move(explanation)};
}

ApiError validation_error(std::string message, std::string explanation) {
    return api_error("ValidationException", std::move(message), std::move(explanation));
}

ApiError internal_error(std::string explanation) {
    return ApiError{"KMSInternalException",
                    "The request was rejected because an internal exception "
                    "occurred. The request can be retried.",
                    std::move(explanation), 500};
}

}  // namespace glovebox::kms
