// SPDX-License-Identifier: Apache-2.0

// How far long work is: a bar on a terminal, a line every few seconds elsewhere.
//
// Work that reads, writes or hashes many bytes takes a Progress and reports them. Whoever starts
// the work decides what becomes of the report, and whether a signal interrupts the work.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace glovebox {

class Progress {
  public:
    virtual ~Progress() = default;
    // A stage of the work begins: "unpacking", "measuring". `total` in bytes, where it is known.
    virtual void begin(std::string_view stage, std::optional<std::uint64_t> total) = 0;
    // That many bytes further, or 0 for a step without bytes. It may throw Interrupted
    // (interruption.h): whoever calls it holds what it makes in objects that clean up.
    virtual void add(std::uint64_t bytes) = 0;
    virtual void end() = 0;
};

// Reports nothing, and is never interrupted.
[[nodiscard]] Progress& no_progress();

struct ProgressState {
    std::string work;                    // "unpacking app.eif"
    std::uint64_t done = 0;              // bytes
    std::optional<std::uint64_t> total;  // bytes
    std::chrono::milliseconds elapsed{};
};

// "17 bytes", "512 KiB", "1.5 GiB".
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);
// "unpacking app.eif: 1.5 GiB of 2.0 GiB, 12 s left".
[[nodiscard]] std::string progress_line(const ProgressState& state);
// "unpacking app.eif [######----]  60%  1.5 GiB of 2.0 GiB, 12 s left", in at most `columns` bytes.
[[nodiscard]] std::string progress_bar(const ProgressState& state, std::size_t columns);

// The width of the terminal that this descriptor is; nothing where it is no terminal, or one that
// cannot redraw a line (TERM=dumb).
[[nodiscard]] std::optional<std::size_t> terminal_columns(int descriptor);

class ProgressReport final : public Progress {
  public:
    using Time = std::chrono::steady_clock::time_point;
    struct Means {
        // Takes whole lines, or on a terminal what redraws its current line.
        std::function<void(std::string_view)> write;
        std::optional<std::size_t> columns;  // of a terminal
        std::function<Time()> now = std::chrono::steady_clock::now;
        std::function<void()> check = [] {};  // may throw Interrupted
    };
    // `subject` is what is worked on, a foreign name: "app.eif".
    ProgressReport(std::string_view subject, Means means);
    ~ProgressReport() override;
    ProgressReport(const ProgressReport&) = delete;
    ProgressReport& operator=(const ProgressReport&) = delete;

    void begin(std::string_view stage, std::optional<std::uint64_t> total) override;
    void add(std::uint64_t bytes) override;
    void end() override;

  private:
    void show(Time now);

    std::string subject_;
    Means means_;
    ProgressState state_;
    Time began_;  // the stage
    Time next_;   // when to show something
    bool is_bar_shown_ = false;
};

}  // namespace glovebox
