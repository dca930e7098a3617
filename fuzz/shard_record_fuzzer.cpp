// SPDX-License-Identifier: Apache-2.0

// Any text as the record of a shard. What is read can be merged, with itself and as the record of
// another shard, and no report loses its form: JSON can be read again, and markup ends where it
// began.

#include <string>
#include <vector>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "fuzz/require.h"
#include "sim/up/merge_document.h"
#include "sim/up/merge_pages.h"
#include "sim/up/merged_run.h"
#include "sim/up/record_reader.h"

using namespace glovebox;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto record =
        up::parse_run_record(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!record) {
        require(!record.error().message.empty());
        return 0;
    }
    const auto shard = up::shard_record("run.json", *record);
    if (!shard) {
        require(!shard.error().message.empty());
        return 0;
    }
    require(shard->shard.index < shard->shard.total && shard->shard.total <= up::shards_max);
    const up::MergedRun run = up::merge_shards({*shard, *shard}, {});
    require(run.shards.size() == 2);
    require(run.missing.size() == run.total - 1);
    const std::string document = json_document(up::merge_document(run, "1.0"));
    require(read_json(document).has_value());
    const std::string junit = up::merge_junit(run);
    require(junit.ends_with("</testsuites>\n"));
    const std::string page = up::merge_page(run);
    require(page.find("<script") == std::string::npos);
    require(page.ends_with("</html>\n"));
    require(up::merge_markdown(run).starts_with("## Glovebox: the run "));
    const std::string text = up::merge_text(run);
    require(text.find('\x1b') == std::string::npos);
    return 0;
}
