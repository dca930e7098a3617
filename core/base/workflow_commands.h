// SPDX-License-Identifier: Apache-2.0

// GitHub Actions' workflow commands: lines of a step's output that its runner obeys.
//
//   ::error title=KMS refused Decrypt::no Recipient was sent    at the start, behind blanks
//   ##[error]no Recipient was sent                              anywhere in a line
//
// Source: GitHub's "Workflow commands for GitHub Actions", and ActionCommand.cs of the runner for
// the second form. The runner reads standard output and standard error alike. Foreign text must not
// be able to give a command, so it passes InertText first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace glovebox {

// Whether this process belongs to a step of a workflow: GITHUB_ACTIONS is "true".
[[nodiscard]] bool is_workflow_step();

// Text on its way to the runner, in pieces of any size, with the one character of each command
// escaped that makes it one: "##\x5bgroup]", ":\x3aerror::". All other text stays as it is.
class InertText {
  public:
    // JSON has its own escapes, with which the text's value stays the same.
    enum class Form { text, json };
    explicit InertText(Form form = Form::text) : form_(form) {}

    [[nodiscard]] std::string pass(std::string_view piece);

  private:
    Form form_;
    std::size_t hashes_ = 0;  // that the line ends with until now
    std::size_t colons_ = 0;  // the same, while nothing stands before them but blanks
    bool is_blank_ = true;    // nothing else came in the line; to the runner, blanks are Unicode's
};

// The same for one line.
[[nodiscard]] std::string inert(std::string_view line,
                                InertText::Form form = InertText::Form::text);

// The lines of commands, without a line feed. Title and message may have any text.
enum class Severity { notice, warning, error };
[[nodiscard]] std::string annotation_command(Severity severity, std::string_view title,
                                             std::string_view message);
[[nodiscard]] std::string group_command(std::string_view title);
inline constexpr std::string_view end_group_command = "::endgroup::";

}  // namespace glovebox
