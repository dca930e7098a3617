// SPDX-License-Identifier: Apache-2.0

// What a proxy or a forwarder has done, and what it does now: counts for a monitoring system, and
// its open connections one by one.
//
// Any thread may call anything. A connection takes a lock when it opens and when it ends, and none
// in between: the bytes that it carries are counted by its own thread (relay/traffic_counts.h).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/address/target.h"
#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/metrics/histogram.h"
#include "core/relay/traffic_counts.h"

namespace glovebox::core {

// Why a connection or a request was not carried.
enum class ProxyRefusal {
    not_allowed,        // by the allowlist
    name_unknown,       // the name does not exist
    lookup_failed,      // the name servers could not answer
    lookup_timed_out,   // or not in time
    lookup_limit,       // too many lookups were under way
    connect_timed_out,  // the target did not answer in time
    connect_failed,     // it refused, or there is no way to it
    bad_request,        // the client's request is malformed
    request_timed_out,  // or did not come in time
    bad_response,       // the target's response is malformed or broke off
    connection_limit,   // too many connections were open or waiting
    // Of a forwarder.
    no_route,       // no route leads to the name that the client asked for
    client_limit,   // the client has too many connections, or makes them too fast
    proxy_refused,  // the parent's proxy does not open the connection
};
inline constexpr std::size_t proxy_refusals = 14;
inline constexpr std::size_t proxy_only_refusals = 11;
// Of a connection to a target that failed.
[[nodiscard]] ProxyRefusal proxy_refusal_of(const Error& dial_failure);

enum class LookupOutcome { found, name_unknown, failed, timed_out, limit };
inline constexpr std::size_t lookup_outcomes = 5;
[[nodiscard]] LookupOutcome lookup_outcome_of(const Error& failure);

// Who has the metrics, and how they are called.
struct MetricsOwner {
    std::string_view prefix;  // of each name
    std::string_view from_client;
    std::string_view from_target;
    bool has_rules = false;  // and looks names up
    std::size_t refusals = proxy_refusals;
};
inline constexpr MetricsOwner metrics_of_proxy{"glovebox_proxy", "from_enclave", "to_enclave", true,
                                               proxy_only_refusals};
inline constexpr MetricsOwner metrics_of_forwarder{"glovebox_forward", "from_client", "to_client"};

// One end of a connection.
using MetricsPeer = std::variant<VsockAddress, Target>;

// Made by std::make_shared.
class ProxyMetrics : public std::enable_shared_from_this<ProxyMetrics> {
    struct Connection;

  public:
    using Listener = std::size_t;

    // CIDs beyond are counted together, those first that were idle for the longest time.
    static constexpr std::size_t cids_max = 64;

    explicit ProxyMetrics(const MetricsOwner& owner = metrics_of_proxy);
    ProxyMetrics(const ProxyMetrics&) = delete;
    ProxyMetrics& operator=(const ProxyMetrics&) = delete;

    // "8000" and "example.com:443"; the same name twice is one listener.
    [[nodiscard]] Listener add_listener(const std::string& name, const std::string& destination);

    void count_accepted(Listener listener);
    // A connection from an enclave or for it, the parent counted as one.
    void count_of(Cid cid);
    // Without a CID if it is not known to which enclave it would have led.
    void count_refused(Listener listener, std::optional<Cid> cid, ProxyRefusal why);
    // A response to a request of HTTP, by its status.
    void count_response(Listener listener, int status);
    void observe_lookup(std::chrono::steady_clock::duration took, LookupOutcome outcome);
    void observe_dial(std::chrono::steady_clock::duration took) { dials_.observe(took); }
    void count_reload(bool succeeded) { ++(succeeded ? reloads_ : failed_reloads_); }

    // A connection to a target, from its opening to its end. It keeps the metrics: one that is left
    // when a proxy has ended belongs to its event loop.
    class Use {
      public:
        Use(Use&& other) noexcept : metrics_(std::move(other.metrics_)), place_(other.place_) {}
        Use& operator=(Use&&) = delete;
        ~Use();

        [[nodiscard]] TrafficCounts& traffic() const;

      private:
        friend class ProxyMetrics;
        Use(std::shared_ptr<ProxyMetrics> metrics, std::list<Connection>::iterator place)
            : metrics_(std::move(metrics)), place_(place) {}

        std::shared_ptr<ProxyMetrics> metrics_;  // null when it was moved from
        std::list<Connection>::iterator place_;
    };
    [[nodiscard]] Use begin(Listener listener, Cid cid, MetricsPeer peer, MetricsPeer target);

    enum class Life { starting, ready, draining };
    void set_life(Life life) { life_ = life; }
    [[nodiscard]] Life life() const { return life_; }

    // The metrics in Prometheus' text format.
    [[nodiscard]] std::string text() const;
    // The open connections, as one JSON object.
    [[nodiscard]] std::string connections_as_json() const;

  private:
    struct Bytes {
        std::uint64_t from_client = 0;
        std::uint64_t from_target = 0;
    };
    struct ListenerCounts {
        std::string name;
        std::string destination;
        std::uint64_t accepted = 0;
        std::uint64_t open = 0;
        Bytes bytes;  // of connections that have ended
        std::array<std::uint64_t, proxy_refusals> refused{};
        std::array<std::uint64_t, 4> responses{};  // 2xx to 5xx
    };
    struct CidCounts {
        std::uint64_t accepted = 0;
        std::uint64_t refused = 0;
        std::uint64_t open = 0;
        Bytes bytes;
        std::uint64_t last_use = 0;
    };
    struct Connection {
        Listener listener = 0;
        Cid cid = cid_any;
        MetricsPeer peer;
        MetricsPeer target;
        std::chrono::steady_clock::time_point since;
        bool is_of_others = false;  // its CID is counted together with others
        TrafficCounts traffic;
    };

    CidCounts& counts_of(Cid cid);
    void end(std::list<Connection>::iterator place);
    [[nodiscard]] std::string name(std::string_view rest) const;
    void write_bytes(class PrometheusText& text, std::string_view label, std::string_view value,
                     const Bytes& bytes) const;
    void write_rules(PrometheusText& text) const;
    void write_listeners(PrometheusText& text) const;
    void write_cids(PrometheusText& text) const;

    const MetricsOwner owner_;
    Histogram lookups_;
    Histogram dials_;
    Histogram connections_took_;
    std::array<std::atomic<std::uint64_t>, lookup_outcomes> lookup_counts_{};
    std::atomic<std::uint64_t> reloads_{0};
    std::atomic<std::uint64_t> failed_reloads_{0};
    std::atomic<Life> life_{Life::starting};

    mutable std::mutex mutex_;  // of all below
    std::vector<ListenerCounts> listeners_;
    std::map<Cid, CidCounts> cids_;
    CidCounts other_cids_;
    std::uint64_t uses_ = 0;
    std::list<Connection> connections_;
};

}  // namespace glovebox::core
