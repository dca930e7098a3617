// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/failure.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <system_error>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/printable.h"
#include "core/base/workflow_commands.h"
#include "sim/command_line/exit_status.h"
#include "sim/command_line/standard_streams.h"

namespace glovebox::command_line {
namespace {

std::terminate_handler otherwise = nullptr;
constexpr std::string_view json_option = "--log-json";
constexpr std::size_t sentence_bytes_max = 16 * 1024;

bool has_option(const Path& path) {
    const auto options = options_of(path);
    return std::any_of(options.begin(), options.end(),
                       [](const Option* option) { return option->name == json_option; });
}

// What is said without memory, which may ask for none.
void write_lack_of_memory() {
    constexpr std::string_view sentence =
        "glovebox: this needs more memory than there is: Cannot allocate memory. End other "
        "programs, or raise this process's limit on memory (ulimit -v, the container's limit), and "
        "try again\n";
    (void)!::write(STDERR_FILENO, sentence.data(), sentence.size());
}

// A lack of memory before main, in a destructor, or while an exception is handled is no crash.
[[noreturn]] void terminate() {
    try {
        if (const auto exception = std::current_exception())
            std::rethrow_exception(exception);
    } catch (const std::bad_alloc&) {
        write_lack_of_memory();
        ::_exit(exit_failed);
    } catch (...) {
    }
    (*otherwise)();
    std::abort();
}

[[gnu::constructor(101)]] void set_terminate() {
    otherwise = std::set_terminate(terminate);
}

// What a library throws names what it asked for; an error's sentence says what to do as well.
std::string sentence_of(const std::exception& exception) {
    if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr)
        return errno_error("this needs more memory than there is", ENOMEM).message;
    std::error_code code;
    if (const auto* failed = dynamic_cast<const std::system_error*>(&exception))
        code = failed->code();
    if (const auto* failed = dynamic_cast<const boost::system::system_error*>(&exception))
        code = failed->code();
    const bool is_of_the_system =
        code.category() == std::system_category() || code.category() == std::generic_category();
    if (!code || !is_of_the_system)
        return exception.what();
    const int reason = code.value();
    if (reason == EAGAIN)
        return errno_error("a thread can't be started", reason)
            .with_advice(
                "Raise this process's limits on memory and processes (ulimit -v, -u), and "
                "try again")
            .message;
    const std::string text = exception.what();
    return errno_error(text.substr(0, text.find(": " + code.message())), reason).message;
}

}  // namespace

bool fails_in_json(const Path& path, const std::vector<std::string>& words) {
    const auto end = std::find(words.begin(), words.end(), "--");
    return has_option(path) && std::find(words.begin(), end, json_option) != end;
}

bool fails_in_json(const Values& values) {
    return has_option(values.path()) && values.flag(json_option);
}

void write_failure(std::string_view name, const std::string& text, bool in_json) {
    if (!in_json) {
        std::cerr << text << std::flush;
        return;
    }
    std::string_view message = text;
    if (message.starts_with(name) && message.substr(name.size()).starts_with(": "))
        message.remove_prefix(name.size() + 2);
    while (message.ends_with('\n'))
        message.remove_suffix(1);
    LogOptions options;
    options.component = name;
    options.json = true;
    options.is_workflow_step = is_workflow_step();
    make_log(options)->write({LogLevel::error, "failed", std::string(message), {}});
}

int report_failure(std::string_view name, const std::exception& exception, bool in_json) {
    try {
        if (!is_output_lost())
            write_failure(
                name,
                fmt::format("{}: {}\n", name, cut(sentence_of(exception), sentence_bytes_max)),
                in_json);
    } catch (const std::bad_alloc&) {
        write_lack_of_memory();
    }
    return exit_failed;
}

std::function<void(const std::string&)> failure_writer(std::string_view name,
                                                       const Values& values) {
    return [name, in_json = fails_in_json(values)](const std::string& sentence) {
        write_failure(name, fmt::format("{}: {}\n", name, sentence), in_json);
    };
}

}  // namespace glovebox::command_line
