// SPDX-License-Identifier: Apache-2.0

// How many requests a second the simulated module answers, and how many documents are verified.
//
//   bench-attestation WHAT THREADS SECONDS
//
// WHAT is attest, verify, describe or random. Prints one line of JSON: operations a second, CPU
// microseconds an operation, and the peak of the process's memory in KiB.

#include <fmt/core.h>
#include <sys/resource.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "nsm-mock/document/verify_document.h"
#include "nsm-mock/module/mock_nsm.h"
#include "nsm-mock/module/nsm_client.h"

namespace {

using namespace glovebox;
using Seconds = std::chrono::duration<double>;

struct Module {
    SystemRandom random;
    SystemClock clock;
    nsm::CertificateAuthority authority{nsm::make_mock_root(random), random};
    nsm::MockNsm device = make();
    nsm::NsmClient client{device};
    nsm::TrustRoot root{"mock", authority.root()};
    const Bytes document = client.attest({.nonce = Bytes(32)}).value();

    nsm::MockNsm make() {
        nsm::MockNsmConfig config;
        config.module_id = {"i-07e25f3bada361dec", nsm::make_enclave_id(clock.now(), random)};
        config.measurements.pcr0.fill(1);
        return nsm::MockNsm(config, nsm::boot_pcrs(config), authority, clock, random, null_log());
    }

    bool once(std::string_view what) {
        if (what == "attest")
            return client.attest({.nonce = Bytes(32)}).has_value();
        if (what == "verify")
            return nsm::verify_document(document, root, clock.now()).has_value();
        if (what == "describe")
            return client.describe_pcr(4).has_value();
        if (what == "random")
            return client.get_random().has_value();
        throw std::invalid_argument("attest, verify, describe or random was expected");
    }
};

double cpu_seconds(const rusage& usage) {
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int number(const char* text) {
    const std::string_view view(text);
    int value = 0;
    const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
    if (error != std::errc() || end != view.data() + view.size() || value < 1)
        throw std::invalid_argument(fmt::format("\"{}\" is not a number from 1 up", text));
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        fmt::print(stderr,
                   "usage: bench-attestation attest|verify|describe|random THREADS SECONDS\n");
        return 2;
    }
    try {
        const std::string_view what = argv[1];
        const int threads = number(argv[2]);
        const auto length = std::chrono::seconds(number(argv[3]));
        Module module;
        if (!module.once(what))
            throw std::runtime_error("the first request was refused");
        rusage before{};
        ::getrusage(RUSAGE_SELF, &before);
        const auto start = std::chrono::steady_clock::now();
        std::atomic<long> done = 0;
        std::atomic<bool> failed = false;
        std::vector<std::thread> workers;
        workers.reserve(static_cast<std::size_t>(threads));
        for (int i = 0; i < threads; ++i)
            workers.emplace_back([&] {
                long mine = 0;
                while (std::chrono::steady_clock::now() - start < length) {
                    if (!module.once(what))
                        failed = true;
                    ++mine;
                }
                done += mine;
            });
        for (std::thread& worker : workers)
            worker.join();
        const Seconds took = std::chrono::steady_clock::now() - start;
        rusage after{};
        ::getrusage(RUSAGE_SELF, &after);
        if (failed)
            throw std::runtime_error("a request was refused");
        fmt::print("{{\"per_second\": {:.1f}, \"cpu_us\": {:.2f}, \"peak_kib\": {}}}\n",
                   static_cast<double>(done) / took.count(),
                   (cpu_seconds(after) - cpu_seconds(before)) * 1e6 / static_cast<double>(done),
                   after.ru_maxrss);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench-attestation: {}\n", error.what());
        return 1;
    }
}
