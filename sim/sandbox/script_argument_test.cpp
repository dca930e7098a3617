// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/script_argument.h"

#include <gtest/gtest.h>

namespace glovebox::sandbox {
namespace {

// "" for a command without a script, "-m" for a module.
std::string script_of(const std::vector<std::string>& arguments) {
    const auto found = find_script(arguments, [](const std::string& path) {
        return path == "server.py" || path == "/srv/app.js" || path == "app.jar";
    });
    if (!found)
        return {};
    return found->is_module ? "-m" : found->path;
}

TEST(ScriptArgument, IsTheFirstFileOfAnInterpreter) {
    EXPECT_EQ(script_of({"python3", "server.py", "app.jar"}), "server.py");
    EXPECT_EQ(script_of({"/usr/bin/python3.11", "-u", "-W", "ignore", "server.py"}), "server.py");
    EXPECT_EQ(script_of({"node", "--max-old-space-size=100", "/srv/app.js"}), "/srv/app.js");
    EXPECT_EQ(script_of({"java", "-Xmx64m", "-jar", "app.jar"}), "app.jar");
    EXPECT_EQ(script_of({"bash", "-e", "server.py"}), "server.py");
}

TEST(ScriptArgument, AProgramThatIsNoInterpreterHasNone) {
    EXPECT_EQ(script_of({"cat", "server.py"}), "");
    EXPECT_EQ(script_of({"./python-server", "server.py"}), "");
    EXPECT_EQ(script_of({"python3"}), "");
    EXPECT_EQ(script_of({}), "");
}

TEST(ScriptArgument, CodeInTheCommandLineIsNoScript) {
    EXPECT_EQ(script_of({"python3", "-c", "print()", "server.py"}), "");
    EXPECT_EQ(script_of({"sh", "-ec", "true", "server.py"}), "");
    EXPECT_EQ(script_of({"perl", "-e", "1", "server.py"}), "");
    EXPECT_EQ(script_of({"node", "--eval", "1", "/srv/app.js"}), "");
    EXPECT_EQ(script_of({"python3", "missing.py"}), "");
}

TEST(ScriptArgument, AModuleIsTold) {
    EXPECT_EQ(script_of({"python3", "-m", "server"}), "-m");
    EXPECT_EQ(script_of({"python3", "-u", "-mserver"}), "-m");
    EXPECT_EQ(script_of({"bash", "-m", "server.py"}), "server.py");
}

}  // namespace
}  // namespace glovebox::sandbox
