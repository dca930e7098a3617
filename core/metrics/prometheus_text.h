// SPDX-License-Identifier: Apache-2.0

// Metrics in Prometheus' text format, version 0.0.4:
//
//   # HELP glovebox_proxy_bytes_total Bytes carried, by direction.
//   # TYPE glovebox_proxy_bytes_total counter
//   glovebox_proxy_bytes_total{listener="8000",direction="from_enclave"} 4711
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/metrics/histogram.h"

namespace glovebox::core {

class PrometheusText {
  public:
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    struct Label {
        std::string_view name;
        std::string_view value;  // any text
    };
    using Labels = std::initializer_list<Label>;

    // Begins a metric, whose samples follow. `type` is "counter", "gauge" or "histogram".
    void begin(std::string_view name, std::string_view type, std::string_view help);
    void sample(std::uint64_t value, Labels labels = {});
    void sample_seconds(double value, Labels labels = {});
    void sample(const Histogram& histogram);

    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    void write(std::string_view suffix, Labels labels, std::string_view value);

    std::string name_;
    std::string text_;
};

}  // namespace glovebox::core
