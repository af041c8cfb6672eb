#include "packer/scan/still_file.h"

#include <fcntl.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <thread>

namespace kontext {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPatience = 1s;
// Longer than the system's tick, 10 ms at most, in which two changes may get the same time.
constexpr auto kStep = 11ms;
// Who has a file open and did not begin to write in this time is not in the midst of a write: one
// that waits for a processor or a disk could be.
constexpr auto kQuiet = 500ms;

nanoseconds TimeOf(const struct timespec& time) {
  return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

// Since the last change; of the clock that gives files their times.
nanoseconds AgeOf(const struct stat& info) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return TimeOf(now) - TimeOf(info.st_ctim);
}

// A write sets the times when it begins, its bytes arrive until it ends, and neither a stat nor a
// second reading can tell. But a read lease is only given where nobody has the file open for
// writing, nor mapped. It is given back at once: who opens the file in between waits that long, and
// we get the signal, which is one that is ignored unless somebody wants it.
bool HasWriter(int fd) {
  fcntl(fd, F_SETSIG, SIGURG);
  // Not our file, or a file system without leases: not known.
  if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  fcntl(fd, F_SETLEASE, F_UNLCK);
  return false;
}

// A write right now might get the time that the file has already.
bool IsOfThisTick(nanoseconds age) { return age <= 0ns && age > -kPatience; }

}  // namespace

bool IsStill(const struct stat& info) {
  nanoseconds age = AgeOf(info);
  return age > kQuiet || age <= -kPatience;
}

Stillness WaitUntilStill(int fd, struct stat* info) {
  const off_t first_size = info->st_size;
  for (auto begin = steady_clock::now();;) {
    if (IsStill(*info)) return Stillness::kStill;
    if (!IsOfThisTick(AgeOf(*info)) && !HasWriter(fd)) return Stillness::kStill;
    if (steady_clock::now() - begin > kPatience) break;
    std::this_thread::sleep_for(kStep);
    if (fstat(fd, info) != 0) return Stillness::kFailed;
  }
  return info->st_size > first_size ? Stillness::kStill : Stillness::kMoving;
}

}  // namespace kontext
