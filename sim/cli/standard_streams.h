// The three streams that a program is born with: that they are there, and that what was written to
// them arrived.
#pragma once

namespace glovebox::cli {

// Where the caller closed one (>&-), a file that is opened later would get its number, and our
// output. A placeholder takes it that can't be used, as the closed one couldn't; programs that are
// started don't inherit it.
void hold_standard_streams();

// Whether something that was written to standard output so far is lost.
[[nodiscard]] bool is_output_lost();

// At the end of main: where standard output could not be written, says so and makes of "done"
// "could not be done".
[[nodiscard]] int finish_output(int exit_status);

}  // namespace glovebox::cli
