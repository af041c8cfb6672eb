// Starts another program. No shell has a part in it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/fd.h"

namespace kontext {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

// Both give 0, or the errno of what went wrong.
int MakePipe(Pipe* pipe);

// `argv[0]` is looked up in PATH. `environment`: "NAME=VALUE" each; null: this program's. `in`: its
// standard input; -1: nothing. The descriptors stay the caller's. `group`: the process group that
// it joins; -1: this program's.
int Spawn(const std::vector<std::string>& argv, const std::vector<std::string>* environment, int in,
          int out, int err, pid_t* pid, pid_t group = -1);

}  // namespace kontext
