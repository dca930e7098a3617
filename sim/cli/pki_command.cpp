// glovebox pki: the mock root, for verifiers that are to believe simulated modules.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "nsm-mock/document/trust_root.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/bytes_argument.h"
#include "sim/cli/pki_option.h"
#include "sim/cli/subcommand.h"

namespace glovebox::cli {
namespace {

struct Options {
    PkiOption pki;
    std::string output = "-";
    bool der = false;
    bool aws = false;
};

void print_certificate(const char* name, const nsm::Certificate& certificate) {
    fmt::print("{}\nsubject    {}\nvalid      {} to {}\nSHA-256    {}\n", name,
               certificate.subject(), format_time(certificate.not_before()),
               format_time(certificate.not_after()), to_hex(certificate.fingerprint()));
}

}  // namespace

void add_pki_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<Options>();
    CLI::App* pki =
        app.add_subcommand("pki", "The roots of attestation: this user's mock root, and AWS's");
    pki->require_subcommand(1);
    pki->footer(
        "Examples:\n"
        "  glovebox pki show\n"
        "  glovebox pki root -o mock-root.pem   # for a verifier of your own\n"
        "  glovebox pki root --aws --der -o aws-root.der");

    CLI::App* root = pki->add_subcommand("root", "Writes the mock root's certificate");
    options->pki.add_to(*root);
    root->add_flag("--aws", options->aws, "AWS's root instead");
    root->add_flag("--der", options->der, "DER instead of PEM");
    root->add_option("-o,--output", options->output, "Where to, - for standard output")
        ->type_name("FILE")
        ->capture_default_str();
    root->callback([options, &exit_status] {
        SystemRandom random;
        const nsm::Certificate certificate =
            options->aws
                ? nsm::TrustRoot::aws().certificate()
                : nsm::open_pki(options->pki.directory().value(), random).value().certificate;
        if (options->der)
            write_file(options->output, certificate.der()).value();
        else
            write_file(options->output, as_bytes(certificate.to_pem())).value();
        exit_status = exit_done;
    });

    CLI::App* show = pki->add_subcommand("show", "Says what the mock root is, and AWS's");
    options->pki.add_to(*show);
    show->callback([options, &exit_status] {
        const std::string directory = options->pki.directory().value();
        SystemRandom random;
        const nsm::CaIdentity mock = nsm::open_pki(directory, random).value();
        print_certificate("mock root", mock.certificate);
        fmt::print("directory  {}\ninstance   {}\n\n", directory,
                   nsm::mock_instance_id(mock.certificate));
        print_certificate("AWS root", nsm::TrustRoot::aws().certificate());
        exit_status = exit_done;
    });
}

}  // namespace glovebox::cli
