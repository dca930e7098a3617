// SPDX-License-Identifier: Apache-2.0

// A JUnit report, written: suites of test cases, in the form that CIs read.
//
// Source: the form of Maven Surefire, surefire-test-report.xsd.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace glovebox::up {

class JunitSuite {
  public:
    // The class of each test case is "glovebox.", `scope` and its group: the same test of another
    // shard is another one.
    explicit JunitSuite(std::string name, std::string_view scope = {});

    void pass(std::string_view group, std::string_view name) { add(group, name, ""); }
    void fail(std::string_view group, std::string_view name, std::string_view message,
              std::string_view text = {});
    void skip(std::string_view group, std::string_view name, std::string_view why);

    // The element <testsuite>, indented by two.
    [[nodiscard]] std::string element(std::chrono::milliseconds lasted) const;

  private:
    void add(std::string_view group, std::string_view name, std::string_view content);

    std::string name_;
    std::string scope_;
    std::string cases_;
    std::size_t tests_ = 0;
    std::size_t failures_ = 0;
    std::size_t skipped_ = 0;
};

// A whole report of elements <testsuite>, one after the other.
[[nodiscard]] std::string junit_document(std::string_view suites);

}  // namespace glovebox::up
