// SPDX-License-Identifier: Apache-2.0

// The allowlist's promise, rule by rule.
#include "core/rules/allowlist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/address/proxy_error.h"

namespace glovebox::core {
namespace {

using testing::HasSubstr;

Allowlist allowing(std::initializer_list<const char*> rules) {
    Allowlist allowlist;
    for (const char* rule : rules)
        allowlist.add(TargetRule::parse(rule).value());
    return allowlist;
}

IpAddress address(std::string_view text) {
    return parse_ip_address(text).value();
}

const std::vector<IpAddress> this_host{address("203.0.113.5"), address("2001:db8::5"),
                                       address("127.0.0.1")};

// May `target` be dialled at `resolved`, after both questions?
bool opens(const Allowlist& allowlist, std::string_view target, std::string_view resolved) {
    const Target asked = parse_target(target).value();
    return allowlist.may_look_up(asked, cid_any).has_value() &&
           allowlist.may_dial(asked, cid_any, address(resolved), this_host).has_value();
}

// For an address that stands for itself.
bool opens(const Allowlist& allowlist, std::string_view target) {
    const Target asked = parse_target(target).value();
    return opens(allowlist, target, std::get<IpAddress>(asked.host).to_string());
}

TEST(Allowlist, NothingIsAllowedWithoutARule) {
    EXPECT_FALSE(opens(Allowlist(), "example.com:443", "198.51.100.1"));
    EXPECT_FALSE(opens(Allowlist(), "198.51.100.1:443"));
}

TEST(Allowlist, ANameOpensItselfOnItsPortAlone) {
    const auto allowlist = allowing({"example.com:443"});
    EXPECT_TRUE(opens(allowlist, "example.com:443", "198.51.100.1"));
    EXPECT_TRUE(opens(allowlist, "example.com:443", "2001:db8:1::1"));
    EXPECT_FALSE(opens(allowlist, "example.com:80", "198.51.100.1"));
    EXPECT_FALSE(opens(allowlist, "www.example.com:443", "198.51.100.1"));
    EXPECT_FALSE(opens(allowlist, "example.com.evil:443", "198.51.100.1"));
    EXPECT_FALSE(opens(allowlist, "198.51.100.1:443"));
}

std::string denial_of(const Allowlist& allowlist, Cid asker, std::string_view target,
                      std::string_view resolved) {
    const Target asked = parse_target(target).value();
    if (const auto early = allowlist.may_look_up(asked, asker); !early)
        return "early: " + early.error().message;
    const auto late = allowlist.may_dial(asked, asker, address(resolved), this_host);
    return late ? "" : late.error().message;
}

TEST(Allowlist, ADenialWinsOverEveryRule) {
    auto allowlist = Allowlist::everything();
    for (const char* rule : {"*.internal.example:*", "10.0.0.0/8:*", "db.example:5432"})
        allowlist.deny(TargetRule::parse(rule).value());
    EXPECT_EQ(denial_of(allowlist, 16, "example.com:443", "198.51.100.1"), "");
    EXPECT_EQ(denial_of(allowlist, 16, "a.internal.example:443", "198.51.100.1"),
              "early: a.internal.example:443 is denied by the rule *.internal.example:*");
    EXPECT_EQ(denial_of(allowlist, 16, "internal.example:443", "198.51.100.1"), "");
    EXPECT_EQ(denial_of(allowlist, 16, "db.example:5432", "198.51.100.1"),
              "early: db.example:5432 is denied by the rule db.example:5432");
    EXPECT_EQ(denial_of(allowlist, 16, "db.example:443", "198.51.100.1"), "");
    EXPECT_EQ(denial_of(allowlist, 16, "10.1.2.3:443", "10.1.2.3"),
              "early: 10.1.2.3:443 is denied by the rule 10.0.0.0/8:*");
    EXPECT_EQ(denial_of(allowlist, 16, "example.com:443", "10.1.2.3"),
              "example.com:443 leads to 10.1.2.3, which is denied by the rule 10.0.0.0/8:*");
}

TEST(Allowlist, ADenialOfAnIpv4AddressHoldsForEveryFormOfIt) {
    auto allowlist = Allowlist::everything();
    allowlist.deny(TargetRule::parse("10.0.0.0/8:*").value());
    for (const char* form : {"::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::1"})
        EXPECT_THAT(denial_of(allowlist, 16, "example.com:443", form),
                    HasSubstr("is denied by the rule 10.0.0.0/8:*"))
            << form;
    EXPECT_EQ(denial_of(allowlist, 16, "example.com:443", "2002:c633:6401::1"), "");
}

TEST(Allowlist, ARuleOfOneCidHoldsForItAlone) {
    Allowlist allowlist;
    for (const char* text : {"a.example:443", "198.51.100.0/24:80"}) {
        TargetRule rule = TargetRule::parse(text).value();
        rule.cid = 16;
        allowlist.add(rule);
    }
    EXPECT_EQ(denial_of(allowlist, 16, "a.example:443", "203.0.113.9"), "");
    EXPECT_EQ(denial_of(allowlist, cid_any, "a.example:443", "203.0.113.9"), "");
    EXPECT_THAT(denial_of(allowlist, 17, "a.example:443", "203.0.113.9"),
                HasSubstr("early: a.example:443 is not in the allowlist"));
    EXPECT_EQ(denial_of(allowlist, 16, "b.example:80", "198.51.100.1"), "");
    EXPECT_THAT(denial_of(allowlist, 17, "b.example:80", "198.51.100.1"),
                HasSubstr("not in the allowlist"));
}

TEST(Allowlist, ADenialOfOneCidHoldsForItAlone) {
    auto allowlist = Allowlist::everything();
    TargetRule rule = TargetRule::parse("a.example:443").value();
    rule.cid = 16;
    allowlist.deny(rule);
    EXPECT_EQ(denial_of(allowlist, 16, "a.example:443", "203.0.113.9"),
              "early: a.example:443 is denied by the rule a.example:443 for CID 16");
    EXPECT_EQ(denial_of(allowlist, 17, "a.example:443", "203.0.113.9"), "");
    EXPECT_EQ(denial_of(allowlist, cid_any, "a.example:443", "203.0.113.9"), "");
}

TEST(Allowlist, NamesAreComparedInOneForm) {
    const auto allowlist = allowing({"EXAMPLE.com.:443"});
    for (const char* target : {"example.com:443", "Example.Com:443", "example.com.:443"})
        EXPECT_TRUE(opens(allowlist, target, "198.51.100.1")) << target;
}

TEST(Allowlist, WildcardMatchesSubdomainsOnly) {
    const auto allowlist = allowing({"*.example.com:443"});
    EXPECT_TRUE(opens(allowlist, "a.example.com:443", "198.51.100.1"));
    EXPECT_TRUE(opens(allowlist, "a.b.EXAMPLE.com.:443", "198.51.100.1"));
    EXPECT_FALSE(opens(allowlist, "example.com:443", "198.51.100.1"));
    EXPECT_FALSE(opens(allowlist, "evilexample.com:443", "198.51.100.1"));
    EXPECT_FALSE(opens(allowlist, "a.example.com.evil:443", "198.51.100.1"));
}

TEST(Allowlist, AWildcardNeverStandsForAnAddress) {
    EXPECT_FALSE(opens(allowing({"*:*"}), "198.51.100.1:443"));
    EXPECT_FALSE(TargetRule::parse("*.0.0.1:443"));
}

TEST(Allowlist, AStarAloneIsEveryName) {
    EXPECT_TRUE(opens(allowing({"*:443"}), "example.com:443", "198.51.100.1"));
    EXPECT_FALSE(opens(allowing({"*:443"}), "example.com:444", "198.51.100.1"));
}

TEST(Allowlist, PortRangesIncludeBothEnds) {
    const auto allowlist = allowing({"example.com:8000-8010"});
    EXPECT_FALSE(opens(allowlist, "example.com:7999", "198.51.100.1"));
    EXPECT_TRUE(opens(allowlist, "example.com:8000", "198.51.100.1"));
    EXPECT_TRUE(opens(allowlist, "example.com:8010", "198.51.100.1"));
    EXPECT_FALSE(opens(allowlist, "example.com:8011", "198.51.100.1"));
}

TEST(Allowlist, AnAddressRuleOpensTheAddressAndWhateverNameLeadsToIt) {
    const auto allowlist = allowing({"198.51.100.1:443", "[2001:db8:1::1]:443"});
    EXPECT_TRUE(opens(allowlist, "198.51.100.1:443"));
    EXPECT_TRUE(opens(allowlist, "[2001:db8:1::1]:443"));
    EXPECT_TRUE(opens(allowlist, "example.com:443", "198.51.100.1"));
    EXPECT_FALSE(opens(allowlist, "example.com:443", "198.51.100.2"));
    EXPECT_FALSE(opens(allowlist, "198.51.100.2:443"));
}

TEST(Allowlist, ANameIsNotLookedUpWhereNoRuleCouldOpenIt) {
    const auto allowlist = allowing({"198.51.100.0/24:443", "example.com:80"});
    EXPECT_TRUE(allowlist.may_look_up(parse_target("other.example:443").value(), cid_any));
    const auto refusal = allowlist.may_look_up(parse_target("other.example:80").value(), cid_any);
    ASSERT_FALSE(refusal);
    EXPECT_EQ(refusal.error().code, ProxyError::not_allowed);
    EXPECT_THAT(refusal.error().message, HasSubstr("add the rule other.example:80"));
}

TEST(Allowlist, BlocksOfBothFamiliesAreRead) {
    const auto allowlist = allowing({"10.0.0.0/8:443", "[2001:db8:1::]/48:443"});
    EXPECT_TRUE(opens(allowlist, "10.200.0.1:443"));
    EXPECT_FALSE(opens(allowlist, "11.0.0.1:443"));
    EXPECT_TRUE(opens(allowlist, "[2001:db8:1:2::3]:443"));
    EXPECT_FALSE(opens(allowlist, "[2001:db8:2::3]:443"));
}

TEST(Allowlist, MappedAddressesAreJudgedAsWhatTheyReach) {
    const auto allowlist = allowing({"10.0.0.0/8:443"});
    EXPECT_TRUE(opens(allowlist, "[::ffff:10.0.0.1]:443"));
    EXPECT_TRUE(opens(allowlist, "[64:ff9b::a00:1]:443"));
    EXPECT_FALSE(opens(allowlist, "[::ffff:11.0.0.1]:443"));
    const auto everything = Allowlist::everything();
    for (const char* target :
         {"[::ffff:127.0.0.1]:80", "[::ffff:169.254.169.254]:80", "[64:ff9b::a9fe:a9fe]:80",
          "[64:ff9b::7f00:1]:80", "[::ffff:0.0.0.0]:80", "[::ffff:203.0.113.5]:80"})
        EXPECT_FALSE(opens(everything, target)) << target;
}

TEST(Allowlist, AnAddressInATunnelsFormIsJudgedAsWhatItCarries) {
    const auto everything = Allowlist::everything();
    for (const char* hidden :
         {"[::ffff:0:127.0.0.1]:80", "[::ffff:0:a9fe:a9fe]:80", "[2002:7f00:1::1]:80",
          "[2002:a9fe:a9fe::]:80", "[2002:cb00:7105::1]:80", "[2001:0:1:2::80ff:fffe]:80",
          "[2001:0:c633:6401:0:0:5601:5601]:80", "[2001:0:a9fe:a9fe::39cc:9bfe]:80",
          "[2001:db8:1::5efe:7f00:1]:80", "[2001:db8:1::200:5efe:a9fe:a9fe]:80",
          "[64:ff9b:1::7f00:1]:80", "[64:ff9b:1:a9fe:a9:fe00::]:80", "[::a9fe:a9fe]:80"}) {
        EXPECT_FALSE(opens(everything, hidden)) << hidden;
        EXPECT_FALSE(opens(allowing({"*:80"}), "example.com:80",
                           std::get<IpAddress>(parse_target(hidden).value().host).to_string()))
            << hidden;
    }
    // What they carry is nothing special here.
    for (const char* plain : {"[2002:c633:6401::1]:80", "[2001:0:c633:6401::39cc:9bfe]:80",
                              "[::ffff:0:a00:1]:80", "[2001:db8:1::5efe:c633:6401]:80"})
        EXPECT_TRUE(opens(everything, plain)) << plain;
}

TEST(Allowlist, ATunnelsFormIsOpenedByARuleForItselfOrForWhatItCarries) {
    const char* hidden = "[2002:7f00:1::1]:80";
    EXPECT_TRUE(opens(allowing({"[2002:7f00:1::1]:80"}), hidden));
    EXPECT_TRUE(opens(allowing({"[2002::]/16:80", "127.0.0.0/8:80"}), hidden));
    EXPECT_FALSE(opens(allowing({"[2002::]/16:80"}), hidden));
    EXPECT_FALSE(opens(allowing({"[2002:7f00:1::]/48:80"}), hidden));
    EXPECT_FALSE(opens(allowing({"127.0.0.1:80"}), hidden));
    EXPECT_FALSE(opens(allowing({"[2002::]/16:80", "127.0.0.1:81"}), hidden));
    EXPECT_TRUE(opens(allowing({"127.0.0.1:80"}), "[::ffff:0:127.0.0.1]:80"));
    EXPECT_TRUE(opens(allowing({"[64:ff9b:1::]/96:80"}), "[64:ff9b:1::a00:5]:80"));
    EXPECT_FALSE(opens(allowing({"[64:ff9b:1::]/48:80"}), "[64:ff9b:1::a9fe:a9fe]:80"));
    EXPECT_FALSE(opens(allowing({"[::]/96:80"}), "[::7f00:1]:80"));
    const auto refusal = Allowlist::everything().may_dial(
        parse_target("me.example:80").value(), cid_any, address("2002:7f00:1::1"), this_host);
    ASSERT_FALSE(refusal);
    EXPECT_THAT(refusal.error().message,
                HasSubstr("me.example:80 leads to 2002:7f00:1::1, which is the 6to4 form of "
                          "127.0.0.1, a loopback address: only a rule for that address opens it, "
                          "for example [2002:7f00:1::1]:80"));
}

TEST(Allowlist, ANameThatLeadsBackHereIsRefusedThoughTheNameIsAllowed) {
    const auto allowlist = allowing({"example.com:80", "*:80"});
    for (const char* resolved : {"127.0.0.1",
                                 "127.8.8.8",
                                 "169.254.169.254",
                                 "169.254.170.2",
                                 "0.0.0.0",
                                 "0.0.0.7",
                                 "::",
                                 "::1",
                                 "fe80::1",
                                 "fd00:ec2::254",
                                 "224.0.0.251",
                                 "ff02::fb",
                                 "255.255.255.255",
                                 "240.0.0.1",
                                 "::127.0.0.1",
                                 "::ffff:127.0.0.1",
                                 "64:ff9b::a9fe:a9fe",
                                 "64:ff9b:1::7f00:1",
                                 "203.0.113.5",
                                 "2001:db8::5",
                                 "::ffff:203.0.113.5"}) {
        const auto verdict = allowlist.may_dial(parse_target("example.com:80").value(), cid_any,
                                                address(resolved), this_host);
        ASSERT_FALSE(verdict) << resolved;
        EXPECT_EQ(verdict.error().code, ProxyError::not_allowed) << resolved;
        EXPECT_THAT(verdict.error().message, HasSubstr("only a rule for that address opens it"))
            << resolved;
    }
}

TEST(Allowlist, EverythingIsEveryNameAndAddressButThoseThatNeedARuleOfTheirOwn) {
    const auto everything = Allowlist::everything();
    EXPECT_TRUE(opens(everything, "example.com:1", "198.51.100.1"));
    EXPECT_TRUE(opens(everything, "198.51.100.1:65535"));
    EXPECT_TRUE(opens(everything, "[2001:db8:1::1]:443"));
    EXPECT_TRUE(opens(everything, "10.0.0.1:443"));
    for (const char* target : {"127.0.0.1:443", "169.254.169.254:80", "0.0.0.0:80", "[::]:80",
                               "[::1]:80", "[fd00:ec2::254]:80", "[fe80::1]:80", "203.0.113.5:80"})
        EXPECT_FALSE(opens(everything, target)) << target;
}

TEST(Allowlist, ARuleThatNamesASpecialAddressOpensIt) {
    EXPECT_TRUE(opens(allowing({"127.0.0.1:80"}), "127.0.0.1:80"));
    EXPECT_TRUE(opens(allowing({"127.0.0.1:80"}), "localhost:80", "127.0.0.1"));
    EXPECT_TRUE(opens(allowing({"127.0.0.0/8:80"}), "127.0.0.1:80"));
    EXPECT_TRUE(opens(allowing({"169.254.169.254:80"}), "169.254.169.254:80"));
    EXPECT_TRUE(opens(allowing({"169.254.0.0/16:80"}), "169.254.169.254:80"));
    EXPECT_TRUE(opens(allowing({"[fd00:ec2::254]:80"}), "[fd00:ec2::254]:80"));
    EXPECT_TRUE(opens(allowing({"[::1]:80"}), "[::1]:80"));
    EXPECT_TRUE(opens(allowing({"203.0.113.5:80"}), "203.0.113.5:80"));
    EXPECT_TRUE(opens(allowing({"203.0.113.0/24:80"}), "203.0.113.5:80"));
    EXPECT_FALSE(opens(allowing({"127.0.0.1:80"}), "127.0.0.2:80"));
    EXPECT_FALSE(opens(allowing({"127.0.0.1:80"}), "127.0.0.1:81"));
    EXPECT_FALSE(opens(allowing({"127.0.0.1:80"}), "[::1]:80"));
}

TEST(Allowlist, ABlockWiderThanASpecialOneDoesNotNameIt) {
    EXPECT_FALSE(opens(allowing({"0.0.0.0/0:80"}), "127.0.0.1:80"));
    EXPECT_FALSE(opens(allowing({"0.0.0.0/0:80"}), "203.0.113.5:80"));
    EXPECT_FALSE(opens(allowing({"[::]/0:80"}), "[::1]:80"));
    EXPECT_FALSE(opens(allowing({"168.0.0.0/6:80"}), "169.254.169.254:80"));
    EXPECT_FALSE(opens(allowing({"64.0.0.0/2:80"}), "127.0.0.1:80"));
}

TEST(Allowlist, TheRefusalSaysWhichRuleWouldOpenIt) {
    const auto own = Allowlist::everything().may_dial(parse_target("me.example:80").value(),
                                                      cid_any, address("2001:db8::5"), this_host);
    EXPECT_THAT(own.error().message,
                HasSubstr("me.example:80 leads to 2001:db8::5, which is this host's own address"));
    EXPECT_THAT(own.error().message, HasSubstr("[2001:db8::5]:80"));
    const auto plain = allowing({"10.0.0.0/8:80"})
                           .may_dial(parse_target("198.51.100.1:80").value(), cid_any,
                                     address("198.51.100.1"), this_host);
    EXPECT_THAT(plain.error().message, HasSubstr("add the rule 198.51.100.1:80"));
    EXPECT_TRUE(TargetRule::parse("[2001:db8::5]:80"));
}

TEST(TargetRule, IsWrittenAsItIsRead) {
    for (const char* text : {"example.com:443", "*.example.com:1-1024", "*:*", "192.0.2.7:80",
                             "10.0.0.0/8:*", "[2001:db8::7]:443", "[2001:db8::]/32:443"})
        EXPECT_EQ(to_string(TargetRule::parse(text).value()), text);
}

TEST(TargetRule, WhatIsNoRuleIsRefusedWithASentence) {
    for (const char* text : {"",
                             ":",
                             "example.com",
                             "example.com:",
                             ":443",
                             "*example.com:443",
                             "a.*.com:443",
                             "**:1",
                             "*.:443",
                             "*.*.com:443",
                             "example.com:0",
                             "example.com:70000",
                             "example.com:10-5",
                             "example.com:1-",
                             "example.com:-5",
                             "example.com:1-2-3",
                             "example.com:0x50",
                             "10.0.0.1/8:443",
                             "127.1:443",
                             "0:443",
                             "2852039166:443",
                             "0x7f.1:443",
                             "0251.0376.0251.0376:443",
                             "2001:db8::7:443",
                             "[2001:db8::7:443",
                             "[example.com]:443",
                             "[2001:db8::7]",
                             "[::1]x:443",
                             "example.com/8:443"}) {
        const auto rule = TargetRule::parse(text);
        ASSERT_FALSE(rule) << text;
        EXPECT_GT(rule.error().message.size(), 20U) << text;
    }
}

TEST(TargetRule, AUrlIsCalledOne) {
    for (const auto& rule :
         {TargetRule::parse("http://a.example/:80"), TargetRule::parse("https://a.example"),
          TargetRule::parse("https://a.example/", "443")}) {
        ASSERT_FALSE(rule);
        EXPECT_NE(rule.error().message.find("it is a URL"), std::string::npos);
    }
}

}  // namespace
}  // namespace glovebox::core
