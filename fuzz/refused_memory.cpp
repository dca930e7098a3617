// SPDX-License-Identifier: Apache-2.0

// A target's second program, memory-NAME FOLDER: runs it over the files of a folder while requests
// for memory are refused, each one by itself and all from there on. Only std::bad_alloc may come
// out; the same bytes are read as before afterwards; and the sanitizer looks for what is left.
//
// Requests of C++ code and of libcbor are refused. OpenSSL and libarchive ask malloc(3) themselves.

#include <sanitizer/common_interface_defs.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <vector>

#include "fuzz/require.h"

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Of libcbor, where the target is linked with it.
void __attribute__((weak))
cbor_set_allocs(void* (*allocate)(std::size_t), void* (*reallocate)(void*, std::size_t),
                void (*release)(void*));
}

namespace {

constexpr std::uint64_t places_max = 1000;  // of one file; spread evenly where there are more

std::atomic<std::uint64_t> requests = 0;
std::atomic<std::uint64_t> first_refused = 0;  // 0: none
std::atomic<bool> refuses_for_good = false;
std::atomic<std::uint64_t> refusals = 0;

bool is_refused() {
    const std::uint64_t number = ++requests;
    const std::uint64_t first = first_refused;
    if (first == 0 || number < first || (number > first && !refuses_for_good))
        return false;
    ++refusals;
    glovebox::is_memory_refused = true;
    return true;
}

void* allocate(std::size_t size) {
    return is_refused() ? nullptr : std::malloc(size == 0 ? 1 : size);
}

void* reallocate(void* old, std::size_t size) {
    return is_refused() ? nullptr : std::realloc(old, size);
}

// The place that is being tried, for whoever dies at it.
std::string place;

void say(const char* what) {
    std::fprintf(stderr, "%s: request %llu for memory refused%s: %s\n", place.c_str(),
                 static_cast<unsigned long long>(first_refused.load()),
                 refuses_for_good ? ", and all behind it" : "", what);
}

void refuse(const std::vector<std::uint8_t>& bytes, std::uint64_t number, bool for_good) {
    refuses_for_good = for_good;
    requests = 0;
    first_refused = number;
    try {
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    } catch (const std::bad_alloc&) {
        // As it should be.
    } catch (const std::exception& other) {
        say(other.what());
        std::abort();
    }
    first_refused = 0;
    glovebox::is_memory_refused = false;
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

void* operator new(std::size_t size) {
    void* const memory = allocate(size);
    return memory != nullptr ? memory : throw std::bad_alloc();
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size);
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    if (cbor_set_allocs != nullptr)
        cbor_set_allocs(allocate, reallocate, std::free);
    std::set_terminate([] {
        say("std::terminate was called");
        __sanitizer_print_stack_trace();
        std::abort();
    });
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::vector<std::uint8_t> bytes(std::istreambuf_iterator<char>(file), {});
        place = entry.path();
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());  // makes what is made once
        requests = 0;
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
        const std::uint64_t count = requests;
        const std::uint64_t step = count / places_max + 1;
        for (std::uint64_t number = 1; number <= count; number += step) {
            refuse(bytes, number, false);
            refuse(bytes, number, true);
        }
        ++files;
    }
    std::printf("%zu files, %llu refusals\n", files,
                static_cast<unsigned long long>(refusals.load()));
    return files != 0 && refusals != 0 ? 0 : 1;
}
