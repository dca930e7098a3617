// SPDX-License-Identifier: Apache-2.0

// What a reload does to a dialer; files and signals are integration/proxy's.
#include "sim/vsock_proxy/allowlist_reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <optional>

#include "core/base/testing/temporary_directory.h"
#include "core/dns/dns_resolver.h"
#include "core/rules/allowlist_file.h"
#include "core/testing/memory_log.h"

namespace glovebox::vsock_proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AllowlistReloadTest : public testing::Test {
  protected:
    void write(const std::string& text) { std::ofstream(file_) << text; }
    [[nodiscard]] bool allows(const std::string& target) const {
        return dialer_.may_dial(core::parse_target(target).value()).has_value();
    }
    // Longer than a look at the files takes to come.
    void pass() {
        context_.restart();
        context_.run_for(std::chrono::milliseconds(2500));
    }

    TemporaryDirectory scratch_;
    std::string file_ = scratch_ / "rules.yaml";
    boost::asio::io_context context_;
    core::DnsResolver names_{context_.get_executor(), {}, core::lookup_by()};
    core::Dialer dialer_{core::Allowlist(), names_, {}};
    core::MemoryLog log_;
};

TEST_F(AllowlistReloadTest, RulesChangeWithTheFileAndAFileThatSaysTheSameIsNoNews) {
    write("allowlist: [{address: 192.0.2.7, port: 443}]");
    dialer_.replace(core::read_allowlist(file_).value());
    AllowlistReload reload(
        context_.get_executor(), {file_}, [&] { return core::read_allowlist(file_); }, dialer_,
        log_, false);
    write("# a comment\nallowlist: [{address: 192.0.2.7, port: 443}]");
    pass();
    EXPECT_TRUE(log_.lines().empty());
    write("allowlist: [{address: 192.0.2.8, port: 443}]");
    pass();
    EXPECT_TRUE(allows("192.0.2.8:443"));
    EXPECT_FALSE(allows("192.0.2.7:443"));
    write("allowlist: {");
    pass();
    EXPECT_TRUE(allows("192.0.2.8:443"));
    EXPECT_THAT(log_.lines(), ElementsAre("info: the allowlist was read again: 1 rule",
                                          HasSubstr("error: the allowlist stays as it is")));
    reload.close();
    context_.restart();
    context_.run();  // ends: nothing is waited for
}

}  // namespace
}  // namespace glovebox::vsock_proxy
