#include "packer/registry/process_group.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace kontext {
namespace {

constexpr int kParentEnded = SIGTERM;

// All signals are blocked here. Another thread may have held any lock when this process was made:
// nothing is called that a signal handler could not call.
[[noreturn]] void Lead(pid_t parent) {
  // Others wait for the end of pipes that this program has open.
  syscall(SYS_close_range, 0U, ~0U, 0U);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, kParentEnded);
  if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, kParentEnded) != 0) _exit(1);
  int signal = 0;
  // It may have ended before it was asked for.
  if (getppid() == parent) sigwait(&wanted, &signal);
  kill(0, SIGKILL);
  _exit(1);
}

}  // namespace

ProcessGroup::ProcessGroup() {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t self = getpid();
  leader_ = fork();
  if (leader_ == 0) Lead(self);
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // Both do it: whoever joins finds the group.
  if (leader_ > 0) setpgid(leader_, leader_);
  errno = error;
}

ProcessGroup::~ProcessGroup() {
  if (leader_ < 0) return;
  kill(leader_, SIGKILL);
  while (waitpid(leader_, nullptr, 0) < 0 && errno == EINTR) continue;
}

void ProcessGroup::Kill() const { kill(-leader_, SIGKILL); }

}  // namespace kontext
