// glovebox up: a world from one file, and a command in it.

#include <fmt/core.h>

#include <unistd.h>
#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/unique_fd.h"
#include "core/process_setup.h"
#include "sim/cli/bytes_argument.h"
#include "sim/cli/pki_option.h"
#include "sim/cli/service_subcommand.h"
#include "sim/cli/subcommand.h"
#include "sim/up/world_run.h"
#include "transports/world.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  glovebox up world.yaml                     until Ctrl-C, or until the last enclave has ended
  glovebox up world.yaml -- python3 test.py  as a parent program in it; its exit status is ours

world.yaml (docs/kms.md has the whole of it):
  role_arn: arn:aws:iam::111122223333:role/parent
  kms: {seed: keys.yaml}
  imds: {}
  proxies:
    kms: {listen: 8000=kms.us-east-1.amazonaws.com:443}
  enclaves:
    server: {command: [python3, server.py], cid: 16, ready: 5005}

The command finds AWS_REGION, AWS_ENDPOINT_URL_KMS, AWS_EC2_METADATA_SERVICE_ENDPOINT and
GLOVEBOX_WORLD in its environment. The world is one of its own and ends with it, unless --world
names another. What all parts write is shown on stderr, in the order of its time.)";

constexpr std::size_t world_bytes_max = 1024 * 1024;
// "2026-01-02T03:04:05.678Z".
constexpr std::size_t time_bytes = 24;

struct UpCommand {
    std::string file;
    std::string world;
    bool quiet = false;
    PkiOption pki;
    std::vector<std::string> arguments;

    [[nodiscard]] int run() const;
};

// A directory of its own, which ends with it.
class TemporaryWorld {
  public:
    TemporaryWorld() {
        std::string name = (std::filesystem::temp_directory_path() / "glovebox-up-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw ErrorException(errno_error("making a world in " + name, errno));
        path_ = name;
    }
    ~TemporaryWorld() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryWorld(const TemporaryWorld&) = delete;
    TemporaryWorld& operator=(const TemporaryWorld&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// A part's own time, where it wrote one, else when its line came.
void tell(const std::string& part, std::string_view line) {
    std::string time = format_time(SystemClock().now());
    if (line.size() > time_bytes && line[time_bytes] == ' ' &&
        parse_time(line.substr(0, time_bytes))) {
        time = line.substr(0, time_bytes);
        line.remove_prefix(time_bytes + 1);
    }
    fmt::print(stderr, "{} {:<8} | {}\n", time, part, line);
}

int UpCommand::run() const {
    const Bytes content = read_file(file, world_bytes_max).value();
    const auto folder = std::filesystem::absolute(file).parent_path().string();
    up::WorldFile parts = up::parse_world_file(as_text(content), file, folder).value();
    core::ignore_sigpipe();
    std::optional<TemporaryWorld> temporary;
    std::string directory = world;
    if (directory.empty())
        directory = temporary.emplace().path();
    directory = transports::World::open(directory).value()->path();
    up::RunPaths paths{std::filesystem::read_symlink("/proc/self/exe").string(), directory,
                       pki.path};

    boost::asio::io_context context(1);
    up::WorldRun run(context, std::move(parts), std::move(paths), arguments,
                     [this](const std::string& part, const std::string& line) {
                         if (!quiet)
                             tell(part, line);
                     });
    boost::asio::signal_set signals(context, SIGTERM, SIGINT, SIGCHLD);
    for (const int number : {SIGHUP, SIGQUIT})
        signals.add(number);
    bool has_ended = false;  // a signal's handler may be on its way when the last wait is cancelled
    std::function<void()> watch = [&] {
        signals.async_wait([&](const boost::system::error_code& failure, int signal) {
            if (failure || has_ended)
                return;
            if (signal == SIGCHLD)
                run.look();
            else
                run.stop(signal);
            watch();
        });
    };
    watch();
    Result<int> status = exit_failed;
    boost::asio::co_spawn(
        context,
        [&]() -> boost::asio::awaitable<void> {
            status = co_await run.run();
            has_ended = true;
            signals.cancel();
        },
        boost::asio::detached);
    context.run();
    return status.value();
}

}  // namespace

void add_up_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<UpCommand>();
    CLI::App& command = *app.add_subcommand(
        "up",
        "Starts a world from one file: KMS, metadata, proxies, enclaves, and a command in it");
    command.footer(examples);
    command.add_option("file", options->file, "The world's file")->type_name("FILE")->required();
    command
        .add_option("--world", options->world,
                    "A world that stays, by its name or directory [one of its own]")
        ->type_name("NAME");
    command.add_flag("-q,--quiet", options->quiet, "No timeline");
    options->pki.add_to(command);
    command
        .add_option("command", options->arguments, "After --: a command, run as a parent program")
        ->type_name("CMD");
    command.callback([options, &exit_status] { exit_status = options->run(); });
}

}  // namespace glovebox::cli
