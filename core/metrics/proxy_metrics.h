// SPDX-License-Identifier: Apache-2.0

// What a proxy has done, and what it does now: counts for a monitoring system, and its open
// connections one by one.
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
#include <string>
#include <string_view>
#include <utility>
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
};
inline constexpr std::size_t proxy_refusals = 11;
// Of a connection to a target that failed.
[[nodiscard]] ProxyRefusal proxy_refusal_of(const Error& dial_failure);

enum class LookupOutcome { found, name_unknown, failed, timed_out, limit };
inline constexpr std::size_t lookup_outcomes = 5;
[[nodiscard]] LookupOutcome lookup_outcome_of(const Error& failure);

// Made by std::make_shared.
class ProxyMetrics : public std::enable_shared_from_this<ProxyMetrics> {
    struct Connection;

  public:
    using Listener = std::size_t;

    // CIDs beyond are counted together, those first that were idle for the longest time.
    static constexpr std::size_t cids_max = 64;

    ProxyMetrics();
    ProxyMetrics(const ProxyMetrics&) = delete;
    ProxyMetrics& operator=(const ProxyMetrics&) = delete;

    // "8000" and "example.com:443"; the same name twice is one listener.
    [[nodiscard]] Listener add_listener(const std::string& name, const std::string& destination);

    void count_accepted(Listener listener, Cid cid);
    void count_refused(Listener listener, Cid cid, ProxyRefusal why);
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
    [[nodiscard]] Use begin(Listener listener, const VsockAddress& peer, const Target& target);

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
        VsockAddress peer;
        Target target{IpAddress(), 0};
        std::chrono::steady_clock::time_point since;
        bool is_of_others = false;  // its CID is counted together with others
        TrafficCounts traffic;
    };

    CidCounts& counts_of(Cid cid);
    void end(std::list<Connection>::iterator place);
    void write_listeners(class PrometheusText& text) const;
    void write_cids(PrometheusText& text) const;

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
