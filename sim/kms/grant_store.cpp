// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/grant_store.h"

#include <fmt/core.h>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"

namespace glovebox::kms {
namespace {

using policy::Grant;

// The column of a row that has a grant as JSON.
Grant grant_in(const Query& row, int column) {
    return policy::parse_grant(read_json(row.text(column)).value().as_object()).value();
}

Result<std::optional<Grant>> first_grant(Query query) {
    const auto row = query.step();
    if (!row)
        return row.error();
    return *row ? std::optional(grant_in(query, 0)) : std::nullopt;
}

Result<std::vector<Grant>> all_grants(Query query) {
    std::vector<Grant> grants;
    for (;;) {
        const auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            return grants;
        grants.push_back(grant_in(query, 0));
    }
}

}  // namespace

Result<void> GrantStore::add(const Grant& grant, std::string_view token) {
    const std::lock_guard lock(shared_.mutex);
    Query query = shared_.database->query("INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?)");
    query.bind(grant.id).bind(grant.key_id).bind(region_).bind(grant.grantee).bind(grant.retiring);
    query.bind(token).bind(json_text(policy::to_json(grant)));
    const auto added = query.run();
    if (!added)
        return added.error();
    return {};
}

Result<std::optional<Grant>> GrantStore::find(std::string_view id) {
    const std::lock_guard lock(shared_.mutex);
    Query query =
        shared_.database->query("SELECT \"grant\" FROM grants WHERE id = ? AND region = ?");
    query.bind(id).bind(region_);
    return first_grant(std::move(query));
}

Result<std::optional<Grant>> GrantStore::find_by_token(std::string_view token) {
    const std::lock_guard lock(shared_.mutex);
    Query query =
        shared_.database->query("SELECT \"grant\" FROM grants WHERE token = ? AND region = ?");
    query.bind(token).bind(region_);
    return first_grant(std::move(query));
}

Result<std::string> GrantStore::token_of(std::string_view id) {
    const std::lock_guard lock(shared_.mutex);
    Query query = shared_.database->query("SELECT token FROM grants WHERE id = ? AND region = ?");
    query.bind(id).bind(region_);
    const auto row = query.step();
    if (!row)
        return row.error();
    return *row ? query.text(0) : std::string();
}

Result<bool> GrantStore::remove(std::string_view id) {
    const std::lock_guard lock(shared_.mutex);
    Query query = shared_.database->query("DELETE FROM grants WHERE id = ? AND region = ?");
    query.bind(id).bind(region_);
    const auto removed = query.run();
    if (!removed)
        return removed.error();
    return *removed == 1;
}

Result<std::vector<Grant>> GrantStore::of_key(std::string_view key_id, std::string_view grantee,
                                              std::string_view after, std::size_t limit,
                                              std::string_view id) {
    const std::lock_guard lock(shared_.mutex);
    Query query = shared_.database->query(
        fmt::format("SELECT \"grant\" FROM grants WHERE key_id = ? AND region = ? AND id > ?{}{} "
                    "ORDER BY id LIMIT ?",
                    grantee.empty() ? "" : " AND grantee = ?", id.empty() ? "" : " AND id = ?"));
    query.bind(key_id).bind(region_).bind(after);
    if (!grantee.empty())
        query.bind(grantee);
    if (!id.empty())
        query.bind(id);
    query.bind(static_cast<std::int64_t>(limit));
    return all_grants(std::move(query));
}

Result<std::vector<Grant>> GrantStore::retirable_by(std::string_view principal,
                                                    std::string_view after, std::size_t limit) {
    const std::lock_guard lock(shared_.mutex);
    Query query = shared_.database->query(
        "SELECT \"grant\" FROM grants WHERE retiring = ? AND region = ? AND id > ? ORDER BY id "
        "LIMIT ?");
    query.bind(principal).bind(region_).bind(after).bind(static_cast<std::int64_t>(limit));
    return all_grants(std::move(query));
}

}  // namespace glovebox::kms
