#include "packer/in_parallel.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace kontext {
namespace {

class Team {
 public:
  Team(size_t count, const std::function<void(size_t)>& work) : count_(count), work_(work) {}

  void Run() {
    size_t mine;
    while (Next(&mine)) {
      try {
        work_(mine);
      } catch (...) {
        std::lock_guard lock(mutex_);
        if (failure_ == nullptr) failure_ = std::current_exception();
      }
    }
  }

  void Rethrow() const {
    if (failure_ != nullptr) std::rethrow_exception(failure_);
  }

 private:
  bool Next(size_t* mine) {
    std::lock_guard lock(mutex_);
    if (failure_ != nullptr || next_ == count_) return false;
    *mine = next_++;
    return true;
  }

  size_t count_;
  const std::function<void(size_t)>& work_;
  std::mutex mutex_;  // guards what follows
  size_t next_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

void InParallel(size_t count, size_t threads, const std::function<void(size_t)>& work) {
  Team team(count, work);
  std::vector<std::thread> others;
  for (size_t i = 1; i < std::min(count, threads); ++i) {
    try {
      others.emplace_back([&team] { team.Run(); });
    } catch (const std::system_error&) {
      break;  // the threads that there are do it
    }
  }
  team.Run();
  for (std::thread& other : others) other.join();
  team.Rethrow();
}

}  // namespace kontext
