// Runs a program with given input and collects what it says.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace kontext {

struct ChildResult {
  int status = 0;          // as waitpid gives it
  bool timed_out = false;  // it was killed
  bool too_long = false;   // it was killed for what it wrote
  std::string out;
  std::string err;  // the first 4 KiB
};

// `arguments[0]` is looked up on PATH; no shell has a part in it. `input`, at most 64 KiB, is its
// standard input. It and its children get a process group of their own: none outlives a time-out or
// this program. Throws Error(kNotFound) when there is no such program, Error(kIo) when it cannot
// be run.
ChildResult RunChild(const std::vector<std::string>& arguments, const std::string& input,
                     size_t max_out, std::chrono::milliseconds timeout);

}  // namespace kontext
