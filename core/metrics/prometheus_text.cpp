// SPDX-License-Identifier: Apache-2.0

#include "core/metrics/prometheus_text.h"

#include <fmt/core.h>

namespace glovebox::core {
namespace {

std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (c == '\\' || c == '"')
            text += '\\';
        if (c == '\n')
            text += "\\n";
        else
            text += c;
    }
    return text;
}

}  // namespace

void PrometheusText::begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void PrometheusText::sample(std::uint64_t value, Labels labels) {
    write("", labels, fmt::format("{}", value));
}

void PrometheusText::sample_seconds(double value, Labels labels) {
    write("", labels, fmt::format("{}", value));
}

void PrometheusText::sample(const Histogram& histogram) {
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket < histogram.bounds().size(); ++bucket) {
        count += histogram.count(bucket);
        write("_bucket", {{"le", fmt::format("{}", histogram.bounds()[bucket])}},
              fmt::format("{}", count));
    }
    count += histogram.count(histogram.bounds().size());
    const std::string all = fmt::format("{}", count);
    write("_bucket", {{"le", "+Inf"}}, all);
    write("_sum", {}, fmt::format("{}", histogram.sum_seconds()));
    write("_count", {}, all);
}

void PrometheusText::write(std::string_view suffix, Labels labels, std::string_view value) {
    text_ += name_;
    text_ += suffix;
    const char* separator = "{";
    for (const Label& label : labels) {
        text_ += fmt::format("{}{}=\"{}\"", separator, label.name, escaped(label.value));
        separator = ",";
    }
    if (labels.size() > 0)
        text_ += "}";
    text_ += fmt::format(" {}\n", value);
}

}  // namespace glovebox::core
