// A process group that does not outlive this program.
#pragma once

#include <sys/types.h>

namespace kontext {

// Its leader only waits: should the thread that made this end before it is destroyed, by whatever
// signal to the program, the leader kills all that is in the group. A terminal's Ctrl-C, which does
// not reach the group, ends it so as well.
class ProcessGroup {
 public:
  // Without one when it cannot be made: then id() is -1, and errno says why.
  ProcessGroup();
  // Whoever is still in it stays.
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  pid_t id() const { return leader_; }
  void Kill() const;

 private:
  pid_t leader_;
};

}  // namespace kontext
