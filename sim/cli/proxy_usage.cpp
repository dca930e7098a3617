// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/proxy_usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <cmath>
#include <vector>

#include "core/base/clock.h"
#include "core/base/json_reader.h"
#include "core/base/printable.h"

namespace glovebox::cli {
namespace {

namespace json = boost::json;

// As many connections as a proxy can have, with room.
constexpr JsonBudget page_budget{.bytes = 256U << 20U, .values = 20'000'000};

struct Row {
    const ProxyUsage::Key* key;
    const ProxyUsage::Use* use;
    double sent_a_second = 0;
    double received_a_second = 0;
};

// Connections that have ended take their bytes with them: no rate is below 0.
double rate(std::uint64_t now, std::uint64_t before, std::chrono::duration<double> time) {
    return now <= before || time.count() <= 0 ? 0
                                              : static_cast<double>(now - before) / time.count();
}

std::string rate_text(double bytes_a_second) {
    return bytes_text(static_cast<std::uint64_t>(std::llround(bytes_a_second)));
}

std::string age_text(double seconds) {
    constexpr double thousand = 1000;
    return format_duration(
        std::chrono::seconds(static_cast<std::int64_t>(seconds * thousand) / 1000));
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    constexpr double step = 1024;
    constexpr double with_fraction = 10;
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= step && unit + 1 < units.size(); ++unit)
        value /= step;
    return unit > 0 && value < with_fraction ? fmt::format("{:.1f} {}", value, units.at(unit))
                                             : fmt::format("{:.0f} {}", value, units.at(unit));
}

Result<ProxyUsage> ProxyUsage::parse(std::string_view text) {
    const auto page = read_json(text, page_budget);
    if (!page)
        return page.error();
    ProxyUsage usage;
    try {
        for (const json::value& one : page->as_object().at("connections").as_array()) {
            const json::object& connection = one.as_object();
            const auto number = [&](std::string_view name) {
                return connection.at(name).to_number<std::uint64_t>();
            };
            Use& use = usage.uses[{static_cast<core::Cid>(number("cid")),
                                   json::value_to<std::string>(connection.at("listener")),
                                   json::value_to<std::string>(connection.at("target"))}];
            ++use.connections;
            use.sent += number("bytes_sent");
            use.received += number("bytes_received");
            use.oldest_seconds =
                std::max(use.oldest_seconds, connection.at("seconds").to_number<double>());
        }
    } catch (const std::exception&) {
        return invalid_input("the page is not that of a proxy's /connections");
    }
    return usage;
}

std::string usage_table(const ProxyUsage& usage, const std::optional<EarlierUsage>& earlier,
                        std::size_t rows_max) {
    std::vector<Row> rows;
    for (const auto& [key, use] : usage.uses) {
        Row row{&key, &use};
        const auto before = earlier ? earlier->usage.uses.find(key) : usage.uses.end();
        if (earlier && before != earlier->usage.uses.end()) {
            row.sent_a_second = rate(use.sent, before->second.sent, earlier->ago);
            row.received_a_second = rate(use.received, before->second.received, earlier->ago);
        }
        rows.push_back(row);
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
        const auto weight = [](const Row& row) {
            return std::tuple(row.sent_a_second + row.received_a_second,
                              row.use->sent + row.use->received);
        };
        return weight(a) > weight(b);
    });
    std::string text = fmt::format("{:>10}  {:>8}  {:>6}  {:>9}  {:>9}  ", "CID", "LISTENER",
                                   "OPEN", "SENT", "RECEIVED");
    if (earlier)
        text += fmt::format("{:>9}  {:>10}  ", "SENT/S", "RECEIVED/S");
    text += fmt::format("{:>9}  TARGET\n", "OLDEST");
    for (const Row& row : rows) {
        if (rows_max-- == 0)
            break;
        const auto& [cid, listener, target] = *row.key;
        text += fmt::format("{:>10}  {:>8}  {:>6}  {:>9}  {:>9}  ", cid, printable(listener),
                            row.use->connections, bytes_text(row.use->sent),
                            bytes_text(row.use->received));
        if (earlier)
            text += fmt::format("{:>9}  {:>10}  ", rate_text(row.sent_a_second),
                                rate_text(row.received_a_second));
        text += fmt::format("{:>9}  {}\n", age_text(row.use->oldest_seconds), printable(target));
    }
    return text;
}

}  // namespace glovebox::cli
