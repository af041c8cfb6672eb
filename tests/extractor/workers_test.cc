#include "common/tree/workers.h"

#include <gtest/gtest.h>

#include <string>

#include "common/tree/atomic.h"

namespace kontext::tree {
namespace {

struct Done {
  Atomic<uint64_t> jobs{0};
  Atomic<uint64_t> bytes{0};

  static void Take(void* self, FileJob* job, char* buffer) {
    Done* done = static_cast<Done*>(self);
    EXPECT_NE(buffer, nullptr);
    done->jobs.Add(1);
    done->bytes.Add(job->size);
    FileJob::Delete(job);
  }
};

FileJob* JobOf(uint64_t size, const std::string& path) {
  IndexEntry entry;
  entry.type = EntryType::kFile;
  entry.path = path;
  entry.size = size;
  return FileJob::New(entry);
}

TEST(Workers, DoEachJobOnce) {
  constexpr uint64_t kSizes[] = {0, 1, 70'000, 1'000'000, 5'000'000'000};
  for (unsigned threads : {1U, 2U, kMaxJobs}) {
    for (unsigned count : {0U, 1U, 15U, 16U, 17U, 129U, 5000U}) {
      Done done;
      uint64_t bytes = 0;
      Workers workers(Done::Take, &done);
      ASSERT_TRUE(workers.Start(threads));
      for (unsigned i = 0; i < count; ++i) {
        bytes += kSizes[i % 5];
        workers.Push(JobOf(kSizes[i % 5], std::to_string(i)));
      }
      workers.Finish();
      EXPECT_EQ(done.jobs.Load(), count) << threads;
      EXPECT_EQ(done.bytes.Load(), bytes) << threads;
    }
  }
}

// A path may take a sixteenth of what the queue may hold.
TEST(Workers, WaitForRoomInBytes) {
  std::string path(60'000, 'x');
  Done done;
  Workers workers(Done::Take, &done);
  ASSERT_TRUE(workers.Start(2));
  for (unsigned i = 0; i < 300; ++i) workers.Push(JobOf(1, path));
  workers.Finish();
  EXPECT_EQ(done.jobs.Load(), 300U);
}

TEST(Workers, DrainWaitsForAllAndTakesMore) {
  Done done;
  Workers workers(Done::Take, &done);
  workers.Drain();
  ASSERT_TRUE(workers.Start(3));
  workers.Drain();
  for (uint64_t round = 1; round <= 50; ++round) {
    for (int i = 0; i < 37; ++i) workers.Push(JobOf(1, "a"));
    workers.Drain();
    EXPECT_EQ(done.jobs.Load(), round * 37);
  }
  workers.Finish();
}

}  // namespace
}  // namespace kontext::tree
