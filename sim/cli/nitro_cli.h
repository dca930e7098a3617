// nitro-cli: the program of that name, and `glovebox nitro-cli`.
#pragma once

namespace glovebox::cli {

// Takes the arguments as a main function gets them, argv[0] being the program's name. The exit
// status is nitro-cli's: 0, 2 for a usage error, else the number of the error's code.
[[nodiscard]] int nitro_cli_main(int argc, char** argv);

}  // namespace glovebox::cli
