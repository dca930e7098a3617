# SPDX-License-Identifier: Apache-2.0
"""The folders of the tree from the lowest to the highest: what is in each, and what it may use.

A file belongs to the longest folder that holds it. A folder may use itself, the folders of `uses`, which stand above it
here, and `libraries`; its tests and fixtures also those of `tests_use` and `tests_link`, and every fixture folder
(TEST_FOLDERS of rules.py). docs/architecture.md draws this table. A rule that turns out wrong is changed here, with its
reason.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Library:
    headers: tuple[str, ...]  # how its #includes begin
    links: tuple[str, ...] = ()  # what CMake links for it; none for headers alone


LIBRARIES = {
    "Asio": Library(("boost/asio",), ("glovebox_asio", "glovebox_asio_tls")),
    "Beast": Library(("boost/beast",), ("glovebox_beast",)),
    "Boost.JSON": Library(("boost/json",), ("Boost::json",)),
    "CLI11": Library(("CLI/",), ("CLI11::CLI11",)),
    "OpenSSL": Library(("openssl/",), ("OpenSSL::Crypto", "OpenSSL::SSL")),
    "SQLite": Library(("sqlite3.h",), ("PkgConfig::sqlite3",)),
    "c-ares": Library(("ares.h",), ("PkgConfig::cares",)),
    "gRPC": Library(("grpc/", "grpcpp/", "v1beta1."), ("PkgConfig::grpc",)),
    "libarchive": Library(("archive",), ("PkgConfig::libarchive",)),
    "libcbor": Library(("cbor",), ("PkgConfig::libcbor",)),
    "libpq": Library(("libpq-fe.h",), ("PkgConfig::libpq",)),
    "libseccomp": Library(("seccomp.h",), ("PkgConfig::libseccomp",)),
    "ncurses": Library(("curses.h", "term.h"), ("PkgConfig::ncursesw", "PkgConfig::tinfo")),
    "spdlog": Library(("spdlog/",), ("spdlog::spdlog_header_only",)),
    "yaml-cpp": Library(("yaml-cpp/",), ("yaml-cpp",)),
    "zlib": Library(("zlib.h",), ("ZLIB::ZLIB",)),
}


@dataclasses.dataclass(frozen=True)
class Folder:
    contents: str
    uses: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    tests_use: tuple[str, ...] = ()
    tests_link: tuple[str, ...] = ()


FOLDERS = {
    "core/base": Folder(
        "errors as values, bytes, descriptors, the clock, randomness, the log; foreign text made printable; JSON",
        libraries=("Boost.JSON", "spdlog")),
    "core/asio": Folder(
        "Asio and Beast, compiled once",
        libraries=("Asio", "Beast", "OpenSSL")),
    "core/cbor": Folder(
        "CBOR, read and written",
        uses=("core/base",),
        libraries=("libcbor",)),
    "core/confinement": Folder(
        "what a service and a supervisor give up after their start: files by Landlock, system calls by seccomp",
        uses=("core/base",),
        libraries=("libseccomp",)),
    "core/crypto": Folder(
        "hashes, PCR values, OpenSSL's objects with owners",
        uses=("core/base",),
        libraries=("OpenSSL",)),
    "core/yaml": Folder(
        "YAML within a budget",
        uses=("core/base",),
        libraries=("yaml-cpp",)),
    "core/address": Folder(
        "host names, IP addresses, vsock addresses, targets and ports in one form each; the errors of the proxy",
        uses=("core/base",),
        libraries=("Asio",)),
    "core/stream": Folder(
        "connected and listening sockets of any family, waiting for them, and the transport seam",
        uses=("core/base", "core/address"),
        libraries=("Asio",)),
    "core/relay": Folder(
        "bytes both ways by splice(2), their pipes and counts, and resets that cross a hop",
        uses=("core/base", "core/address", "core/stream"),
        libraries=("Asio",)),
    "core/loop": Folder(
        "the event loops of a server, the connections that they carry, and what the loops share",
        uses=("core/base", "core/address", "core/stream", "core/relay"),
        libraries=("Asio",)),
    "core/rules": Folder(
        "the allowlist and its files",
        uses=("core/base", "core/yaml", "core/address"),
        libraries=("yaml-cpp",)),
    "core/dns": Folder(
        "names to addresses: lookups, the files that decide them, the answers that are kept; addresses of the enclave's own for names",
        uses=("core/base", "core/address", "core/stream", "core/loop"),
        libraries=("Asio", "c-ares")),
    "core/http": Folder(
        "HTTP to the proxy and CONNECT to the next one; refusals in words",
        uses=("core/base", "core/address", "core/stream", "core/relay"),
        libraries=("Asio", "Beast")),
    "core/metrics": Folder(
        "what a proxy counts, as Prometheus reads it",
        uses=("core/base", "core/address", "core/relay"),
        libraries=("Asio",)),
    "core/dial": Folder(
        "the only way out of the proxy: a name is resolved once, and every address is judged",
        uses=("core/base", "core/address", "core/stream", "core/rules", "core/dns", "core/metrics"),
        libraries=("Asio",),
        tests_use=("core/forward",)),
    "core/ingress": Folder(
        "clients from outside: by the name that they ask for, behind a load balancer, within limits",
        uses=("core/base", "core/address", "core/stream", "core/rules", "core/http", "core/metrics", "core/dial"),
        libraries=("Asio", "Beast"),
        tests_use=("core/service", "core/forward")),
    "core/service": Folder(
        "the life of a process: its start, signals, successor, service manager and status pages; a program beside it",
        uses=("core/base", "core/address", "core/stream", "core/relay", "core/dns", "core/http"),
        libraries=("Asio",)),
    "core/proxy": Folder(
        "the parent's side: listeners, what a client asks for by HTTP or SOCKS, open tunnels",
        uses=("core/base", "core/address", "core/stream", "core/relay", "core/loop", "core/http", "core/metrics",
              "core/dial", "core/ingress", "core/service"),
        libraries=("Asio",)),
    "core/forward": Folder(
        "TCP to vsock, in an enclave or on the parent",
        uses=("core/base", "core/address", "core/stream", "core/relay", "core/loop", "core/dns", "core/http",
              "core/metrics", "core/dial", "core/ingress"),
        libraries=("Asio",),
        tests_use=("core/service", "core/proxy")),
    "core/egress": Folder(
        "the way out for programs that know of no proxy: a name server, and every address local",
        uses=("core/base", "core/address", "core/stream", "core/relay", "core/dns", "core/http", "core/forward"),
        libraries=("Asio",),
        tests_use=("core/service",)),
    "core/testing": Folder(
        "for tests: a transport in memory, a name server, relays and logs",
        uses=("core/base", "core/address", "core/stream", "core/relay", "core/loop", "core/dns", "core/service"),
        libraries=("Asio",)),
    "core/fault": Folder(
        "faults on purpose: which strike, the carrier that does it, and how a world's are asked for",
        uses=("core/base", "core/address", "core/stream", "core/relay"),
        libraries=("Asio", "Boost.JSON"),
        tests_use=("core/proxy", "core/forward")),
    "transports": Folder(
        "the ways to reach (CID, port): Unix sockets, AF_VSOCK, microVMs; the world directory and its path rule",
        uses=("core/base", "core/crypto", "core/address", "core/stream", "core/relay", "core/service", "core/fault"),
        libraries=("Asio",)),
    "nsm-mock/document": Folder(
        "attestation documents, AWS's and the mock's: COSE, certificates, verification",
        uses=("core/base", "core/cbor", "core/crypto"),
        libraries=("Boost.JSON", "OpenSSL"),
        tests_use=("nsm-mock/pki",)),
    "nsm-mock/pki": Folder(
        "the mock of AWS's attestation PKI",
        uses=("core/base", "core/crypto", "nsm-mock/document"),
        libraries=("OpenSSL",)),
    "nsm-mock/module": Folder(
        "the security module: `/dev/nsm` and its mock, the seven requests",
        uses=("core/base", "core/cbor", "core/crypto", "nsm-mock/document", "nsm-mock/pki")),
    "nsm-mock/testing": Folder(
        "for tests: a module with everything it is made of",
        uses=("core/base", "nsm-mock/document", "nsm-mock/module")),
    "sim/sandbox": Folder(
        "an enclave's own namespaces, root file system and trust",
        uses=("core/base",)),
    "sim/eif/base": Folder(
        "what every folder of sim/eif uses: errors, byte sources, files",
        uses=("core/base",),
        libraries=("Boost.JSON",)),
    "sim/eif/format": Folder(
        "the image file: sections, metadata, signature, measurement",
        uses=("core/base", "core/cbor", "core/crypto", "sim/eif/base"),
        libraries=("Boost.JSON", "OpenSSL", "zlib"),
        tests_use=("sim/eif/report",)),
    "sim/eif/tree": Folder(
        "root file systems as values; cpio",
        uses=("core/base", "sim/eif/base"),
        libraries=("libarchive",),
        tests_use=("sim/eif/format",)),
    "sim/eif/archive": Folder(
        "container image archives: docker save and OCI",
        uses=("core/base", "core/crypto", "sim/eif/base", "sim/eif/format", "sim/eif/tree"),
        libraries=("Boost.JSON",)),
    "sim/eif/build": Folder(
        "images built and signed",
        uses=("core/base", "core/crypto", "sim/eif/base", "sim/eif/format", "sim/eif/tree", "sim/eif/archive"),
        libraries=("Boost.JSON", "OpenSSL"),
        tests_use=("sim/eif/report",)),
    "sim/eif/report": Folder(
        "images described and compared",
        uses=("core/base", "core/crypto", "sim/eif/base", "sim/eif/format", "sim/eif/tree"),
        libraries=("Boost.JSON",),
        tests_use=("sim/eif/unpack",)),
    "sim/eif/unpack": Folder(
        "images taken apart; the cache of unpacked ones",
        uses=("core/base", "core/crypto", "sim/eif/base", "sim/eif/format", "sim/eif/tree"),
        tests_use=("sim/eif/build",)),
    "sim/eif/testing": Folder(
        "for tests: archives and images made field by field",
        uses=("core/base", "core/crypto", "sim/eif/format"),
        libraries=("libarchive", "zlib")),
    "sim/supervisor": Folder(
        "AF_VSOCK and `/dev/nsm` for unmodified programs: the filter, its notifications, the answers",
        uses=("core/base", "core/address", "transports", "nsm-mock/module"),
        libraries=("libseccomp",)),
    "sim/http": Folder(
        "an HTTP/1.1 server with TLS",
        uses=("core/base",),
        libraries=("Asio", "Beast", "OpenSSL")),
    "sim/iam": Folder(
        "ARNs, credentials and Signature Version 4",
        uses=("core/base", "core/crypto", "sim/http"),
        libraries=("Boost.JSON", "OpenSSL")),
    "sim/yaml": Folder(
        "strict configuration files",
        uses=("core/base", "core/yaml"),
        libraries=("yaml-cpp",)),
    "sim/tls": Folder(
        "a world's TLS authority",
        uses=("core/base", "core/crypto", "nsm-mock/pki", "sim/http"),
        libraries=("OpenSSL",)),
    "sim/imds": Folder(
        "instance metadata",
        uses=("core/base", "core/crypto", "sim/http", "sim/iam"),
        libraries=("Boost.JSON", "OpenSSL")),
    "sim/kms": Folder(
        "keys, policies, attestation by Recipient, explanations",
        uses=("core/base", "core/crypto", "core/fault", "nsm-mock/document", "nsm-mock/pki", "sim/http", "sim/iam",
              "sim/yaml"),
        libraries=("Asio", "Boost.JSON", "OpenSSL", "SQLite", "libpq"),
        tests_use=("nsm-mock/module",)),
    "sim/command_line": Folder(
        "a command as plain values: options, defaults, examples; the parser, help, manual and completion made of them",
        uses=("core/base",),
        libraries=("CLI11",)),
    "sim/up": Folder(
        "a world from one file: its parts, their order, their end",
        uses=("core/base", "core/address", "core/stream", "core/relay", "core/rules", "core/dial", "core/service", "core/proxy",
              "core/forward", "core/egress", "core/fault", "transports", "nsm-mock/pki", "sim/iam", "sim/yaml", "sim/kms",
              "sim/command_line"),
        libraries=("Asio", "Boost.JSON")),
    "sim/inspect": Folder(
        "the inspector: a page about a world, an attestation document or an image",
        uses=("core/base", "core/crypto", "core/fault", "nsm-mock/document", "sim/eif/format", "sim/eif/report", "sim/http", "sim/kms",
              "sim/up"),
        libraries=("Boost.JSON", "OpenSSL"),
        tests_use=("nsm-mock/testing",)),
    "sim/vsock_proxy": Folder(
        "the proxy and the forwarder as processes; AWS's vsock-proxy, and how it judges its allowlist",
        uses=("core/base", "core/confinement", "core/yaml", "core/address", "core/relay", "core/loop", "core/rules", "core/dns",
              "core/metrics", "core/dial", "core/service", "core/proxy", "core/forward", "core/egress", "transports"),
        libraries=("Asio", "yaml-cpp")),
    "sim/vsock_switch": Folder(
        "the vsock devices of several virtual machines, joined in the shape of Nitro",
        uses=("core/base",)),
    "sim/vm": Folder(
        "virtual machines with a stock kernel: the kernel, the initramfs, QEMU, a command in a guest",
        uses=("core/base", "sim/eif/base", "sim/eif/tree")),
    "sim/enclave": Folder(
        "one run: program, CID, world, supervisor, module; runs inside runs; what this machine can do",
        uses=("core/base", "core/confinement", "core/address", "core/stream", "core/relay", "core/service", "core/fault", "transports",
              "nsm-mock/document", "nsm-mock/pki", "nsm-mock/module", "sim/sandbox", "sim/eif/base",
              "sim/eif/format", "sim/eif/report", "sim/eif/unpack", "sim/supervisor", "sim/http", "sim/tls"),
        libraries=("Asio", "Boost.JSON")),
    "sim/fault": Folder(
        "the process that has a world's faults, carries its connections, and ends and stops its enclaves",
        uses=("core/base", "core/address", "core/stream", "core/fault", "sim/enclave"),
        libraries=("Asio", "Boost.JSON")),
    "sim/nitro_cli": Folder(
        "nitro-cli: its errors, rules and commands, and runs of images",
        uses=("core/base", "core/crypto", "transports", "nsm-mock/module", "sim/sandbox", "sim/eif/base", "sim/eif/format", "sim/eif/tree",
              "sim/eif/build", "sim/eif/report", "sim/eif/unpack", "sim/enclave"),
        libraries=("Boost.JSON",)),
    "sim/nitro": Folder(
        "worlds on an instance with Nitro Enclaves: AWS's nitro-cli as a program, images, and what the instance lacks",
        uses=("core/base", "core/address", "core/crypto", "core/stream", "core/service", "transports", "sim/sandbox",
              "sim/eif/base", "sim/eif/format", "sim/eif/build", "sim/iam", "sim/kms", "sim/up", "sim/vm", "sim/enclave", "sim/nitro_cli"),
        libraries=("Asio", "Boost.JSON")),
    "sim/terminal": Folder(
        "a page on a terminal: its lines and keys",
        uses=("core/base",),
        libraries=("ncurses",)),
    "sim/cli": Folder(
        "`main` and a file per subcommand",
        uses=("core/base", "core/confinement", "core/crypto", "core/address", "core/rules", "core/dns", "core/dial", "core/ingress",
              "core/service", "core/proxy", "core/forward", "core/egress", "core/fault", "transports", "nsm-mock/document",
              "nsm-mock/pki", "nsm-mock/module", "sim/eif/base", "sim/eif/build", "sim/eif/format", "sim/eif/report",
              "sim/eif/unpack", "sim/fault", "sim/http", "sim/tls", "sim/imds", "sim/inspect", "sim/kms", "sim/terminal", "sim/up", "sim/vsock_proxy",
              "sim/vsock_switch", "sim/vm", "sim/nitro", "sim/enclave", "sim/nitro_cli", "sim/command_line"),
        libraries=("Asio", "Boost.JSON")),
    "sim/device_plugin": Folder(
        "the kubelet's device plugin, a program of its own: enclaves as a resource of Kubernetes' nodes",
        uses=("core/base", "sim/command_line"),
        libraries=("gRPC",)),
    "examples": Folder(
        "programs that show the whole",
        uses=("core/base", "core/crypto", "core/stream", "transports", "nsm-mock/document", "nsm-mock/pki",
              "nsm-mock/module"),
        libraries=("Asio", "Beast", "Boost.JSON", "CLI11", "OpenSSL")),
    "integration": Folder("tests that see built binaries only", libraries=("libseccomp",)),
    "bench": Folder(
        "speed beside peers, as ratios",
        uses=("nsm-mock/document", "nsm-mock/module")),
    "fuzz": Folder(
        "fuzz targets for every parser of foreign bytes",
        uses=("core/base", "core/crypto", "core/address", "core/rules", "core/http", "core/ingress", "core/proxy", "core/forward", "core/egress",
              "transports", "nsm-mock/document", "nsm-mock/module", "sim/sandbox", "sim/eif/base", "sim/eif/format", "sim/eif/tree",
              "sim/eif/archive", "sim/eif/build", "sim/eif/report", "sim/supervisor", "sim/iam", "sim/imds", "sim/kms", "sim/up", "sim/inspect",
              "sim/vsock_switch", "sim/vm", "sim/enclave", "sim/nitro_cli"),
        libraries=("Beast", "Boost.JSON", "OpenSSL")),
}
