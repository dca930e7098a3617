// SPDX-License-Identifier: Apache-2.0

#include "core/metrics/proxy_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace glovebox::core {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Target target_of(std::string_view text) {
    return parse_target(text).value();
}

TEST(ProxyMetrics, CountsByListenerAndByCid) {
    const auto owner = std::make_shared<ProxyMetrics>();
    ProxyMetrics& metrics = *owner;
    const auto first = metrics.add_listener("8000", "a.example:443");
    const auto second = metrics.add_listener("8001", "CONNECT");
    EXPECT_EQ(metrics.add_listener("8000", "a.example:443"), first);
    metrics.count_accepted(first);
    metrics.count_of(16);
    metrics.count_accepted(second);
    metrics.count_of(16);
    metrics.count_accepted(second);
    metrics.count_of(17);
    metrics.count_refused(second, 17, ProxyRefusal::not_allowed);
    metrics.count_response(second, 204);
    metrics.count_response(second, 599);
    EXPECT_THAT(
        metrics.text(),
        AllOf(HasSubstr("glovebox_proxy_listener_info{listener=\"8001\",target=\"CONNECT\"} 1\n"),
              HasSubstr("glovebox_proxy_connections_accepted_total{listener=\"8000\"} 1\n"),
              HasSubstr("glovebox_proxy_connections_accepted_total{listener=\"8001\"} 2\n"),
              HasSubstr(
                  "glovebox_proxy_refusals_total{listener=\"8001\",reason=\"not_allowed\"} 1\n"),
              HasSubstr(
                  "glovebox_proxy_refusals_total{listener=\"8000\",reason=\"not_allowed\"} 0\n"),
              HasSubstr("glovebox_proxy_http_responses_total{listener=\"8001\",class=\"2xx\"} 1\n"),
              HasSubstr("glovebox_proxy_http_responses_total{listener=\"8001\",class=\"5xx\"} 1\n"),
              HasSubstr("glovebox_proxy_cid_connections_accepted_total{cid=\"16\"} 2\n"),
              HasSubstr("glovebox_proxy_cid_refusals_total{cid=\"17\"} 1\n")));
}

TEST(ProxyMetrics, BytesCountWhileAConnectionIsOpenAndAfterwards) {
    const auto owner = std::make_shared<ProxyMetrics>();
    ProxyMetrics& metrics = *owner;
    const auto listener = metrics.add_listener("8000", "a.example:443");
    std::optional use =
        metrics.begin(listener, 16, VsockAddress{16, 1024}, target_of("a.example:443"));
    use->traffic().from_client.add(10);
    use->traffic().from_target.add(5);
    const auto counted = AllOf(
        HasSubstr("glovebox_proxy_bytes_total{listener=\"8000\",direction=\"from_enclave\"} 10\n"),
        HasSubstr("glovebox_proxy_bytes_total{listener=\"8000\",direction=\"to_enclave\"} 5\n"),
        HasSubstr("glovebox_proxy_cid_bytes_total{cid=\"16\",direction=\"from_enclave\"} 10\n"));
    EXPECT_THAT(metrics.text(),
                AllOf(counted, HasSubstr("glovebox_proxy_open_connections{listener=\"8000\"} 1\n"),
                      HasSubstr("glovebox_proxy_connection_duration_seconds_count 0\n")));
    EXPECT_THAT(metrics.connections_as_json(),
                AllOf(HasSubstr("\"listener\":\"8000\",\"cid\":16,\"peer\":\"16:1024\","
                                "\"target\":\"a.example:443\""),
                      HasSubstr("\"bytes_sent\":10,\"bytes_received\":5}")));
    use.reset();
    EXPECT_THAT(metrics.text(),
                AllOf(counted, HasSubstr("glovebox_proxy_open_connections{listener=\"8000\"} 0\n"),
                      HasSubstr("glovebox_proxy_connection_duration_seconds_count 1\n")));
    EXPECT_EQ(metrics.connections_as_json(), "{\"connections\":[]}\n");
}

TEST(ProxyMetrics, HistogramsAddUp) {
    const auto owner = std::make_shared<ProxyMetrics>();
    ProxyMetrics& metrics = *owner;
    metrics.observe_lookup(2ms, LookupOutcome::found);
    metrics.observe_lookup(30ms, LookupOutcome::timed_out);
    metrics.observe_lookup(60s, LookupOutcome::found);
    EXPECT_THAT(metrics.text(),
                AllOf(HasSubstr("glovebox_proxy_lookup_duration_seconds_bucket{le=\"0.001\"} 0\n"),
                      HasSubstr("glovebox_proxy_lookup_duration_seconds_bucket{le=\"0.0025\"} 1\n"),
                      HasSubstr("glovebox_proxy_lookup_duration_seconds_bucket{le=\"10\"} 2\n"),
                      HasSubstr("glovebox_proxy_lookup_duration_seconds_bucket{le=\"+Inf\"} 3\n"),
                      HasSubstr("glovebox_proxy_lookup_duration_seconds_sum 60.032\n"),
                      HasSubstr("glovebox_proxy_lookup_duration_seconds_count 3\n"),
                      HasSubstr("glovebox_proxy_lookups_total{result=\"timed_out\"} 1\n")));
}

// A parent lives longer than its enclaves, whose CIDs go up: the series stay few, and no total
// falls.
TEST(ProxyMetrics, CidsAreBounded) {
    const auto owner = std::make_shared<ProxyMetrics>();
    ProxyMetrics& metrics = *owner;
    const auto listener = metrics.add_listener("8000", "a.example:443");
    std::optional busy =
        metrics.begin(listener, 16, VsockAddress{16, 1024}, target_of("a.example:443"));
    for (Cid cid = 17; cid < 17 + 3 * ProxyMetrics::cids_max; ++cid) {
        metrics.count_accepted(listener);
        metrics.count_of(cid);
        auto use =
            metrics.begin(listener, cid, VsockAddress{cid, 1024}, target_of("a.example:443"));
        use.traffic().from_client.add(1);
    }
    busy->traffic().from_client.add(7);
    const std::string text = metrics.text();
    std::size_t series = 0;
    for (std::size_t at = 0;
         (at = text.find("glovebox_proxy_cid_open_connections{", at)) != text.npos; ++at)
        ++series;
    EXPECT_EQ(series, ProxyMetrics::cids_max + 1);
    EXPECT_THAT(text,
                AllOf(HasSubstr("cid_bytes_total{cid=\"16\",direction=\"from_enclave\"} 7\n"),
                      HasSubstr("cid_bytes_total{cid=\"other\",direction=\"from_enclave\"} 129\n"),
                      Not(HasSubstr("cid=\"17\""))));
}

TEST(ProxyMetrics, ACidWithoutRoomIsCountedWithTheOthers) {
    const auto owner = std::make_shared<ProxyMetrics>();
    ProxyMetrics& metrics = *owner;
    const auto listener = metrics.add_listener("8000", "a.example:443");
    std::vector<ProxyMetrics::Use> uses;
    for (Cid cid = 16; cid < 16 + ProxyMetrics::cids_max + 2; ++cid)
        uses.push_back(
            metrics.begin(listener, cid, VsockAddress{cid, 1024}, target_of("a.example:443")));
    EXPECT_THAT(metrics.text(),
                HasSubstr("glovebox_proxy_cid_open_connections{cid=\"other\"} 2\n"));
    uses.clear();
    EXPECT_THAT(metrics.text(),
                HasSubstr("glovebox_proxy_cid_open_connections{cid=\"other\"} 0\n"));
}

TEST(ProxyMetrics, ThreadsCountExactly) {
    const auto owner = std::make_shared<ProxyMetrics>();
    ProxyMetrics& metrics = *owner;
    const auto listener = metrics.add_listener("8000", "a.example:443");
    constexpr int each = 5000;
    std::vector<std::thread> threads;
    for (Cid cid = 16; cid < 20; ++cid)
        threads.emplace_back([&metrics, listener, cid] {
            for (int i = 0; i < each; ++i) {
                metrics.count_accepted(listener);
                metrics.count_of(cid);
                metrics.observe_dial(1ms);
                auto use = metrics.begin(listener, cid, VsockAddress{cid, 1024},
                                         target_of("a.example:443"));
                use.traffic().from_client.add(3);
            }
        });
    for (int i = 0; i < 100; ++i)
        EXPECT_THAT(metrics.text(), HasSubstr("glovebox_proxy_open_connections"));
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_THAT(
        metrics.text(),
        AllOf(HasSubstr("connections_accepted_total{listener=\"8000\"} 20000\n"),
              HasSubstr("bytes_total{listener=\"8000\",direction=\"from_enclave\"} 60000\n"),
              HasSubstr("dial_duration_seconds_count 20000\n"),
              HasSubstr("connection_duration_seconds_count 20000\n")));
}

}  // namespace
}  // namespace glovebox::core
