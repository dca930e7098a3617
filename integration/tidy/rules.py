"""The house rules as data: which room may use what, which words and calls stay out, and how long a file may be.

The rooms and their arrows are those of docs/architecture.md. A rule that turns out wrong is changed here, with its
reason, and there.
"""

import re

# A room is a folder; a file belongs to the longest that holds it. Each room may use itself and these. "rest" is every
# room below it in the table but sim/cli.
ROOMS = {
    "core/base": (),
    "core/cbor": ("core/base",),
    "core/crypto": ("core/base",),
    "core": ("core/base",),
    "transports": ("core/base", "core"),
    "nsm-mock/document": ("core/base", "core/cbor", "core/crypto"),
    "nsm-mock/pki": ("core/base", "core/crypto", "nsm-mock/document"),
    "nsm-mock/module": ("core/base", "core/cbor", "core/crypto", "nsm-mock/document", "nsm-mock/pki"),
    "nsm-mock/testing": ("core/base", "nsm-mock/document", "nsm-mock/module", "nsm-mock/pki"),
    "sim/supervisor": ("core/base", "core", "transports", "nsm-mock/module"),
    "sim/sandbox": ("core/base",),
    "sim/eif/base": ("core/base",),
    "sim/eif/format": ("core/base", "core/cbor", "core/crypto", "sim/eif/base"),
    "sim/eif/tree": ("core/base", "sim/eif/base"),
    "sim/eif/archive": ("core/base", "core/crypto", "sim/eif/base", "sim/eif/format", "sim/eif/tree"),
    "sim/eif/build": ("core/base", "core/crypto", "sim/eif/base", "sim/eif/format", "sim/eif/tree", "sim/eif/archive"),
    "sim/eif/report": ("core/base", "core/crypto", "sim/eif/base", "sim/eif/format", "sim/eif/tree"),
    "sim/eif/unpack": ("core/base", "core/crypto", "sim/eif/base", "sim/eif/format", "sim/eif/tree"),
    "sim/eif/testing": ("core/base", "core/crypto", "sim/eif/base", "sim/eif/format"),
    "sim/http": ("core/base", "core"),
    "sim/iam": ("core/base", "core/crypto", "sim/http"),
    "sim/yaml": ("core/base",),
    "sim/tls": ("core/base", "core/crypto", "transports", "nsm-mock/document", "nsm-mock/pki", "sim/http"),
    "sim/imds": ("core/base", "sim/http", "sim/iam"),
    "sim/kms": ("core/base", "core/crypto", "core", "nsm-mock/document", "nsm-mock/pki", "sim/http", "sim/iam", "sim/yaml"),
    "sim/up": ("core/base", "core", "nsm-mock/pki", "sim/iam", "sim/kms", "sim/yaml"),
    "sim/vsock_proxy": ("core/base", "core"),
    "sim/vsock_switch": ("core/base",),
    "sim/enclave": ("core/base", "core/crypto", "core", "transports", "nsm-mock/module", "sim/supervisor", "sim/sandbox", "sim/eif/base", "sim/eif/format",
                    "sim/eif/report", "sim/eif/unpack",
                    "sim/http", "sim/iam", "sim/kms"),
    "sim/nitro_cli": ("core/base", "core/crypto", "core", "transports", "sim/sandbox", "sim/eif/base", "sim/eif/format", "sim/eif/build",
                      "sim/eif/report", "sim/enclave"),
    "sim/command_line": ("core/base",),
    "sim/cli": ("core/base", "core/crypto", "core", "transports", "nsm-mock/document", "nsm-mock/module", "nsm-mock/pki", "sim/supervisor", "sim/sandbox", "sim/eif/base",
                "sim/eif/format", "sim/eif/build", "sim/eif/report", "sim/eif/unpack", "sim/http",
                "sim/iam", "sim/imds", "sim/kms", "sim/tls", "sim/yaml", "sim/up", "sim/vsock_proxy", "sim/enclave",
                "sim/nitro_cli", "sim/command_line"),
    "examples": ("core/base", "core/crypto", "core", "transports", "nsm-mock/document", "nsm-mock/module", "nsm-mock/pki"),
    "integration": (),
    "bench": ("core/base", "core", "transports", "nsm-mock/document", "nsm-mock/module", "nsm-mock/pki"),
    "fuzz": ("core/base", "core", "transports", "nsm-mock/document", "nsm-mock/module", "nsm-mock/pki", "sim/supervisor", "sim/sandbox", "sim/eif/base",
             "sim/eif/format", "sim/eif/tree", "sim/eif/archive", "sim/eif/build", "sim/eif/report", "sim/http",
             "sim/iam", "sim/kms", "sim/yaml", "sim/vsock_switch", "sim/enclave"),
}

# What tests and their fixtures use beside what their room uses; every test may also use TEST_FOLDERS.
TESTS_ALSO_USE = {
    "sim/eif/format": ("sim/eif/report",),
    "sim/eif/tree": ("sim/eif/format",),
    "sim/eif/build": ("sim/eif/report",),
    "sim/eif/report": ("sim/eif/unpack",),
    "sim/eif/unpack": ("sim/eif/build",),
    "nsm-mock/document": ("nsm-mock/pki",),
    "sim/kms": ("nsm-mock/module",),
}

# Libraries that have a home: an #include that begins so belongs into these rooms, and the rooms inside them, alone.
LIBRARY_HOMES = {
    "CLI/": ("sim/command_line", "sim/vsock_switch", "examples", "bench"),
    "archive": ("sim/eif", "sim/enclave"),
    "boost/asio": ("core", "transports", "sim/http", "sim/kms", "sim/enclave", "sim/up", "sim/cli", "examples",
                   "bench", "fuzz"),
    "boost/beast": ("core", "sim/http", "sim/kms", "sim/cli", "examples", "bench", "fuzz"),
    "cbor": ("core/cbor",),
    "openssl/": ("core/crypto", "nsm-mock", "sim/eif", "sim/http", "sim/iam", "sim/kms", "sim/tls", "sim/enclave", "sim/cli", "examples",
                 "bench"),
    "seccomp.h": ("sim/supervisor",),
    "spdlog/": ("core/base",),
    "sqlite3.h": ("sim/kms",),
    "yaml-cpp/": ("core", "sim/yaml", "sim/vsock_proxy"),
}

# Folders and file names that serve tests alone; nothing else may include from them, or include a test framework.
TEST_FOLDERS = ("core/testing", "transports/contract", "nsm-mock/testing", "sim/eif/testing", "sim/supervisor/testing", "sim/kms/testing",
                "fuzz")
TEST_FILE = re.compile(r"(_test\.(cpp|c|py)|_fixture\.(cpp|h)|/test_support\.(cpp|h))$")
TEST_FRAMEWORKS = ("gtest/", "gmock/")

# What lies here is bytes for a parser, though some of it may look like text.
DATA_FOLDERS = ("fuzz/corpus/",)

# A file is one noun. Longer than wanted is said and passes; longer than the most is a finding.
LINES_WANTED = 500
LINES_MAX = 600
# .clang-format's limit; it leaves what it can't break, such as a long literal.
COLUMNS_MAX = 100

BANNED_WORDS = {
    r"\b(TODO|FIXME|XXX|HACK)\b": "do it, or open an issue and say here what is so",
}

# Calls, as patterns over C++ without its comments and literals, and what to write instead.
BANNED_CALLS = {
    r"\b(strcpy|strcat|sprintf|vsprintf|gets)\s*\(": "std::string or fmt::format, which know the length",
    r"\bstrtok\s*\(": "std::string_view::find, which keeps no hidden state",
    r"\b(atoi|atol|atoll|atof)\s*\(": "std::from_chars, which tells a wrong number from 0",
    r"\bs?rand\s*\(": "glovebox::RandomSource, which comes in as a parameter",
    r"\b(sleep|usleep|nanosleep|sleep_for|sleep_until)\s*\(": "waiting for the event itself, or a timer of Asio's",
    # Ignoring a signal and its default are said well enough by signal(2).
    r"(?<![\w.>])(::|std::)?signal\s*\((?![^;]*SIG_(IGN|DFL))":
        "sigaction, which says what becomes of the handler and of interrupted calls",
    r"\b(gethostbyname|inet_addr|inet_ntoa)\s*\(": "Asio's address types and core's Resolver",
    r"\bstd::regex\b": "a parser of a few lines: std::regex overflows the stack on a long foreign text",
    r"\busing\s+namespace\s+std\s*;": "the names that are used",
    r"\bsocket\s*\(\s*AF_VSOCK\b": "core::Transport: on an ordinary machine a vsock leads to its hypervisor",
}

# The same for what is no test: a test may call a shell, and draw a seed that it prints.
BANNED_IN_PRODUCT = {
    r"(?<![\w.:>])(::|std::)?(system|popen)\s*\(": "posix_spawn with an argument list: no shell reads it",
    r"\bstd::random_device\b": "glovebox::RandomSource, which comes in as a parameter",
    r"\b(system_clock::now|gettimeofday)\s*\(": "glovebox::Clock, which comes in as a parameter",
    r"(?<![\w.>])(::|std::)?time\s*\(\s*(nullptr|NULL|0)\s*\)": "glovebox::Clock, which comes in as a parameter",
}

# Where a banned call is the right one, and why: a word of the call, and a file or folder.
ALLOWED_CALLS = {
    ("system_clock::now", "core/base/clock.cpp"): "the one place that asks the system",
    ("AF_VSOCK", "transports/vsock_transport.cpp"): "the one backend of real vsock",
    ("AF_VSOCK", "sim/supervisor/launch.cpp"): "under the filter, which answers it",
    ("AF_VSOCK", "sim/supervisor/syscall_filter_test.cpp"): "the same",
    ("AF_VSOCK", "integration"): "programs that know nothing of us, and what runs in virtual machines of its own",
    ("sleep_for", "sim/sandbox/sandbox_test.cpp"): "kills processes at moments that are meant to be any",
    ("sleep_for", "sim/supervisor/supervisor.cpp"): "repeats a signal to a thread that may not be waiting yet",
}
