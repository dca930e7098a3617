// SPDX-License-Identifier: Apache-2.0

// The answer of KMS to a request that it refuses: the name of an exception, AWS's message, and
// Glovebox's explanation.
//
//   HTTP 400  {"__type":"NotFoundException","message":"Key 'arn:...' does not exist"}
//
// Every client error has status 400, whatever AWS's API model says. AccessDeniedException spells
// its member "Message". Some exceptions have no message at all.
#pragma once

#include <boost/json/object.hpp>
#include <boost/system/result.hpp>
#include <boost/throw_exception.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace glovebox::kms {

struct ApiError {
    std::string exception;  // "NotFoundException"
    std::optional<std::string> message;
    std::string explanation;  // empty where the message says everything
    unsigned status = 400;

    ApiError() = default;
    ApiError(std::string name, std::optional<std::string> text, std::string why,
             unsigned code = 400)
        : exception(std::move(name)),
          message(std::move(text)),
          explanation(std::move(why)),
          status(code) {}

    // The JSON above.
    [[nodiscard]] std::string body() const;
    // The explanation, or the message if that is empty.
    [[nodiscard]] const std::string& why() const;
};

template <class T>
using Answer = boost::system::result<T, ApiError>;

// Answer::value() calls it for an error.
BOOST_NORETURN void throw_exception_from_error(const ApiError& error,
                                               const boost::source_location&);

[[nodiscard]] ApiError api_error(std::string_view exception, std::string message,
                                 std::string explanation = {});
// For exceptions without a message: InvalidCiphertextException, KMSInvalidSignatureException,
// KMSInvalidMacException and others.
[[nodiscard]] ApiError without_message(std::string_view exception, std::string explanation);
[[nodiscard]] ApiError validation_error(std::string message, std::string explanation = {});
// KMSInternalException, status 500, which SDKs retry: an error of the store, or a bug.
[[nodiscard]] ApiError internal_error(std::string explanation);

}  // namespace glovebox::kms
