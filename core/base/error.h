// SPDX-License-Identifier: Apache-2.0

// What went wrong, as a value: a code that programs match on and one sentence for a person.
//
// Every module has at most one error enum, which ends in Error and is registered with
// boost::system; system calls give errno's codes.
// The sentence says what failed, where, what was expected and how to fix it; the code stays stable
// while sentences improve.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <boost/throw_exception.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace glovebox {

struct Error {
    boost::system::error_code code;
    std::string message;

    Error() = default;  // no error: what Result::error() gives when there is a value
    Error(boost::system::error_code c, std::string m) : code(c), message(std::move(m)) {}
    template <class Enum>
    requires boost::system::is_error_code_enum<Enum>::value Error(Enum e, std::string m)
        : code(e), message(std::move(m)) {}

    // The same failure seen from further out: "reading policy.yaml: line 3: ...".
    [[nodiscard]] Error in(std::string_view context) && {
        message.insert(0, ": ").insert(0, context);
        return std::move(*this);
    }
    // What has caused it and what to do, in sentences of their own behind the system's words:
    // "cannot open /x: Permission denied. Choose another directory". An empty advice adds nothing.
    [[nodiscard]] Error with_advice(std::string_view advice) &&;
};

template <class T>
using Result = boost::system::result<T, Error>;

// The system's words for errno: "No such file or directory".
[[nodiscard]] std::string errno_text(int errno_value);

// An Error made of errno: "<what>: No such file or directory". `what` is the thing that failed
// alone; advice follows by with_advice(). A full disk and a machine or process that has no more
// descriptors or memory bring their advice with them.
[[nodiscard]] Error errno_error(std::string_view what, int errno_value);

// An Error with errno's code and a sentence of its own.
[[nodiscard]] Error system_error(int errno_value, std::string message);

// What a person or a file gave can't be used: EINVAL and the sentence that says why.
[[nodiscard]] Error invalid_input(std::string message);

// Thrown by Result::value() when there is none; caught once, in main.
class ErrorException : public std::runtime_error {
  public:
    explicit ErrorException(Error error)
        : std::runtime_error(error.message), error_(std::move(error)) {}
    [[nodiscard]] const Error& error() const { return error_; }

  private:
    Error error_;
};

BOOST_NORETURN inline void throw_exception_from_error(const Error& error,
                                                      const boost::source_location&) {
    throw ErrorException(error);
}

}  // namespace glovebox
