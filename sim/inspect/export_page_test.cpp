// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/export_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
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
    std::string page;
    ExportPage pieces(*subject);
    while (const auto piece = pieces.next())
        page += *piece;
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

TEST(ExportPage, ComesInPiecesThatDoNotGrowWithTheRun) {
    boost::json::array events;
    for (int number = 0; number < 5000; ++number)
        events.push_back(boost::json::object{{"event", "output"}, {"message", number}});
    const auto subject = ended_run({{"events", events}});
    ExportPage pieces(*subject);
    std::string run;
    std::size_t longest = 0;
    static_cast<void>(pieces.next());  // the page before its events
    for (auto piece = pieces.next(); piece && !piece->starts_with("]"); piece = pieces.next()) {
        longest = std::max(longest, piece->size());
        run += *piece;
    }
    EXPECT_EQ(boost::json::parse("[" + run + "]"), events);
    EXPECT_LT(longest, run.size() / 5);
}

}  // namespace
}  // namespace glovebox::inspect
