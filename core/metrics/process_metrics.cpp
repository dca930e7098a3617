// SPDX-License-Identifier: Apache-2.0

#include "core/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

#include "core/base/file_bytes.h"

namespace glovebox::core {
namespace {

double seconds(const timeval& time) {
    constexpr double microseconds_in_second = 1e6;
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / microseconds_in_second;
}

}  // namespace

void write_process_metrics(PrometheusText& text) {
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        text.begin("process_cpu_seconds_total", "counter", "User and system time in seconds.");
        text.sample_seconds(seconds(usage.ru_utime) + seconds(usage.ru_stime));
    }
    // proc(5): all pages, then those in memory.
    std::istringstream pages(read_system_text("/proc/self/statm"));
    std::uint64_t virtual_pages = 0;
    std::uint64_t resident_pages = 0;
    if (pages >> virtual_pages >> resident_pages) {
        text.begin("process_resident_memory_bytes", "gauge", "Memory in use, in bytes.");
        text.sample(resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    }
    std::error_code failure;
    const std::filesystem::directory_iterator descriptors("/proc/self/fd", failure);
    if (!failure) {
        text.begin("process_open_fds", "gauge", "Open descriptors.");
        // The list's own is one of them.
        const auto count = std::distance(descriptors, std::filesystem::directory_iterator());
        text.sample(static_cast<std::uint64_t>(count) - 1);
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        text.begin("process_max_fds", "gauge", "The limit on open descriptors.");
        text.sample(static_cast<std::uint64_t>(limit.rlim_cur));
    }
}

}  // namespace glovebox::core
