#include "packer/scan/program.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "common/fd.h"
#include "packer/error.h"
#include "packer/spawn.h"

namespace kontext {
namespace {

constexpr size_t kPiece = 64 * 1024;
// Of standard error this much is kept: a message is in its first lines.
constexpr size_t kKeptErrors = 4096;

[[noreturn]] void FailRun(const std::string& program, int error) {
  throw Error(error == ENOENT ? ErrorKind::kNotFound : ErrorKind::kIo,
              "cannot run " + program + ": " + std::strerror(error));
}

Pipe NewPipe(const std::string& program) {
  Pipe pipe;
  if (int error = MakePipe(&pipe); error != 0) FailRun(program, error);
  return pipe;
}

// A running program; one that is not waited for is ended.
class Child {
 public:
  Child(const std::vector<std::string>& argv, const std::vector<std::string>& environment, int out,
        int err) {
    int error = Spawn(argv, &environment, -1, out, err, &pid_);
    if (error == 0) return;
    pid_ = -1;
    FailRun(argv[0], error);
  }
  ~Child() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    Wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int Wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
};

// False at the end.
bool ReadPiece(const std::string& program, const UniqueFd& from, std::string* piece) {
  piece->resize(kPiece);
  ssize_t n = 0;
  do {
    n = read(from.get(), piece->data(), piece->size());
  } while (n < 0 && errno == EINTR);
  if (n < 0) FailRun(program, errno);
  piece->resize(static_cast<size_t>(n));
  return n > 0;
}

}  // namespace

ProgramResult RunProgram(const std::vector<std::string>& argv,
                         const std::vector<std::string>& environment, const OutputSink& sink) {
  Pipe out = NewPipe(argv[0]);
  Pipe err = NewPipe(argv[0]);
  Child child(argv, environment, out.write.get(), err.write.get());
  out.write.reset(-1);
  err.write.reset(-1);
  ProgramResult result;
  std::string piece;
  pollfd waiting[] = {{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}};
  // A negative descriptor is one that has ended.
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    if (poll(waiting, 2, -1) < 0) {
      if (errno != EINTR) FailRun(argv[0], errno);
      continue;
    }
    if (waiting[0].fd >= 0 && waiting[0].revents != 0) {
      if (!ReadPiece(argv[0], out.read, &piece)) waiting[0].fd = -1;
      sink(piece);
    }
    if (waiting[1].fd >= 0 && waiting[1].revents != 0) {
      if (!ReadPiece(argv[0], err.read, &piece)) waiting[1].fd = -1;
      result.errors.append(piece, 0, kKeptErrors - std::min(kKeptErrors, result.errors.size()));
    }
  }
  result.exit_code = child.Wait();
  return result;
}

}  // namespace kontext
