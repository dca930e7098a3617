// SPDX-License-Identifier: Apache-2.0

// Foreign text in Markdown, as GitHub and GitLab show it: it stands in code, where nothing in it is
// a link, an image, a mention, HTML or the end of what it stands in.
#pragma once

#include <string>
#include <string_view>

namespace glovebox::up {

// One line in a code span, that may also stand in a cell of a table. An empty text is a dash.
[[nodiscard]] std::string code_span(std::string_view text);

// Several lines in a fenced block, with a line feed at its end.
[[nodiscard]] std::string code_block(std::string_view text);

}  // namespace glovebox::up
