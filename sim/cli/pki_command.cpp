// SPDX-License-Identifier: Apache-2.0

// glovebox pki: the mock root, for verifiers that are to believe simulated modules.

#include <fmt/core.h>

#include <iostream>

#include "core/base/printable.h"
#include "nsm-mock/document/trust_root.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/commands.h"
#include "sim/cli/pki_option.h"
#include "sim/command_line/bytes_argument.h"

namespace glovebox::cli {
namespace {

void print_certificate(const char* name, const nsm::Certificate& certificate) {
    std::cout << fmt::format(
        "{}\nsubject    {}\nvalid      {} to {}\nSHA-256    {}\n", name,
        printable(certificate.subject()), format_time(certificate.not_before()),
        format_time(certificate.not_after()), to_hex(certificate.fingerprint()));
}

int write_root(const Values& values) {
    SystemRandom random;
    const nsm::Certificate certificate =
        values.flag("--aws")
            ? nsm::TrustRoot::aws().certificate()
            : nsm::open_pki(PkiOption::of(values).directory().value(), random).value().certificate;
    const std::string output = values.text("--output");
    if (values.flag("--der"))
        command_line::write_file(output, certificate.der()).value();
    else
        command_line::write_file(output, as_bytes(certificate.to_pem())).value();
    return exit_done;
}

int show(const Values& values) {
    const std::string directory = PkiOption::of(values).directory().value();
    SystemRandom random;
    const nsm::CaIdentity mock = nsm::open_pki(directory, random).value();
    print_certificate("mock root", mock.certificate);
    std::cout << fmt::format("directory  {}\ninstance   {}\n\n", printable(directory),
                             nsm::mock_instance_id(mock.certificate));
    print_certificate("AWS root", nsm::TrustRoot::aws().certificate());
    return exit_done;
}

}  // namespace

Command pki_command() {
    const Command root{
        .name = "root",
        .summary = "Write the mock root's certificate",
        .options = {PkiOption::option(),
                    {.name = "--aws", .kind = Kind::flag, .summary = "Write AWS's root instead"},
                    {.name = "--der", .kind = Kind::flag, .summary = "Write DER instead of PEM"},
                    {.name = "--output",
                     .letter = 'o',
                     .kind = Kind::file,
                     .placeholder = "FILE",
                     .summary = "The file to write, - for standard output",
                     .default_value = "-"}},
        .examples = {{"Give a verifier of your own the mock root",
                      "glovebox pki root -o mock-root.pem"},
                     {"Write AWS's root in DER", "glovebox pki root --aws --der -o aws-root.der"}},
        .see_also = {"glovebox-verify(1)"},
        .run = write_root};
    const Command shown{.name = "show",
                        .summary = "Describe the mock root and AWS's root",
                        .options = {PkiOption::option()},
                        .examples = {{"Describe both roots", "glovebox pki show"}},
                        .see_also = {"glovebox-verify(1)"},
                        .run = show};
    return {.name = "pki",
            .summary = "Show the roots of attestation: this user's mock root, and AWS's",
            .examples = {{"Describe both roots", "glovebox pki show"},
                         {"Give a verifier of your own the mock root",
                          "glovebox pki root -o mock-root.pem"}},
            .see_also = {"glovebox-nsm(1)", "glovebox-verify(1)"},
            .subcommands = {root, shown}};
}

}  // namespace glovebox::cli
