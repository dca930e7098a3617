// SPDX-License-Identifier: Apache-2.0

#include "sim/up/kms_refusals.h"

#include <filesystem>
#include <optional>

#include "core/base/file_bytes.h"
#include "core/base/printable.h"
#include "sim/kms/explain.h"

namespace glovebox::up {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t trace_bytes_max = std::size_t{1} << 30;
constexpr std::size_t shown_max = 10;

}  // namespace

KmsRefusals::KmsRefusals(std::string trace)
    : trace_(std::move(trace)),
      begun_(kms::identity_of(trace_)),
      former_(kms::identity_of(kms::former_file(trace_))) {
    std::error_code failure;
    const auto size = fs::file_size(trace_, failure);
    begin_ = failure ? 0 : size;
}

std::string KmsRefusals::gained() const {
    const auto rest = [](const std::string& file, std::uintmax_t begin) {
        const auto content = read_file_bytes(file, trace_bytes_max);
        return content && content->size() > begin ? std::string(as_text(*content).substr(begin))
                                                  : std::string();
    };
    const auto now = kms::identity_of(trace_);
    if (now == begun_)
        return rest(trace_, begin_);
    const std::string former = kms::former_file(trace_);
    const auto former_now = kms::identity_of(former);
    const std::string older =
        former_now == former_ ? "" : rest(former, former_now == begun_ ? begin_ : 0);
    return older + rest(trace_, 0);
}

KmsRecord KmsRefusals::read() const {
    KmsRecord record;
    record.trace = gained();
    for (kms::Refusal& refusal : kms::list_refusals(record.trace)) {
        if (record.refused.size() == shown_max) {
            ++record.further_kinds;
            continue;
        }
        record.refused.push_back(std::move(refusal.sentence));
        auto explanation = kms::explain(refusal.record, std::nullopt);
        record.explanations.push_back(explanation ? std::move(explanation->text)
                                                  : printable(explanation.error().message) + "\n");
    }
    return record;
}

}  // namespace glovebox::up
