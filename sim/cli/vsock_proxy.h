// vsock-proxy: the program of that name, and `glovebox vsock-proxy`.
#pragma once

namespace glovebox::cli {

// Takes the arguments as a main function gets them, argv[0] being the program's name. The exit
// status is vsock-proxy's: 0, 2 for a usage error, else 1.
[[nodiscard]] int vsock_proxy_main(int argc, char** argv);

}  // namespace glovebox::cli
