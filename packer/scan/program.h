// Another program, run for what it prints. No shell is involved.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kontext {

struct ProgramResult {
  int exit_code = 0;   // 128 + the signal that ended it
  std::string errors;  // the beginning of its standard error
};

// Gets what the program prints, piece by piece.
using OutputSink = std::function<void(std::string_view piece)>;

// Looks argv[0] up in PATH, runs it with exactly `environment` ("NAME=VALUE") and no input, and
// waits for its end. Throws Error(kNotFound) when there is no such program, Error(kIo) when it
// cannot be run; what `sink` throws ends the program.
ProgramResult RunProgram(const std::vector<std::string>& argv,
                         const std::vector<std::string>& environment, const OutputSink& sink);

}  // namespace kontext
