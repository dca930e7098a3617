// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/inspector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>

#include "sim/inspect/assets.h"

namespace glovebox::inspect {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

boost::json::object record_of(std::string_view text) {
    return boost::json::parse(text).as_object();
}

class InspectorTest : public testing::Test {
  protected:
    InspectorTest() { inspector_.is_at("127.0.0.1:4600"); }

    static http::Request request(std::string target, std::string host = "127.0.0.1:4600") {
        http::Request one;
        one.method = "GET";
        one.target = std::move(target);
        one.headers = {{"Host", std::move(host)}};
        return one;
    }
    [[nodiscard]] http::Response get(const std::string& name) const {
        return inspector_.answer(request("/secret/" + name));
    }
    static std::string all_pieces(const http::Response& response) {
        std::string all = response.body;
        while (const auto piece = response.pieces())
            all += *piece;
        return all;
    }

    std::unique_ptr<Subject> subject_ = ended_run(record_of(R"({
        "events": [{"event": "world", "message": "w"}, {"event": "output", "message": "</script>"}],
        "decisions": [{"request": {"requestId": "r-1"}, "explanation": "because"}]})"));
    SystemClock clock_;
    Inspector inspector_{
        *subject_,
        clock_,
        {.token = "secret", .images = {"/nonexistent/a.eif"}, .document = {}, .mock_root = [] {
             return invalid_input("no root");
         }}};
};

TEST_F(InspectorTest, ThePageForbidsWhatIsNotItsOwn) {
    const auto page = get("");
    EXPECT_EQ(page.status, 200U);
    EXPECT_THAT(page.body, StartsWith("<!doctype html>"));
    EXPECT_THAT(page.header("Content-Security-Policy").value(),
                HasSubstr("default-src 'none'; script-src 'self'"));
    EXPECT_EQ(page.header("Referrer-Policy"), "no-referrer");
    EXPECT_THAT(get("inspector.js").header("Content-Type").value(), StartsWith("text/javascript"));
}

TEST_F(InspectorTest, EveryModuleThatIsImportedIsServed) {
    for (const Asset& asset : assets()) {
        std::string_view rest = asset.content;
        for (auto at = rest.find(" from \"./"); at != rest.npos; at = rest.find(" from \"./")) {
            rest.remove_prefix(at + 9);
            EXPECT_NE(find_asset(rest.substr(0, rest.find('"'))), nullptr) << asset.name;
        }
        EXPECT_EQ(get(std::string(asset.name)).body, asset.content);
    }
}

TEST_F(InspectorTest, OnlyItsTokenOpensIt) {
    for (const char* const target :
         {"/", "/secre", "/secret1", "/Secret/", "/secre/", "/secret1/events", "//", "/%73ecret/",
          "http://127.0.0.1:4600/secret/", "*"}) {
        const auto answer = inspector_.answer(request(target));
        EXPECT_GE(answer.status, 400U) << target;
        EXPECT_THAT(answer.body, HasSubstr("error")) << target;
    }
}

TEST_F(InspectorTest, AnotherHostIsANameThatWasLedHere) {
    EXPECT_EQ(inspector_.answer(request("/secret/", "localhost:4600")).status, 200U);
    for (const char* const host : {"evil.example:4600", "127.0.0.1", "127.0.0.1:4601", "",
                                   "evil.example", "localhost.evil.example:4600"})
        EXPECT_EQ(inspector_.answer(request("/secret/", host)).status, 421U) << host;
}

TEST_F(InspectorTest, TheRefusalOfAHostSaysWhatToDo) {
    EXPECT_THAT(inspector_.answer(request("/secret/", "127.0.0.1:8080")).body,
                AllOf(HasSubstr("127.0.0.1:8080"), HasSubstr("open http://127.0.0.1:4600/"),
                      HasSubstr("forward a port of the same number")));
}

TEST_F(InspectorTest, TheHostOfPort80NeedsNoPort) {
    inspector_.is_at("127.0.0.1:80");
    for (const char* const host : {"127.0.0.1", "localhost", "127.0.0.1:80", "localhost:80"})
        EXPECT_EQ(inspector_.answer(request("/secret/", host)).status, 200U) << host;
    for (const char* const host : {"evil.example", "127.0.0.1:8080", ""})
        EXPECT_EQ(inspector_.answer(request("/secret/", host)).status, 421U) << host;
}

TEST_F(InspectorTest, TheTokenAloneLeadsToThePage) {
    const auto moved = inspector_.answer(request("/secret"));
    EXPECT_EQ(moved.status, 308U);
    EXPECT_EQ(moved.header("Location"), "/secret/");
    EXPECT_FALSE(inspector_.answer(request("/wrong")).header("Location"));
}

TEST_F(InspectorTest, HeadIsAnsweredAsGet) {
    auto head = request("/secret/");
    head.method = "HEAD";
    EXPECT_EQ(inspector_.answer(head).status, 200U);
    EXPECT_EQ(inspector_.answer(head).headers.size(), get("").headers.size());
}

TEST_F(InspectorTest, ALinkOnAnotherSiteOpensThePageAlone) {
    const auto follow = [&](const char* target, const char* mode, const char* dest) {
        auto one = request(target);
        one.headers.insert(
            one.headers.end(),
            {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", mode}, {"Sec-Fetch-Dest", dest}});
        return inspector_.answer(one).status;
    };
    EXPECT_EQ(follow("/secret/", "navigate", "document"), 200U);
    EXPECT_EQ(follow("/secret", "navigate", "document"), 308U);
    EXPECT_EQ(follow("/wrong/", "navigate", "document"), 403U);
    EXPECT_EQ(follow("/secret/", "navigate", "iframe"), 421U);
    EXPECT_EQ(follow("/secret/", "no-cors", "document"), 421U);
    EXPECT_EQ(follow("/secret/export", "navigate", "document"), 421U);
    EXPECT_EQ(follow("/secret/events", "cors", "empty"), 421U);
}

TEST_F(InspectorTest, APageOfAnotherOriginIsRefused) {
    auto from = [&](const char* name, const char* value) {
        auto one = request("/secret/events");
        one.headers.push_back({name, value});
        return inspector_.answer(one).status;
    };
    EXPECT_EQ(from("Origin", "http://127.0.0.1:4600"), 200U);
    EXPECT_EQ(from("Sec-Fetch-Site", "same-origin"), 200U);
    for (const char* const origin :
         {"http://evil.example", "null", "https://127.0.0.1:4600", "http://127.0.0.1:4601"})
        EXPECT_EQ(from("Origin", origin), 421U) << origin;
    EXPECT_EQ(from("Sec-Fetch-Site", "cross-site"), 421U);
    EXPECT_EQ(from("Sec-Fetch-Site", "same-site"), 421U);
}

TEST_F(InspectorTest, EventsComeInOneStreamThatEnds) {
    const auto stream = get("events");
    EXPECT_EQ(stream.header("Content-Type"), "text/event-stream");
    EXPECT_EQ(inspector_.followers(), 1U);
    const std::string all = all_pieces(stream);
    EXPECT_THAT(all, HasSubstr(R"(data: [{"event":"world","message":"w"},{"event":)"));
    EXPECT_THAT(all, testing::EndsWith("event: end\ndata: \n\n"));
}

TEST_F(InspectorTest, OnlySoManyFollowTheEvents) {
    std::vector<http::Response> followers;
    while (followers.size() < Inspector::followers_max) {
        followers.push_back(get("events"));
        ASSERT_EQ(followers.back().status, 200U);
    }
    const auto refused = get("events");
    EXPECT_EQ(refused.status, 503U);
    EXPECT_THAT(refused.body, HasSubstr("64 pages follow the events already"));
    followers.pop_back();
    EXPECT_EQ(get("events").status, 200U);
}

TEST_F(InspectorTest, ADecisionIsFoundByItsRequest) {
    EXPECT_THAT(get("decision?id=r-1").body, HasSubstr("because"));
    const auto unknown = get("decision?id=r-2");
    EXPECT_EQ(unknown.status, 400U);
    EXPECT_THAT(unknown.body, HasSubstr("no decision on the request r-2"));
}

TEST_F(InspectorTest, AnImageIsOneOfThoseThatWereNamed) {
    EXPECT_EQ(get("images").body, R"(["/nonexistent/a.eif"])");
    EXPECT_THAT(get("image?first=0").body, HasSubstr("/nonexistent/a.eif"));
    for (const char* const query : {"image", "image?first=1", "image?first=-1",
                                    "image?first=/etc/passwd", "image?first=0&second=7"})
        EXPECT_EQ(get(query).status, 404U) << query;
}

TEST_F(InspectorTest, WhatCanNotBeDoneIsSaid) {
    auto question = request("/secret/fault");
    question.method = "POST";
    question.body = R"({"ask":"list"})";
    EXPECT_THAT(inspector_.answer(question).body, HasSubstr("the run has ended"));
    question.body = "no JSON";
    EXPECT_EQ(inspector_.answer(question).status, 400U);
    question.method = "DELETE";
    EXPECT_EQ(inspector_.answer(question).status, 405U);
    EXPECT_EQ(get("nothing").status, 404U);
}

}  // namespace
}  // namespace glovebox::inspect
