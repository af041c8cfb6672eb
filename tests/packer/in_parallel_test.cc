#include "packer/in_parallel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace kontext {
namespace {

constexpr std::chrono::seconds kPatience{20};  // only a program that is wrong takes so long

TEST(InParallelTest, EachOnceWhateverTheNumbers) {
  for (size_t count : {0, 1, 2, 7, 100}) {
    for (size_t threads : {0, 1, 2, 6, 200}) {
      std::vector<std::atomic<int>> calls(count);
      InParallel(count, threads, [&](size_t i) { ++calls[i]; });
      EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), [](const auto& n) { return n == 1; }))
          << count << " in " << threads;
    }
  }
}

TEST(InParallelTest, OneThreadIsTheCallersAndKeepsTheOrder) {
  std::vector<size_t> seen;
  InParallel(5, 1, [&, caller = std::this_thread::get_id()](size_t i) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    seen.push_back(i);
  });
  EXPECT_EQ(seen, (std::vector<size_t>{0, 1, 2, 3, 4}));
}

// The first four wait for each other; a fifth at the same time would be seen.
TEST(InParallelTest, AsManyAtOnceAsAllowed) {
  std::mutex mutex;
  std::condition_variable changed;
  size_t inside = 0, most = 0, begun = 0;
  InParallel(12, 4, [&](size_t) {
    std::unique_lock lock(mutex);
    ++begun;
    most = std::max(most, ++inside);
    changed.notify_all();
    EXPECT_TRUE(changed.wait_for(lock, kPatience, [&] { return begun >= 4; }));
    --inside;
  });
  EXPECT_EQ(most, 4U);
}

TEST(InParallelTest, TheFirstErrorEndsIt) {
  std::atomic<size_t> begun = 0;
  try {
    InParallel(1000, 1, [&](size_t i) {
      ++begun;
      if (i >= 3) throw std::runtime_error(std::to_string(i));
    });
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "3");
  }
  EXPECT_EQ(begun, 4U);
}

// Those that are under way end before the error goes on: what they use is the caller's.
TEST(InParallelTest, NothingIsLeftUnderWay) {
  std::atomic<size_t> inside = 0;
  EXPECT_THROW(InParallel(100, 8,
                          [&](size_t i) {
                            ++inside;
                            if (i == 5) {
                              --inside;
                              throw std::runtime_error("five");
                            }
                            std::this_thread::yield();
                            --inside;
                          }),
               std::runtime_error);
  EXPECT_EQ(inside, 0U);
}

}  // namespace
}  // namespace kontext
