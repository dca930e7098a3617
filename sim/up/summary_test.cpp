// SPDX-License-Identifier: Apache-2.0

#include "sim/up/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::up {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Summary, SaysWhatFailedAndWhy) {
    WorldFile world;
    EnclavePart part;
    part.name = "a|b";
    part.label = "a|b";
    part.cid = 16;
    world.enclaves.push_back(part);
    WorldReport report(world);
    report.take(entry_of_output("a|b", "the last line"));
    WorldOutcome outcome;
    outcome.file = "world.yaml";
    outcome.command = {"python3", "test.py"};
    outcome.status = 7;
    outcome.failures = {"enclave a|b ended with status 3"};
    outcome.failed_parts = {"a|b"};
    outcome.artifacts = "kept";
    KmsRecord kms;
    kms.refused = {"Decrypt by arn:a: Denied: <b>"};
    kms.explanations = {"now ```\n"};
    EXPECT_EQ(world_summary(outcome, report, kms), R"(## Glovebox: `world.yaml` failed

`python3 test.py` ended with status 7.

* `enclave a\|b ended with status 3`

<details><summary>Last lines of a part that failed</summary>

```text
a|b:
the last line
```

</details>

### Enclaves

| enclave | CID | memory | end |
|---|---|---|---|
| `a\|b` | 16 | not limited | ran until the world ended |

### Refused by the KMS

* `Decrypt by arn:a: Denied: <b>`

<details><summary>How the policies decide</summary>

````text
now ```
````

</details>

The timeline, the consoles and the KMS's explanations are in `kept`.
)");
}

TEST(Summary, OfAWorldThatPassedHasNoEmptyParts) {
    WorldOutcome outcome;
    outcome.file = "world.yaml";
    outcome.is_good = true;
    EXPECT_EQ(world_summary(outcome, WorldReport({}), {}), "## Glovebox: `world.yaml` passed\n\n");
}

TEST(Summary, OfAKmsHasItsRefusals) {
    EXPECT_EQ(kms_summary({}, "t"),
              "## Glovebox: KMS\n\nNo request was refused.\n\nThe trace of all requests is `t`.\n");
    KmsRecord kms;
    kms.refused = {"Decrypt"};
    kms.explanations = {"x"};
    EXPECT_THAT(kms_summary(kms, "t"),
                testing::AllOf(HasSubstr("* `Decrypt`\n"), Not(HasSubstr("No request"))));
}

TEST(SummaryFile, IsAppendedTo) {
    const TemporaryDirectory folder;
    const std::string name = (std::filesystem::path(folder.path()) / "summary.md").string();
    std::ofstream(name) << "before";
    ASSERT_TRUE(SummaryFile::open(name).value().append("one\n"));
    ASSERT_TRUE(SummaryFile::open(name).value().append("two\n"));
    std::ostringstream text;
    text << std::ifstream(name).rdbuf();
    EXPECT_EQ(text.str(), "before\none\n\ntwo\n\n");
    const auto refused = SummaryFile::open(folder.path() + "/missing/summary.md");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("--summary: cannot open"));
}

}  // namespace
}  // namespace glovebox::up
