// SPDX-License-Identifier: Apache-2.0

// The events of a world summed up for a terminal: a line for each part, and the last refusals.
//
//   PART             KIND       OPEN    ALL  REFUSED  REQUESTS  LINES  EVENTS/S
//   server (16)      enclave       2      9        0         4     31       1.5
//
//   22:31:05.498 out: 16:1073741832 -> example.com:443 failed: ...
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace glovebox::inspect {

// What a reader chose to see.
struct DigestView {
    std::string part;  // the label of the part whose refusals are shown; empty: all parts'
    bool only_refusals = false;  // only parts that have one
};

struct DigestLine {
    enum class Kind { heading, part, selected_part, refusal };
    Kind kind;
    std::string text;  // printable
};

class WorldDigest {
  public:
    // A line of the world's events.
    void take(const std::string& line);

    // Ends a time for which the lines have events a second: that since the last call, 0 at first.
    // Without a call they have no such column.
    void measure(std::chrono::duration<double> since_last);

    // At most `rows` lines. The selected part is among them if the parts have any.
    [[nodiscard]] std::vector<DigestLine> lines(std::size_t rows,
                                                const DigestView& view = {}) const;
    // The same, each with a line feed.
    [[nodiscard]] std::string text(std::size_t rows) const;

    // The labels of the parts that lines() can show, in its order.
    [[nodiscard]] std::vector<std::string> labels(const DigestView& view) const;

    [[nodiscard]] bool has_ended() const { return has_ended_; }

  private:
    struct Part {
        std::string name;
        std::string kind;
        std::set<std::string> open;  // connections, by their peers
        std::uint64_t connections = 0;
        std::uint64_t refused = 0;
        std::uint64_t requests = 0;  // to a security module, the KMS or the metadata service
        std::uint64_t lines = 0;     // of its program
        std::uint64_t events = 0;
        std::uint64_t events_measured = 0;  // when measure() was called last
        double rate = 0;                    // events a second, then
        std::deque<std::string> refusals;   // the last ones, printable
    };

    Part& part(const std::string& label, const std::string& kind);
    void take_event(const boost::json::object& event);
    [[nodiscard]] DigestLine line_of(const Part& one, std::size_t width, bool is_selected) const;

    static constexpr std::size_t refusals_max = 100;

    std::string world_;
    std::vector<std::string> order_;  // labels, as the world file has them
    std::map<std::string, Part> parts_;
    std::deque<std::string> refusals_;  // the last ones of all parts, printable
    std::string end_;
    bool has_rates_ = false;
    bool has_ended_ = false;
};

}  // namespace glovebox::inspect
