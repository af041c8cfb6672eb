#include "packer/registry/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "common/fd.h"
#include "packer/error.h"
#include "packer/registry/process_group.h"
#include "packer/spawn.h"

namespace kontext {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxErr = 4096;
// How often a child is looked after that says nothing: it may leave its pipes to one of its own.
constexpr int kLookMilliseconds = 20;
// The same for one that has closed them: it is about to end.
constexpr int kEndMilliseconds = 1;

[[noreturn]] void Fail(const std::string& program, int error) {
  ErrorKind kind = error == ENOENT ? ErrorKind::kNotFound : ErrorKind::kIo;
  throw Error(kind, program + ": " + std::generic_category().message(error));
}

Pipe NewPipe(const std::string& program) {
  Pipe pipe;
  if (int error = MakePipe(&pipe); error != 0) Fail(program, error);
  return pipe;
}

// Before the child is there: a pipe holds it all, and nobody can close its other end meanwhile.
void Fill(const Pipe& pipe, const std::string& input, const std::string& program) {
  fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK);
  ssize_t put = write(pipe.write.get(), input.data(), input.size());
  if (put != static_cast<ssize_t>(input.size())) Fail(program, put < 0 ? errno : E2BIG);
}

class Child {
 public:
  Child(const std::vector<std::string>& arguments, const std::string& input)
      : program_(arguments[0]) {
    Pipe in = NewPipe(program_), out = NewPipe(program_), err = NewPipe(program_);
    Fill(in, input, program_);
    Start(arguments, in, out, err);
    out_ = std::move(out.read);
    err_ = std::move(err.read);
    fcntl(out_.get(), F_SETFL, O_NONBLOCK);
    fcntl(err_.get(), F_SETFL, O_NONBLOCK);
  }

  ~Child() {
    if (!done_) {
      group_.Kill();
      while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) continue;
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  ChildResult Wait(size_t max_out, std::chrono::milliseconds timeout) {
    ChildResult result;
    Clock::time_point end = Clock::now() + timeout;
    while (true) {
      bool exited = Exited();
      bool more_out = Drain(&out_, &result.out, max_out + 1);
      bool more_err = Drain(&err_, &result.err, kMaxErr);
      result.too_long = result.out.size() > max_out;
      if (exited || result.too_long) break;
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
      if ((result.timed_out = left.count() <= 0)) break;
      pollfd waiting[] = {{more_out ? out_.get() : -1, POLLIN, 0},
                          {more_err ? err_.get() : -1, POLLIN, 0}};
      poll(waiting, 2, more_out || more_err ? kLookMilliseconds : kEndMilliseconds);
    }
    result.status = status_;
    return result;
  }

 private:
  void Start(const std::vector<std::string>& arguments, const Pipe& in, const Pipe& out,
             const Pipe& err) {
    int error = group_.id() < 0 ? errno
                                : Spawn(arguments, nullptr, in.read.get(), out.write.get(),
                                        err.write.get(), &pid_, group_.id());
    if (error == 0) return;
    done_ = true;
    Fail(program_, error);
  }

  bool Exited() {
    if (!done_) done_ = waitpid(pid_, &status_, WNOHANG) == pid_;
    return done_;
  }

  // Takes what there is, as far as `limit` goes; false at the end.
  static bool Drain(UniqueFd* fd, std::string* text, size_t limit) {
    char buffer[4096];
    // As much as a pipe holds: a program that never stops must not keep us here.
    for (size_t taken = 0; fd->valid() && taken < 64 * 1024;) {
      ssize_t got = read(fd->get(), buffer, sizeof(buffer));
      if (got < 0) return true;  // nothing yet
      if (got == 0) fd->reset(-1);
      text->append(buffer, std::min(static_cast<size_t>(got), limit - text->size()));
      taken += static_cast<size_t>(got);
    }
    return fd->valid();
  }

  std::string program_;
  ProcessGroup group_;
  pid_t pid_ = -1;
  bool done_ = false;
  int status_ = 0;
  UniqueFd out_;
  UniqueFd err_;
};

}  // namespace

ChildResult RunChild(const std::vector<std::string>& arguments, const std::string& input,
                     size_t max_out, std::chrono::milliseconds timeout) {
  return Child(arguments, input).Wait(max_out, timeout);
}

}  // namespace kontext
