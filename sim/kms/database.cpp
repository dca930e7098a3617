// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/database.h"

namespace glovebox::kms {

Query& Query::bind(std::string_view text) {
    execution_->bind_text(text);
    return *this;
}

Query& Query::bind(BytesView bytes) {
    execution_->bind_bytes(bytes);
    return *this;
}

Query& Query::bind(std::int64_t number) {
    execution_->bind_number(number);
    return *this;
}

Query& Query::bind(std::optional<std::int64_t> number) {
    if (number)
        execution_->bind_number(*number);
    else
        execution_->bind_null();
    return *this;
}

Result<void> Database::begin() {
    auto begun = depth_ == 0 ? begin_outer() : begin_inner();
    if (begun)
        ++depth_;
    return begun;
}

Result<void> Database::commit() {
    auto committed = depth_ == 1 ? commit_outer() : commit_inner();
    if (committed)
        --depth_;
    return committed;
}

void Database::rollback() {
    --depth_;
    if (depth_ == 0)
        rollback_outer();
    else
        rollback_inner();
}

}  // namespace glovebox::kms
