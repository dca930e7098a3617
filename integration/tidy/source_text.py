# SPDX-License-Identifier: Apache-2.0
"""C and C++ source as text: its code without comments and literals, and its #includes."""

import re

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
# What code is blanked by, in the order in which it is tried at each place. A quote between digits separates them
# (1'000) and opens nothing.
_TOKEN = re.compile(
    r"""
    (?P<line_comment>//(?:\\\n|[^\n])*)
    | (?P<block_comment>/\*.*?(?:\*/|\Z))
    | (?P<raw>R"(?P<tag>[^()\\\s]{0,16})\(.*?(?:\)(?P=tag)"|\Z))
    | (?P<string>"(?:\\.|[^"\\\n])*"?)
    | (?P<separator>(?<=[0-9a-fA-F])'(?=[0-9a-fA-F]))
    | (?P<character>'(?:\\.|[^'\\\n])*'?)
    """,
    re.VERBOSE | re.DOTALL,
)


def code_of(text: str) -> str:
    """The text with comments and the insides of literals as blanks: same length, same lines."""

    def blank(match: re.Match) -> str:
        if match.lastgroup == "separator" or match["separator"]:
            return match[0]
        return re.sub(r"[^\n]", " ", match[0])

    return _TOKEN.sub(blank, text)


def prose_of_code(text: str) -> str:
    """The text's comments and literals, with the code between them as blanks: same length, same lines."""
    blanked = code_of(text)
    return "".join(kept if kept == "\n" or blank != kept else " " for kept, blank in zip(text, blanked))


def includes_of(text: str) -> list[tuple[int, str, bool]]:
    """(line, what, whether it is written with quotes) of each #include that is not a comment."""
    without_comments = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.DOTALL)
    return [
        (without_comments.count("\n", 0, match.start()) + 1, match[1] or match[2], match[1] is not None)
        for match in _INCLUDE.finditer(without_comments)
    ]
