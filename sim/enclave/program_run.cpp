// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/program_run.h"

#include <fmt/format.h>

#include <filesystem>

#include <boost/system/errc.hpp>

#include "core/base/clock.h"
#include "sim/enclave/command_program.h"
#include "sim/enclave/exit_status.h"
#include "sim/enclave/missing_interpreter.h"
#include "sim/supervisor/launch.h"
#include "transports/world.h"

namespace glovebox::enclave {
namespace {

// If a script's interpreter or a program's loader is missing, the kernel reports the program as
// missing.
std::string explain_missing_file_of(const std::vector<std::string>& arguments) {
    if (arguments.empty())
        return {};
    std::error_code unseen;
    const std::filesystem::path program =
        std::filesystem::absolute(supervisor::find_executable(arguments.front()), unseen);
    return unseen ? std::string()
                  : explain_missing_interpreter("/", {program.string()}, "on this machine");
}

// The program that runs such a script, by its first line or its name; empty for other files.
std::string interpreter_for(const std::string& script) {
    if (std::string named = script_interpreter(script); !named.empty())
        return named;
    const std::string ending = std::filesystem::path(script).extension().string();
    return ending == ".py" ? "python3" : ending == ".sh" ? "sh" : ending == ".js" ? "node" : "";
}

// The remedy for a program that was not executed, by the kernel's error; empty for other errors.
std::string explain_refusal(const boost::system::error_code& code, const std::string& program,
                            bool is_in_sandbox) {
    std::error_code unseen;
    if (code == boost::system::errc::permission_denied &&
        std::filesystem::is_directory(program, unseen))
        return "It is a folder: name the program in it";
    if (code == boost::system::errc::permission_denied) {
        const std::string interpreter = interpreter_for(program);
        return "Make it executable with chmod +x" +
               (interpreter.empty()
                    ? std::string()
                    : fmt::format(", or start it by its interpreter: {} {}", interpreter, program));
    }
    if (code != boost::system::errc::no_such_file_or_directory)
        return {};
    return fmt::format("{}{}",
                       program.find('/') == std::string::npos
                           ? "No directory of PATH has it: write its path"
                           : "Correct the path",
                       is_in_sandbox ? "; --mount DIR shows the enclave a further directory" : "");
}

}  // namespace

int ProgramRun::run(Log& log, const TellFailure& tell) const {
    const auto opened = transports::World::open(transports::World::choose_name(world));
    const SystemClock clock;
    Session session(*opened.value(), clock, log);
    const auto status = session.run(options);
    if (status)
        return *status;
    const auto& code = status.error().code;
    const bool is_absent = code == boost::system::errc::no_such_file_or_directory;
    if (!is_absent && code != boost::system::errc::permission_denied &&
        code != boost::system::errc::not_a_directory &&
        code != boost::system::errc::executable_format_error)
        throw ErrorException(status.error());
    std::string hint = hint_when_missing;
    if (hint.empty() && is_absent)
        hint = explain_missing_file_of(options.program.arguments);
    if (hint.empty())
        hint = explain_refusal(code, options.program.arguments.front(), options.room.has_value());
    tell(Error(status.error()).with_advice(hint).message);
    return is_absent ? exit_not_found : exit_not_executable;
}

}  // namespace glovebox::enclave
