# SPDX-License-Identifier: Apache-2.0
"""The rules as data: which files serve tests, which words and calls stay out, and how long a file may be. Who may use whom
is in folders.py. A rule that turns out wrong is changed here, with its reason.
"""

import re

# Headers that are expensive to compile: an #include that matches belongs into these files alone.
EXPENSIVE_HEADERS = {
    r"boost/(asio|beast)\.hpp$": ((), "the headers of what the file uses"),
    r"boost/(asio|asio/ssl)/impl/src\.hpp$": (("core/asio/asio.cpp", "core/asio/asio_tls.cpp"),
                                              "nothing: core/asio compiles these functions once"),
    r"boost/beast/src\.hpp$": (("core/asio/beast.cpp",), "nothing: core/asio compiles these functions once"),
    r"boost/(beast|asio/ssl)(/|\.hpp)": (("core/asio/asio_tls.cpp", "core/asio/beast.cpp", "core/http/exchange.cpp", "core/http/forwarded_head.h",
                                         "core/http/forwarded_head.cpp", "core/http/message_stream.h", "core/service/status_server.cpp",
                                         "fuzz/http_request_fuzzer.cpp", "core/ingress/request_host.cpp",
                                         "sim/http/server.cpp", "sim/http/tls_stream.cpp",
                                         "examples/attested-secret/https_client.cpp"),
                                        "sim/http's own types: TLS and HTTP streams take seconds in each file"),
    r"spdlog/": (("core/base/log.cpp",), "core/base/log.h"),
}

# Folders and file names that serve tests alone; nothing else may include from them, or include a test framework.
TEST_FOLDERS = ("core/base/testing", "core/testing", "core/ingress/testing", "transports/contract", "transports/testing", "nsm-mock/testing", "sim/eif/testing",
                "sim/supervisor/testing", "sim/kms/testing", "fuzz")
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
    r"\b(inet_addr|inet_ntoa)\s*\(": "Asio's address types",
    r"\bstd::regex\b": "a parser of a few lines: std::regex overflows the stack on a long foreign text",
    r"\busing\s+namespace\s+std\s*;": "the names that are used",
    r"\bmkdtemp\s*\(": "glovebox::Scratch, or a test's TemporaryDirectory: they remove it again",
    r"\bsocket\s*\(\s*AF_VSOCK\b": "core::Transport: on an ordinary machine a vsock leads to its hypervisor",
}

# A test waits for the thing itself, not for a time that is long enough on one machine. In a shell's words and in Python, a
# sleep is allowed as
#   a payload       a program that stays: a minute or more, "infinity", or as long as a variable says
#   a pause         in a loop whose condition is what is waited for
# and in ALLOWED_SLEEPS, where time is what the test is about. Examples and pages have payloads alone.
SLEEP_PAYLOAD_MIN = 60
SLEEP_FREE_FOLDERS = ("examples/", "docs/", "README.md")
SLEEP_CALLS = r"\b(usleep|nanosleep|time\.Sleep|Thread\.sleep|thread::sleep|(?<!time\.)sleep)\s*\("
ALLOWED_SLEEPS = {
    ("time.sleep(16)", "integration/hostile/departed_test.py"): "longer than a departed client is kept",
    ("time.sleep(SETTLED)", "bench/two-hop"): "longer than a hop looks at a connection behind its last byte",
    ("time.sleep(IDLE)", "bench/two-hop"): "what processes take while nothing happens",
    ("time.sleep(AGE)", "bench/image"): "a file that is old enough to be noted",
    ("time.sleep(AT_REST)", "integration/apps/sides.py"): "what a process takes while nothing happens",
    ("time.sleep(AT_REST)", "bench/supervisor"): "what a process takes while nothing happens",
    ("time.sleep(AT_REST)", "bench/pod"): "what a pod takes while nothing happens",
    ("time.sleep(STILL)", "integration/supervisor/default_container_test.py"): "a stopped program, which stays stopped",
    ("time.sleep(chance", "integration/supervisor/killed_clients.py"): "kills processes at moments that are meant to be any",
    ("time.sleep(0.003 * moment)", "integration/sandbox/lifecycle_test.py"): "kills processes at moments that are meant to be any",
    ("time.sleep(self.random.uniform", "integration/kills/kills.py"): "a random moment, and a random time between two signals",
    ("time.sleep(PAUSE)", "integration/kills/interruptions.py"): "how long a process stays stopped",
    ("time.sleep(BUSY_FOR)", "integration/scarcity/descriptors.py"): "what a process takes while it lacks descriptors",
    ("time.sleep(0.1)", "integration/scarcity/clock_jumps_test.py"): "how long a clock stays ahead or behind",
    ("time.sleep(0.2)", "integration/kills/kills.py"): "how long a process stays stopped",
    ("time.sleep(0.5)", "integration/inspect/followers_test.py"): "polls a server, which tells nobody that another client is gone",
    ("time.sleep(0.02)", "integration/kills/kills.py"): "polls /proc, which tells nobody of a process's end",
    ("asyncio.sleep(1)", "integration/soak/soak.py"): "a pace, in which rules change and memory is measured",
    ("asyncio.sleep(FIRST)", "integration/soak/soak.py"): "a load that lasts for a time",
    ("asyncio.sleep(SETTLED)", "integration/soak/soak.py"): "longer than a hop looks after its peers",
    ("asyncio.sleep(self._random", "integration/soak/soak_clients.py"): "a reader that is slow",
    ("asyncio.sleep(SILENCE)", "integration/soak/soak_server.py"): "a server that does not read for a time",
    ("time.sleep(1)", "integration/up/world_case.py"): "a program that takes a while from bind to listen, and that nobody waits for",
    ("sleep 0.05 & echo", "sim/sandbox/sandbox_test.cpp"): "a process that ends after its parent",
    ("sleep 0.3", "sim/sandbox/sandbox_test.cpp"): "twenty sandboxes that last long enough to meet, if they could",
    ("sleep 1; echo partial", "integration/vm/programs_test.py"): "a server that answers after the request has come",
    ("sleep 3", "integration/vm/programs_test.py"): "a client whose side is open when the reset comes",
    ("sleep 1; kill", "integration/vm/programs_test.py"): "a request that has gone out before its client dies",
    ("( sleep 2; kill", "sim/vm/init"): "a limit, which is called off",
    ("usleep(", "integration/supervisor"): "programs with a pace, under a storm of signals",
    ("nanosleep(", "integration/supervisor"): "the same",
    ("nanosleep(", "integration/vm/behaviour/sockets.c"): "a pause of a loop that asks the kernel whether a process waits",
    ("sleep(longer_than_a_row)", "integration/vm/behaviour/agent.c"): "a process that stays",
}

# The same for what is not a test: a test may call a shell, and draw a seed that it prints.
BANNED_IN_PRODUCT = {
    r"\b(getaddrinfo|getnameinfo|gethostbyname)\s*\(": "core's DnsResolver: a static program can't load NSS modules",
    r"(?<!f)\b(getpw(nam|uid)|getgr(nam|gid))(_r)?\s*\(|\b(getgrouplist|initgroups|dlopen)\s*\(":
        "glovebox::find_user, for users: a static program can't load modules",
    r"\bistreambuf_iterator\b": "glovebox::read_file_bytes or read_system_text: iterators throw where a read fails",
    r"(\.|->)message\s*\+=": "Error::with_advice, or Error::in: advice is a sentence of its own behind the system's words",
    r"(?<![\w.:>])(::|std::)?(system|popen)\s*\(": "posix_spawn with an argument list: no shell reads it",
    r"\berrc::invalid_argument\s*\)": "glovebox::invalid_input, which is the Error of it",
    r"\bstd::random_device\b": "glovebox::RandomSource, which comes in as a parameter",
    r"\b(system_clock::now|gettimeofday)\s*\(": "glovebox::Clock, which comes in as a parameter",
    r"(?<![\w.>])(::|std::)?time\s*\(\s*(nullptr|NULL|0)\s*\)": "glovebox::Clock, which comes in as a parameter",
    r"\bjson::parse\s*\(": "glovebox::read_json, which has a budget",
    r"\bjson::serialize\s*\(": "glovebox::json_text, whose JSON is UTF-8 and printable",
    r"\bYAML::Load\w*\s*\(": "glovebox::read_yaml, which has a budget",
    r"\bfmt::print\s*\(|(?<![\w.>])(::|std::)?(printf|fprintf|puts|fputs|putchar|perror)\s*\(":
        "std::cout or std::cerr, which sim/command_line makes printable",
}

# Where a banned call is the right one, and why: a word of the call, and a file or folder.
ALLOWED_CALLS = {
    ("system_clock::now", "core/base/clock.cpp"): "the one place that asks the system",
    ("nanosleep", "integration/supervisor/storm.h"): "a storm of signals has a pace",
    ("mkdtemp", "core/base/testing/temporary_directory.h"): "makes it",
    ("mkdtemp", "integration"): "tests without our libraries",
    ("errc::invalid_argument", "core/base/error.cpp"): "makes it",
    ("errc::invalid_argument", "core/base/json_reader.cpp"): "ends Boost.JSON's parser by its own means",
    ("AF_VSOCK", "transports/vsock_transport.cpp"): "the one backend of real vsock",
    ("AF_VSOCK", "sim/enclave/machine.cpp"): "makes one, where the driver is loaded, and connects it to nothing",
    ("AF_VSOCK", "sim/supervisor/launch.cpp"): "under the filter, which answers it",
    ("AF_VSOCK", "sim/supervisor/syscall_filter_test.cpp"): "the same",
    ("AF_VSOCK", "integration"): "programs that know nothing of us, and what runs in virtual machines of its own",
    ("sleep_for", "sim/eif/unpack/tree_seal.cpp"): "waits for a file system's clock to tick, of which there is no event",
    ("sleep_for", "sim/sandbox/sandbox_test.cpp"): "kills processes at moments that are meant to be any",
    ("sleep_for", "sim/supervisor/supervisor.cpp"): "repeats a signal to a thread that may not be waiting yet",
    ("json::parse", "core/base/json_reader.cpp"): "behind the budget",
    ("message", "core/base/error.cpp"): "Error::with_advice itself",
    ("message", "sim/up/world_file.cpp"): "the errors of two files, one a line",
    ("message", "sim/kms/recipient.cpp"): "the end of the same sentence",
    ("json::serialize", "core/base/json_text.cpp"): "numbers and true, false, null",
    ("YAML::Load", "core/yaml/yaml_reader.cpp"): "behind the budget",
    ("print", "bench"): "figures of its own",
    ("print", "integration"): "programs that know nothing of us",
    ("puts", "integration"): "the same",
    ("perror", "integration"): "the same",
}
