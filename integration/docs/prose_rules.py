# SPDX-License-Identifier: Apache-2.0
"""The part of docs/writing.md that a program can check, as data: words that stay out, with what to write in their place,
and how long a line and a sentence may be. A rule that turns out wrong is changed here, with its reason.
"""

# Lines of prose in pages; tables, links and blocks of code are as long as they have to be.
COLUMNS_MAX = 150
# Words in a sentence of a page's prose.
SENTENCE_MAX = 45

# Patterns over prose: pages, string literals and comments. Each has what to write instead.
BANNED = {
    r"\b(that|which|who|it|this) is none\b|\bis none of\b": "say what is missing: 'is not a number', 'has no network'",
    r"\b(of ours|ours|of theirs|theirs)\b": "name the owner: the proxy, Glovebox, AWS",
    r"\brooms\b|\b(this|another|a|an enclave's|finished|making the|building the|builds the) room\b": "sandbox, module or directory",
    r"\bhouse\b": "the project, the source tree",
    r"\b(he|him|his|she|her)\b": "it, its, or name the person: the user, the caller",
    r"\bpleas(e[sd]?|ing)\b": "leave it out; a program accepts",
    r"\b(aloud|minds)\b": "reports, logs, refuses",
    r"\bwho asks\b": "the caller, the client",
    r"\ba moment (before|after)\b": "say what happens first",
    r"\b(is|are|be|was|were) mended\b|\bmends?\b": "fix, correct, repair",
    r"\bgoes? without\b": "has no, runs without",
    r"\b(in|out of) sight\b": "visible, not visible",
    r"\bno names? (for|of) it\b": "do not identify it by",
    r"\bof whose\b|\bwhich is what\b|\bwhat comes\b": "the usual word order, with a subject",
    r"\bis told\b|\bare told\b": "receives, is given; name who tells it",
    r"\bhabits\b": "configuration, behaviour",
}

# Where a banned word is the right one: the file, and a part of its line.
ALLOWED = {
    # AWS's own messages.
    ("sim/kms/operations/aliases.cpp", "Please see"), ("sim/kms/operations/data_keys.cpp", "Please specify"),
    ("sim/kms/operations/values_test.cpp", "Please specify"), ("sim/nitro_cli/error.cpp", "please "),
    ("sim/nitro_cli/error_test.cpp", "please "),
}
