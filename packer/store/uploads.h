// Blobs on their way into a store, several at once, while the caller goes on.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "packer/image/descriptor.h"
#include "packer/store/blob_source.h"
#include "packer/store/store.h"

namespace kontext {

// One thread calls it. As many blobs are under way at once as the store takes; a bounded number of
// bytes waits to be sent. Every call throws the Error that a blob ended in; then no other is sent
// any more.
class Uploads {
 public:
  // Told now and then, while the caller waits and in its thread, how many of the bytes added so far
  // are sent, or were there already.
  using Progress = std::function<void(uint64_t done, uint64_t total)>;

  // `store` must outlive it; while something is under way nobody else writes to it.
  explicit Uploads(Store* store, Progress progress = nullptr);
  // Breaks off what is under way; a request without content is waited for.
  ~Uploads();
  Uploads(const Uploads&) = delete;
  Uploads& operator=(const Uploads&) = delete;

  Store* store() const { return store_; }

  // Before the first is added: there will be so many blobs, most likely none that the store has.
  // It gets ready for them meanwhile. Returns at once; none need come.
  void Expect(size_t blobs);

  // Sends it unless it is there. Returns at once unless too much waits already.
  void Add(const Descriptor& blob, std::unique_ptr<BlobSource> source);

  // Takes it as there, without asking.
  void AddKnown(const Descriptor& blob, std::unique_ptr<BlobSource> source);

  // Until everything is there.
  void Wait();

  // Sends, without asking, what was found or taken as there, and waits: for a registry that says it
  // has a blob, and does not. Holds for what was added last, as much as is kept for it.
  void SendAgain();

  // Of the blobs that were sent; to be asked after Wait.
  uint64_t sent_bytes() const { return sent_bytes_; }

 private:
  struct Job {
    Descriptor blob;
    std::unique_ptr<BlobSource> source;
    bool again = false;
  };
  class WatchedSource;

  void Enqueue(Job job);
  void StartThread(bool expects);
  void Work(bool ready);
  // True when it had to be sent.
  bool Send(const Job& job);
  void Remember(Job job);
  void Await(std::unique_lock<std::mutex>* lock, const std::function<bool()>& reached);
  bool HasRoomFor(uint64_t bytes) const;

  Store* store_;
  Progress progress_;
  std::atomic<int64_t> passed_ = 0;  // bytes, for progress_
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  size_t expecting_ = 0;  // threads that have not taken the job that they get ready for
  std::deque<Job> queue_;
  std::deque<Job> there_;  // for SendAgain
  uint64_t there_bytes_ = 0;
  size_t unsent_ = 0;  // in queue_ and under way
  uint64_t unsent_bytes_ = 0;
  uint64_t total_bytes_ = 0;
  uint64_t sent_bytes_ = 0;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace kontext
