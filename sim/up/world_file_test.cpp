// SPDX-License-Identifier: Apache-2.0

#include "sim/up/world_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::up {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

// Two variables are set, one of them empty.
std::optional<std::string> look(const std::string& name) {
    if (name == "PORT")
        return "5005";
    return name == "EMPTY" ? std::optional<std::string>("") : std::nullopt;
}

Result<WorldFile> parse(std::string_view text) {
    return parse_world_file(text, "world.yaml", "/", look);
}

// A folder with files in it, that ends with the test.
class Folder {
  public:
    void write(const std::string& name, std::string_view text) const {
        std::ofstream(directory_ / name) << text;
    }
    [[nodiscard]] Result<WorldFile> parse(std::string_view text) const {
        return parse_world_file(text, "world.yaml", directory_.path(), look);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return directory_ / name; }

  private:
    TemporaryDirectory directory_;
};

TEST(WorldFile, HasItsParts) {
    const WorldFile world = parse(R"(
region: eu-west-1
role_arn: arn:aws:iam::111122223333:role/parent
kms: {auth: "off"}
imds: {require_tokens: true}
proxies:
  aws: {listen: 8000=kms.eu-west-1.amazonaws.com:443}
enclaves:
  first: {command: [./server, "5005"], ready: 5005, env: {A: "1"}, trust_env: true}
  second: {command: ./other, cid: 16, debug: true}
parent: {env: {B: "2"}}
)")
                                .value();
    EXPECT_EQ(world.region, "eu-west-1");
    EXPECT_EQ(world.kms->auth, "off");
    EXPECT_TRUE(world.imds->require_tokens);
    EXPECT_THAT(world.proxies.at(0).listen, ElementsAre("8000=kms.eu-west-1.amazonaws.com:443"));
    const EnclavePart& first = world.enclaves.at(0);
    EXPECT_THAT(first.command, ElementsAre("./server", "5005"));
    EXPECT_EQ(first.ready, 5005U);
    EXPECT_THAT(first.environment, ElementsAre(Pair("A", "1")));
    EXPECT_EQ(world.enclaves.at(1).cid, 16U);
    EXPECT_EQ(first.cid, 17U);
    EXPECT_THAT(world.parent.environment, ElementsAre(Pair("B", "2")));
}

TEST(WorldFile, AnEnclaveCanBeAnImageOrARootFileSystem) {
    const WorldFile world = parse(R"(
enclaves:
  image: {eif: /, memory: 512, cpus: 2}
  root: {rootfs: /, mount: [/usr, /bin], command: [app, --port], isolation: sandbox}
)")
                                .value();
    EXPECT_EQ(world.enclaves.at(0).eif, "/");
    EXPECT_EQ(world.enclaves.at(0).memory_mib, 512U);
    EXPECT_EQ(world.enclaves.at(0).cpu_count, 2U);
    EXPECT_EQ(world.enclaves.at(1).root_fs, "/");
    EXPECT_THAT(world.enclaves.at(1).mounts, ElementsAre("/usr", "/bin"));
    EXPECT_EQ(world.enclaves.at(1).isolation, "sandbox");
}

TEST(WorldFile, WhatAnEnclaveCantBeTogetherIsAMistake) {
    const std::string message = parse(
                                    "enclaves:\n"
                                    "  a: {eif: /, command: x}\n"
                                    "  b: {eif: /, env: {A: '1'}}\n"
                                    "  c: {eif: /, rootfs: /}\n"
                                    "  d: {rootfs: /, isolation: none}\n"
                                    "  e: {command: x, isolation: other, mount: /none}\n"
                                    "  f: {command: x, memory: much}\n")
                                    .error()
                                    .message;
    EXPECT_THAT(message, HasSubstr("world.yaml:2:24: command: beside eif"));
    EXPECT_THAT(message, HasSubstr("world.yaml:3:20: env: beside eif"));
    EXPECT_THAT(message, HasSubstr("world.yaml:4:23: rootfs: beside eif"));
    EXPECT_THAT(message, HasSubstr("world.yaml:5:29: isolation: none"));
    EXPECT_THAT(message, HasSubstr("world.yaml:6:30: isolation: sandbox or none"));
    EXPECT_THAT(message, HasSubstr("world.yaml:6:44: mount: there is no file /none"));
    EXPECT_THAT(message, HasSubstr("world.yaml:7:27: memory: a number"));
}

TEST(WorldFile, AwssProxyStandsByItsOwnArguments) {
    const ProxyPart proxy =
        parse("proxies:\n  kms: {vsock_proxy: 8000 kms.us-east-1.amazonaws.com 443, config: /}\n")
            .value()
            .proxies.at(0);
    EXPECT_THAT(proxy.vsock_proxy, ElementsAre("8000", "kms.us-east-1.amazonaws.com", "443"));
    EXPECT_EQ(proxy.config, "/");
    EXPECT_EQ(proxy.vsock_proxy_port, 8000U);
    const std::string message =
        parse("proxies:\n  p: {vsock_proxy: kms 443, listen: 1=a:2}\n").error().message;
    EXPECT_THAT(message, HasSubstr("world.yaml:2:20: vsock_proxy: LOCAL-PORT REMOTE-ADDRESS"));
    EXPECT_THAT(message, HasSubstr("world.yaml:2:6: config: missing"));
    EXPECT_THAT(message, HasSubstr("world.yaml:2:37: listen: beside vsock_proxy"));
}

TEST(WorldFile, AnEmptyPartIsThereWithItsDefaults) {
    const WorldFile world = parse("kms:\nimds:\n").value();
    EXPECT_TRUE(world.kms && world.imds);
    EXPECT_FALSE(parse("region: x\n").value().kms);
}

TEST(WorldFile, FaultsAreTrueOrAListOfWordsWithTheirMoments) {
    EXPECT_FALSE(parse("kms:\n").value().faults.is_on);
    EXPECT_TRUE(parse("faults: true\n").value().faults.is_on);
    const FaultPlan plan = parse(
                               "faults:\n"
                               "- fault: cut --port 5005 --after 2500 --times 1\n"
                               "- {fault: enclave kill a, at: 3s}\n"
                               "enclaves: {a: {command: x}}\n")
                               .value()
                               .faults;
    EXPECT_TRUE(plan.is_on);
    ASSERT_EQ(plan.faults.size(), 2U);
    EXPECT_EQ(describe(plan.faults[0].fault),
              "cut connections to port 5005 after 2500 bytes, once");
    EXPECT_EQ(plan.faults[0].moment.count(), 0);
    EXPECT_EQ(plan.faults[1].fault.kind, fault::Kind::enclave_kill);
    EXPECT_EQ(plan.faults[1].moment, std::chrono::seconds(3));
}

TEST(WorldFile, AFaultIsJudgedAsItsCommandDoes) {
    const std::string message = parse(
                                    "faults:\n"
                                    "- fault: cut --prot 5005\n"
                                    "- fault: nsm slow 3m\n"
                                    "- fault: list\n"
                                    "- {fault: stall, at: soon}\n"
                                    "- {at: 3s}\n")
                                    .error()
                                    .message;
    EXPECT_THAT(message, HasSubstr("world.yaml:2:10: fault: fault cut: there is no option --prot"));
    EXPECT_THAT(message, HasSubstr("did you mean --port"));
    EXPECT_THAT(message, HasSubstr("world.yaml:3:10: fault: "));
    EXPECT_THAT(message, HasSubstr("2 m at the most"));
    EXPECT_THAT(message, HasSubstr("world.yaml:4:10: fault: "));
    EXPECT_THAT(message, HasSubstr("world.yaml:5:22: at: "));
    EXPECT_THAT(message, HasSubstr("world.yaml:6:3: fault: missing"));
    EXPECT_THAT(parse("faults: [{fault: refuse --to servr}]\nenclaves: {server: {command: x}}\n")
                    .error()
                    .message,
                HasSubstr("did you mean server?"));
    EXPECT_THAT(parse("faults: [{fault: refuse --from 4294967295}]\n").error().message,
                HasSubstr("a CID up to 4294967294 or an enclave's name"));
    EXPECT_THAT(parse("faults: [{fault: enclave kill servr}]\n"
                      "enclaves: {server: {command: x}}\n")
                    .error()
                    .message,
                HasSubstr("there is no enclave \"servr\": did you mean server?"));
}

TEST(WorldFile, EveryMistakeIsFoundAtOnceWithItsLineAndColumn) {
    const std::string message = parse(
                                    "region: x\n"
                                    "role_arn: parent\n"
                                    "proxies:\n"
                                    "  p: {listen: nonsense}\n"
                                    "enclaves:\n"
                                    "  a: {cid: 20}\n"
                                    "  b: {command: x, cid: 3, ready: soon}\n")
                                    .error()
                                    .message;
    EXPECT_THAT(message, HasSubstr("world.yaml:2:11: role_arn: "));
    EXPECT_THAT(message, HasSubstr("world.yaml:4:15: listen: "));
    EXPECT_THAT(message, HasSubstr("world.yaml:6:6: command: missing"));
    EXPECT_THAT(message, HasSubstr("world.yaml:7:24: cid: a number from 4"));
    EXPECT_THAT(message, HasSubstr("world.yaml:7:34: ready: a number"));
}

TEST(WorldFile, ReferencesThatLeadNowhereAreMistakes) {
    const std::string message = parse(
                                    "kms: {seed: no/such/keys.yaml}\n"
                                    "enclaves:\n"
                                    "  a: {command: x, cid: 20}\n"
                                    "  b: {command: x, cid: 20}\n"
                                    "unknown: 1\n")
                                    .error()
                                    .message;
    EXPECT_EQ(message,
              "world.yaml:1:13: seed: there is no file /no/such/keys.yaml\n"
              "world.yaml:4:24: cid: 20 is another enclave's too\n"
              "world.yaml:5:1: \"unknown\" is not known here: enclaves, faults, forwards, imds, "
              "kms, parent, proxies, region, role_arn may stand here");
}

TEST(WorldFile, WithoutARegionOfItsOwnAWorldIsInTheScenes) {
    const Folder folder;
    folder.write("keys.yaml", "region: eu-west-1\n");
    folder.write("none.yaml", "keys: []\n");
    EXPECT_EQ(folder.parse("kms: {seed: keys.yaml}\n").value().region, "eu-west-1");
    EXPECT_EQ(folder.parse("kms: {seed: none.yaml}\n").value().region, "us-east-1");
    EXPECT_EQ(folder.parse("region: cn-north-1\nkms: {seed: none.yaml}\n").value().region,
              "cn-north-1");
    EXPECT_EQ(folder.parse("region: eu-west-1\nkms: {seed: keys.yaml}\n").value().region,
              "eu-west-1");
}

TEST(WorldFile, AnotherRegionThanTheScenesIsAMistake) {
    const Folder folder;
    folder.write("keys.yaml", "region: eu-west-1\n");
    EXPECT_EQ(folder.parse("kms: {seed: keys.yaml}\nregion: us-east-1\n").error().message,
              "world.yaml:2:9: region: the scene " + folder.file("keys.yaml") +
                  " has eu-west-1: a world is in one region, and one of the two is enough");
}

TEST(WorldFile, TheScenesMistakesComeWithTheirLinesBesideItsOwn) {
    const Folder folder;
    folder.write("keys.yaml", "keys:\n- alias: app\n- {alias: alias/a, policy_file: bad.json}\n");
    folder.write("bad.json", "{");
    const std::string message =
        folder.parse("kms: {seed: keys.yaml}\nunknown: 1\n").error().message;
    EXPECT_THAT(message, HasSubstr("world.yaml:2:1: \"unknown\" is not known here"));
    EXPECT_THAT(message, HasSubstr("\n" + folder.file("keys.yaml") + ":2:10: alias: "));
    EXPECT_THAT(message, HasSubstr("\n" + folder.file("keys.yaml") + ":3:33: policy_file: "));
    EXPECT_THAT(folder.parse("kms: {seed: keys.yaml}\n").error().message,
                HasSubstr("keys.yaml:2:10: alias: "));
}

TEST(WorldFile, ASceneThatCantBeReadIsAMistake) {
    EXPECT_EQ(parse("kms: {seed: /}\n").error().message,
              "world.yaml:1:13: seed: cannot read /: Is a directory");
}

TEST(WorldFile, ARegionThatIsNoneIsAMistake) {
    for (const std::string region : {"5", "mars 1", "''", "US-EAST-1"})
        EXPECT_EQ(parse("region: " + region + "\n").error().message,
                  "world.yaml:1:9: region: a name such as us-east-1 was expected")
            << region;
}

TEST(WorldFile, WhatAProxyWouldRefuseIsAMistake) {
    const Folder folder;
    folder.write("bad.yaml", "allowlist:\n- {address: a.example, port: many}\n");
    folder.write("good.yaml", "allowlist:\n- {address: a.example, port: 443}\n");
    const std::string message =
        folder
            .parse(
                "proxies:\n"
                "  a: {listen: 1=connect, idle_timeout: soon}\n"
                "  b: {listen: 2=connect, idle_timeout: -5s}\n"
                "  c: {listen: 3=connect, idle_timeout: 90s, allowlist: [good.yaml, bad.yaml]}\n"
                "  d: {listen: 4=connect, allowlist: none.yaml}\n"
                "  e: {listen: 5=connect, status: nowhere}\n")
            .error()
            .message;
    EXPECT_THAT(message, HasSubstr("world.yaml:2:40: idle_timeout: "));
    EXPECT_THAT(message, HasSubstr("world.yaml:3:40: idle_timeout: \"-5s\" is less than no time"));
    EXPECT_THAT(message, HasSubstr("world.yaml:4:56: allowlist: "));
    EXPECT_THAT(message, HasSubstr(folder.file("bad.yaml") + ": line 2, column 30: "));
    EXPECT_THAT(message, HasSubstr("world.yaml:5:37: allowlist: there is no file "));
    EXPECT_THAT(message, HasSubstr("world.yaml:6:34: status: "));
    EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 4);
}

TEST(WorldFile, TwoListenersOnOnePortAreAMistake) {
    EXPECT_TRUE(
        parse("proxies:\n"
              "  a: {listen: [8000=connect, any=connect]}\n"
              "  b: {listen: [8001=connect, any=connect]}\n"));
    EXPECT_EQ(parse("proxies:\n"
                    "  a: {listen: [8000=connect, 8001=connect]}\n"
                    "  b: {listen: 8001=a.example:443}\n"
                    "  c: {listen: [8002=connect, 8002=a.example:443]}\n"
                    "  d: {vsock_proxy: 8000 a.example 443, config: /}\n")
                  .error()
                  .message,
              "world.yaml:3:15: listen: a proxy listens on port 8001 already\n"
              "world.yaml:4:15: listen: a proxy listens on port 8002 already\n"
              "world.yaml:5:20: vsock_proxy: a proxy listens on port 8000 already");
}

TEST(WorldFile, AVariablesNameHasNoEqualsSign) {
    EXPECT_EQ(
        parse("enclaves:\n"
              "  a: {command: x, env: {A=B: '1'}}\n"
              "parent: {env: {'': '2', B: a=b}}\n")
            .error()
            .message,
        "world.yaml:2:24: env: \"A=B\" is not a variable's name: it is not empty and has no = in "
        "it\n"
        "world.yaml:3:15: env: \"\" is not a variable's name: it is not empty and has no = in it");
}

TEST(WorldFile, ACommandInOneTextIsSplitAsAShellDoes) {
    const auto command = [](const std::string& yaml) {
        return parse("enclaves: {a: {command: " + yaml + "}}\n").value().enclaves.at(0).command;
    };
    EXPECT_THAT(command("python3 b.py"), ElementsAre("python3", "b.py"));
    EXPECT_THAT(command("[python3 b.py]"), ElementsAre("python3 b.py"));
    EXPECT_THAT(parse("enclaves: {a: {command: a | b}}\n").error().message,
                HasSubstr("world.yaml:1:25: command: \"|\" is for a shell"));
    EXPECT_THAT(parse("enclaves: {a: {command: ''}}\n").error().message,
                HasSubstr("command: missing"));
}

TEST(WorldFile, ValuesMayHaveVariablesInThem) {
    const WorldFile world = parse(R"(
region: ${REGION:-eu-west-1}
enclaves:
  a: {command: [x, $PORT, $$HOME], ready: "${PORT}", env: {A: "${PORT}/${EMPTY}"}}
)")
                                .value();
    EXPECT_EQ(world.region, "eu-west-1");
    EXPECT_THAT(world.enclaves.at(0).command, ElementsAre("x", "5005", "$HOME"));
    EXPECT_EQ(world.enclaves.at(0).ready, 5005U);
    EXPECT_THAT(world.enclaves.at(0).environment, ElementsAre(Pair("A", "5005/")));
    EXPECT_THAT(parse("region: $REGION\n").error().message,
                HasSubstr("world.yaml:1:9: region: the variable REGION is not set"));
    EXPECT_EQ(parse("enclaves: {a: {command: x, ready: '${CID:?which one}'}}\n").error().message,
              "world.yaml:1:35: ready: the variable CID is not set: which one");
}

TEST(WorldFile, VariablesOfAFileGiveWayToThoseOfTheWorldsFile) {
    const Folder folder;
    folder.write("a.env", "A=file\nB=file\n");
    folder.write("b.env", "B=other\nP=$PORT\n");
    folder.write("bad.env", "A=1\nwhat\n");
    const WorldFile world =
        folder.parse("enclaves: {a: {command: x, env_file: [a.env, b.env], env: {A: world}}}\n")
            .value();
    EXPECT_THAT(world.enclaves.at(0).environment,
                ElementsAre(Pair("A", "world"), Pair("B", "other"), Pair("P", "5005")));
    EXPECT_EQ(
        folder.parse("parent: {env_file: bad.env}\n").error().message,
        "world.yaml:1:20: env_file: " + folder.file("bad.env") + ":2: NAME=VALUE was expected");
}

TEST(WorldFile, APartIsLabelledByWhatItIsWhereItsNameAloneIsNotEnough) {
    const WorldFile world = parse(R"(
proxies:
  kms: {listen: 1=a:2}
  out: {listen: 2=a:2}
enclaves:
  out: {command: x}
  in: {command: x}
)")
                                .value();
    EXPECT_EQ(world.proxies.at(0).label, "proxy/kms");
    EXPECT_EQ(world.proxies.at(1).label, "proxy/out");
    EXPECT_EQ(world.enclaves.at(0).label, "enclave/out");
    EXPECT_EQ(world.enclaves.at(1).label, "in");
}

TEST(WorldFile, WhatAnEnclaveDependsOnIsThereAndDoesNotWaitForIt) {
    EXPECT_TRUE(parse("enclaves:\n  a: {command: x, depends_on: b}\n  b: {command: x}\n"));
    EXPECT_EQ(parse("enclaves:\n"
                    "  a: {command: x, depends_on: [b, d]}\n"
                    "  b: {command: x, depends_on: c}\n"
                    "  c: {command: x, depends_on: b}\n")
                  .error()
                  .message,
              "world.yaml:2:31: depends_on: there is no enclave \"d\"\n"
              "world.yaml:3:31: depends_on: b would wait for itself\n"
              "world.yaml:4:31: depends_on: c would wait for itself");
}

TEST(WorldFile, AMistakeIsNotedOnceWhateverFollowsFromIt) {
    const auto mistake = [](const std::string& text) { return parse(text).error().message; };
    EXPECT_EQ(mistake("enclaves: {a: {comand: x}}\n"),
              "world.yaml:1:16: \"comand\" is not known here: did you mean command?");
    EXPECT_EQ(mistake("enclaves: {a: {rootf: /}}\n"),
              "world.yaml:1:16: \"rootf\" is not known here: did you mean rootfs?");
    EXPECT_EQ(mistake("enclaves: {a: {command: x, redy: 1, ready_timeout: 5s}}\n"),
              "world.yaml:1:28: \"redy\" is not known here: did you mean ready?");
    EXPECT_EQ(mistake("proxies: {a: {listn: 1=connect}}\n"),
              "world.yaml:1:15: \"listn\" is not known here: did you mean listen?");
    EXPECT_EQ(mistake("proxies: {a: {vsock_proxi: 1 a 2, config: /}}\n"),
              "world.yaml:1:15: \"vsock_proxi\" is not known here: did you mean vsock_proxy?");
    EXPECT_EQ(mistake("proxies: {a: {vsock_proxy: 1 a 2, confg: /}}\n"),
              "world.yaml:1:35: \"confg\" is not known here: did you mean config?");
    EXPECT_EQ(mistake("forwards: {a: {listn: 1=4:2}}\n"),
              "world.yaml:1:16: \"listn\" is not known here: did you mean listen?");
    EXPECT_EQ(mistake("ksm: {}\nparent: {trust_env: true}\n"),
              "world.yaml:1:1: \"ksm\" is not known here: did you mean kms?");
    EXPECT_EQ(mistake("kms: 5\nparent: {trust_env: true}\n"),
              "world.yaml:1:6: kms: a map was expected");
    EXPECT_EQ(mistake("enclave: {a: {command: x}}\nforwards: {in: {listen: 1=a:2}}\n"),
              "world.yaml:1:1: \"enclave\" is not known here: did you mean enclaves?");
    EXPECT_EQ(mistake("enclaves: {a: 5, b: {command: x, depends_on: a}}\n"
                      "forwards: {in: {listen: 1=a:2}}\n"),
              "world.yaml:1:15: a: a map was expected");
    for (const std::string command : {"$NOPE", "[$NOPE]", "{x: y}"})
        EXPECT_THAT(mistake("enclaves: {a: {command: " + command + "}}\n"),
                    AllOf(StartsWith("world.yaml:1:2"), Not(HasSubstr("missing"))));
    EXPECT_THAT(mistake("proxies: {a: {vsock_proxy: $NOPE 2, config: /}}\n"),
                AllOf(StartsWith("world.yaml:1:28: vsock_proxy: the variable NOPE"),
                      Not(HasSubstr("LOCAL-PORT"))));
}

TEST(WorldFile, AForwardIntoNoEnclaveIsAMistakeAsADependencyOnNoneIs) {
    const std::string message = parse(
                                    "enclaves:\n"
                                    "  server: {command: x, depends_on: sever}\n"
                                    "  other: {command: x}\n"
                                    "forwards:\n"
                                    "  in: {listen: [8443=srver:5005, 8444=nobody:5005]}\n"
                                    "  to: {listen: ['8445=server:', 8446=local:5005]}\n")
                                    .error()
                                    .message;
    EXPECT_EQ(message,
              "world.yaml:2:36: depends_on: there is no enclave \"sever\": did you mean server?\n"
              "world.yaml:5:16: listen: there is no enclave \"srver\": did you mean server?\n"
              "world.yaml:5:16: listen: there is no enclave \"nobody\"\n"
              "world.yaml:6:16: listen: \"8445=server:\": \"server:\" is not a vsock address: "
              "CID:PORT was expected, both numbers up to 4294967295, for example 16:5005 or "
              "parent:8000. (To reach a host on the network from the parent, use glovebox proxy)");
}

TEST(WorldFile, AForwardNamesAnEnclaveByItsNameOrItsCid) {
    const WorldFile world = parse(R"(
enclaves:
  server: {command: x}
forwards:
  in: {listen: [8443=server:5005, "0.0.0.0:8444=17:5005"], idle_timeout: 1m}
)")
                                .value();
    EXPECT_THAT(world.forwards.at(0).listen, ElementsAre("8443=16:5005", "0.0.0.0:8444=17:5005"));
    EXPECT_THAT(parse("forwards: {in: {listen: 8443=other:5005}}\n").error().message,
                HasSubstr("world.yaml:1:25: listen: there is no enclave \"other\""));
}

}  // namespace
}  // namespace glovebox::up
