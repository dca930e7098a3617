// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/export_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>

namespace glovebox::inspect {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ExportPage, HasAllOfTheRunAndNothingThatCouldBeCode) {
    const auto subject = ended_run(boost::json::parse(R"({
        "events": [{"event": "output", "message": "</script><script>alert(1)</script><!--"},
                   {"event": "refused", "error": "AccessDenied", "request_id": "r-1"}],
        "decisions": [{"request": {"requestId": "r-1"}, "explanation": "because"}]})")
                                       .as_object());
    const std::string page = export_page(*subject);
    EXPECT_THAT(page, HasSubstr(R"("message":"\u003c/script>\u003cscript>alert(1))"));
    EXPECT_THAT(page, HasSubstr(R"("decisions": {"r-1": {"request")"));
    EXPECT_THAT(page, HasSubstr("script-src 'sha256-"));
    EXPECT_THAT(page, Not(HasSubstr("src=\"inspector.js\"")));
    EXPECT_THAT(page, Not(HasSubstr("\nimport ")));
    EXPECT_THAT(page, Not(HasSubstr("href=\"inspector.css\"")));
    // The page's own two, and no more.
    std::size_t ends = 0;
    for (auto at = page.find("</script"); at != page.npos; at = page.find("</script", at + 1))
        ++ends;
    EXPECT_EQ(ends, 2U);
}

}  // namespace
}  // namespace glovebox::inspect
