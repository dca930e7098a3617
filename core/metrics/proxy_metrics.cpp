// SPDX-License-Identifier: Apache-2.0

#include "core/metrics/proxy_metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "core/address/proxy_error.h"
#include "core/base/json_text.h"
#include "core/metrics/prometheus_text.h"

namespace glovebox::core {
namespace {

using std::chrono::steady_clock;

constexpr std::array<double, 14> latency_bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                0.1,    0.25,  0.5,    1,     2.5,  5,     10};
constexpr std::array<double, 9> duration_bounds{0.01, 0.1, 1, 10, 60, 300, 1800, 3600, 21600};

constexpr std::array<std::string_view, proxy_refusals> refusal_names{
    "not_allowed",       "name_unknown",   "lookup_failed", "lookup_timed_out",  "lookup_limit",
    "connect_timed_out", "connect_failed", "bad_request",   "request_timed_out", "bad_response",
    "connection_limit",  "no_route",       "client_limit",  "proxy_refused"};

constexpr std::array<std::string_view, lookup_outcomes> lookup_names{
    "found", "name_unknown", "failed", "timed_out", "limit"};

std::string text_of(const MetricsPeer& peer) {
    return std::visit([](const auto& one) { return to_string(one); }, peer);
}

}  // namespace

ProxyRefusal proxy_refusal_of(const Error& dial_failure) {
    const auto& code = dial_failure.code;
    if (code == ProxyError::not_allowed)
        return ProxyRefusal::not_allowed;
    if (code == ProxyError::name_unknown)
        return ProxyRefusal::name_unknown;
    if (code == ProxyError::lookup_failed)
        return ProxyRefusal::lookup_failed;
    if (code == ProxyError::lookup_timed_out)
        return ProxyRefusal::lookup_timed_out;
    if (code == ProxyError::lookup_queue_full)
        return ProxyRefusal::lookup_limit;
    if (code == ProxyError::connect_timed_out || code == boost::asio::error::timed_out)
        return ProxyRefusal::connect_timed_out;
    if (code == ProxyError::tunnel_refused)
        return ProxyRefusal::proxy_refused;
    return ProxyRefusal::connect_failed;
}

LookupOutcome lookup_outcome_of(const Error& failure) {
    switch (proxy_refusal_of(failure)) {
        case ProxyRefusal::name_unknown:
            return LookupOutcome::name_unknown;
        case ProxyRefusal::lookup_timed_out:
            return LookupOutcome::timed_out;
        case ProxyRefusal::lookup_limit:
            return LookupOutcome::limit;
        default:
            return LookupOutcome::failed;
    }
}

ProxyMetrics::ProxyMetrics(const MetricsOwner& owner)
    : owner_(owner),
      lookups_(latency_bounds),
      dials_(latency_bounds),
      connections_took_(duration_bounds) {}

ProxyMetrics::Listener ProxyMetrics::add_listener(const std::string& name,
                                                  const std::string& destination) {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(listeners_.begin(), listeners_.end(),
                     [&](const ListenerCounts& listener) { return listener.name == name; });
    if (found != listeners_.end())
        return static_cast<Listener>(found - listeners_.begin());
    ListenerCounts& listener = listeners_.emplace_back();
    listener.name = name;
    listener.destination = destination;
    return listeners_.size() - 1;
}

// Makes room by the CID without a connection that was used the longest time ago. If all have some,
// the new one is counted with the others.
ProxyMetrics::CidCounts& ProxyMetrics::counts_of(Cid cid) {
    ++uses_;
    const auto found = cids_.find(cid);
    if (found != cids_.end()) {
        found->second.last_use = uses_;
        return found->second;
    }
    if (cids_.size() == cids_max) {
        auto oldest = cids_.end();
        for (auto one = cids_.begin(); one != cids_.end(); ++one)
            if (one->second.open == 0 &&
                (oldest == cids_.end() || one->second.last_use < oldest->second.last_use))
                oldest = one;
        if (oldest == cids_.end())
            return other_cids_;
        other_cids_.accepted += oldest->second.accepted;
        other_cids_.refused += oldest->second.refused;
        other_cids_.bytes.from_client += oldest->second.bytes.from_client;
        other_cids_.bytes.from_target += oldest->second.bytes.from_target;
        cids_.erase(oldest);
    }
    CidCounts& counts = cids_[cid];
    counts.last_use = uses_;
    return counts;
}

void ProxyMetrics::count_accepted(Listener listener) {
    const std::lock_guard lock(mutex_);
    ++listeners_[listener].accepted;
}

void ProxyMetrics::count_of(Cid cid) {
    const std::lock_guard lock(mutex_);
    ++counts_of(cid).accepted;
}

void ProxyMetrics::count_refused(Listener listener, std::optional<Cid> cid, ProxyRefusal why) {
    const std::lock_guard lock(mutex_);
    ++listeners_[listener].refused[static_cast<std::size_t>(why)];
    if (cid)
        ++counts_of(*cid).refused;
}

void ProxyMetrics::count_response(Listener listener, int status) {
    constexpr int least = 200;
    constexpr int hundred = 100;
    const std::lock_guard lock(mutex_);
    auto& responses = listeners_[listener].responses;
    const auto place = static_cast<std::size_t>(std::max(status - least, 0) / hundred);
    ++responses[std::min(place, responses.size() - 1)];
}

void ProxyMetrics::observe_lookup(steady_clock::duration took, LookupOutcome outcome) {
    lookups_.observe(took);
    lookup_counts_[static_cast<std::size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
}

ProxyMetrics::Use ProxyMetrics::begin(Listener listener, Cid cid, MetricsPeer peer,
                                      MetricsPeer target) {
    const std::lock_guard lock(mutex_);
    ++listeners_[listener].open;
    CidCounts& counts = counts_of(cid);
    ++counts.open;
    Connection& connection = connections_.emplace_back();
    connection.listener = listener;
    connection.cid = cid;
    connection.peer = std::move(peer);
    connection.target = std::move(target);
    connection.since = steady_clock::now();
    connection.is_of_others = &counts == &other_cids_;
    return Use(shared_from_this(), std::prev(connections_.end()));
}

void ProxyMetrics::end(std::list<Connection>::iterator place) {
    connections_took_.observe(steady_clock::now() - place->since);
    const std::lock_guard lock(mutex_);
    const auto add = [&](auto& counts) {
        --counts.open;
        counts.bytes.from_client += place->traffic.from_client.get();
        counts.bytes.from_target += place->traffic.from_target.get();
    };
    add(listeners_[place->listener]);
    add(place->is_of_others ? other_cids_ : cids_[place->cid]);
    connections_.erase(place);
}

ProxyMetrics::Use::~Use() {
    if (metrics_ != nullptr)
        metrics_->end(place_);
}

TrafficCounts& ProxyMetrics::Use::traffic() const {
    return place_->traffic;
}

std::string ProxyMetrics::name(std::string_view rest) const {
    return fmt::format("{}_{}", owner_.prefix, rest);
}

void ProxyMetrics::write_bytes(PrometheusText& text, std::string_view label, std::string_view value,
                               const Bytes& bytes) const {
    text.sample(bytes.from_client, {{label, value}, {"direction", owner_.from_client}});
    text.sample(bytes.from_target, {{label, value}, {"direction", owner_.from_target}});
}

std::string ProxyMetrics::text() const {
    PrometheusText text;
    text.begin(name("draining"), "gauge",
               "Whether nothing more is accepted, and open connections may end.");
    text.sample(life() == Life::draining ? 1U : 0U);
    if (owner_.has_rules)
        write_rules(text);
    text.begin(name("dial_duration_seconds"), "histogram",
               "Time for the connection to a target, over all its addresses, without the lookup.");
    text.sample(dials_);
    text.begin(name("connection_duration_seconds"), "histogram",
               "Time from the opening of a connection to a target to its end.");
    text.sample(connections_took_);
    const std::lock_guard lock(mutex_);
    write_listeners(text);
    write_cids(text);
    return text.take();
}

void ProxyMetrics::write_rules(PrometheusText& text) const {
    text.begin(name("allowlist_reloads_total"), "counter",
               "How often the allowlist was read again, by result.");
    text.sample(reloads_, {{"result", "success"}});
    text.sample(failed_reloads_, {{"result", "failure"}});
    text.begin(name("lookups_total"), "counter", "Lookups of names, by result.");
    for (std::size_t i = 0; i < lookup_outcomes; ++i)
        text.sample(lookup_counts_[i].load(std::memory_order_relaxed),
                    {{"result", lookup_names[i]}});
    text.begin(name("lookup_duration_seconds"), "histogram",
               "Time for the addresses of a name, kept answers included.");
    text.sample(lookups_);
}

// The bytes of a connection that has ended move from it into the counts under the same lock, so no
// total ever falls.
void ProxyMetrics::write_listeners(PrometheusText& text) const {
    std::vector<Bytes> bytes;
    for (const ListenerCounts& listener : listeners_)
        bytes.push_back(listener.bytes);
    for (const Connection& connection : connections_) {
        bytes[connection.listener].from_client += connection.traffic.from_client.get();
        bytes[connection.listener].from_target += connection.traffic.from_target.get();
    }
    text.begin(name("listener_info"), "gauge", "Where a listener leads to.");
    for (const ListenerCounts& listener : listeners_)
        text.sample(1, {{"listener", listener.name}, {"target", listener.destination}});
    text.begin(name("connections_accepted_total"), "counter", "Connections that were accepted.");
    for (const ListenerCounts& listener : listeners_)
        text.sample(listener.accepted, {{"listener", listener.name}});
    text.begin(name("open_connections"), "gauge", "Open connections to targets.");
    for (const ListenerCounts& listener : listeners_)
        text.sample(listener.open, {{"listener", listener.name}});
    text.begin(name("refusals_total"), "counter",
               "Connections and requests that were not carried, by reason.");
    for (const ListenerCounts& listener : listeners_)
        for (std::size_t i = 0; i < owner_.refusals; ++i)
            text.sample(listener.refused[i],
                        {{"listener", listener.name}, {"reason", refusal_names[i]}});
    text.begin(name("http_responses_total"), "counter",
               "Responses of targets to HTTP requests, by the class of their status.");
    for (const ListenerCounts& listener : listeners_)
        for (std::size_t i = 0; i < listener.responses.size(); ++i)
            text.sample(listener.responses[i],
                        {{"listener", listener.name}, {"class", fmt::format("{}xx", i + 2)}});
    text.begin(name("bytes_total"), "counter", "Bytes carried, by direction.");
    for (std::size_t i = 0; i < listeners_.size(); ++i)
        write_bytes(text, "listener", listeners_[i].name, bytes[i]);
}

void ProxyMetrics::write_cids(PrometheusText& text) const {
    std::map<Cid, CidCounts> cids = cids_;
    CidCounts others = other_cids_;
    for (const Connection& connection : connections_) {
        CidCounts& counts = connection.is_of_others ? others : cids[connection.cid];
        counts.bytes.from_client += connection.traffic.from_client.get();
        counts.bytes.from_target += connection.traffic.from_target.get();
    }
    const auto for_each = [&](const auto& write) {
        for (const auto& [cid, counts] : cids)
            write(fmt::format("{}", cid), counts);
        write("other", others);
    };
    text.begin(name("cid_connections_accepted_total"), "counter",
               "Connections that were accepted from an enclave or for it, by its CID.");
    for_each([&](const std::string& cid, const CidCounts& counts) {
        text.sample(counts.accepted, {{"cid", cid}});
    });
    text.begin(name("cid_open_connections"), "gauge", "Open connections of an enclave.");
    for_each([&](const std::string& cid, const CidCounts& counts) {
        text.sample(counts.open, {{"cid", cid}});
    });
    text.begin(name("cid_refusals_total"), "counter",
               "Connections and requests of an enclave that were not carried.");
    for_each([&](const std::string& cid, const CidCounts& counts) {
        text.sample(counts.refused, {{"cid", cid}});
    });
    text.begin(name("cid_bytes_total"), "counter", "Bytes carried for an enclave, by direction.");
    for_each([&](const std::string& cid, const CidCounts& counts) {
        write_bytes(text, "cid", cid, counts.bytes);
    });
}

std::string ProxyMetrics::connections_as_json() const {
    const auto now = steady_clock::now();
    const std::lock_guard lock(mutex_);
    std::string text = "{\"connections\":[";
    const char* separator = "";
    for (const Connection& connection : connections_) {
        text += fmt::format(
            "{}{{\"listener\":{},\"cid\":{},\"peer\":{},\"target\":{},\"seconds\":{:.3f},"
            "\"bytes_sent\":{},\"bytes_received\":{}}}",
            separator, json_quote(listeners_[connection.listener].name), connection.cid,
            json_quote(text_of(connection.peer)), json_quote(text_of(connection.target)),
            std::chrono::duration<double>(now - connection.since).count(),
            connection.traffic.from_client.get(), connection.traffic.from_target.get());
        separator = ",";
    }
    return text + "]}\n";
}

}  // namespace glovebox::core
