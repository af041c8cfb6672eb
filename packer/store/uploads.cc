#include "packer/store/uploads.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "packer/error.h"

namespace kontext {
namespace {

// Disk that finished layers may take before packing waits for the network: four of the largest
// (256 MiB of content that does not compress, its headers and its index) at once.
constexpr uint64_t kMaxUnsentBytes = uint64_t{1280} << 20;
constexpr std::chrono::milliseconds kProgressInterval{200};

}  // namespace

// Counts what is read, and ends an upload that nobody wants any more.
class Uploads::WatchedSource : public BlobSource {
 public:
  WatchedSource(const BlobSource& inner, Uploads* uploads) : inner_(inner), uploads_(uploads) {}

  uint64_t size() const override { return inner_.size(); }

  std::unique_ptr<BlobReader> Open(uint64_t offset) const override {
    MoveTo(offset);
    return std::make_unique<Reader>(inner_.Open(offset), this);
  }

  void MoveTo(uint64_t offset) const {
    uploads_->passed_ += static_cast<int64_t>(offset) - static_cast<int64_t>(position_);
    position_ = offset;
  }

 private:
  class Reader : public BlobReader {
   public:
    Reader(std::unique_ptr<BlobReader> inner, const WatchedSource* source)
        : inner_(std::move(inner)), source_(source) {}
    size_t Read(char* out, size_t size) override {
      if (source_->uploads_->stop_) throw Error(ErrorKind::kIo, "the upload is broken off");
      size_t got = inner_->Read(out, size);
      source_->MoveTo(source_->position_ + got);
      return got;
    }

   private:
    std::unique_ptr<BlobReader> inner_;
    const WatchedSource* source_;
  };

  const BlobSource& inner_;
  Uploads* uploads_;
  mutable uint64_t position_ = 0;  // of the reader opened last; one is read at a time
};

Uploads::Uploads(Store* store, Progress progress) : store_(store), progress_(std::move(progress)) {}

Uploads::~Uploads() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Uploads::Expect(size_t blobs) {
  std::lock_guard<std::mutex> lock(mutex_);
  while (threads_.size() < std::min(blobs, store_->Parallel())) StartThread(true);
}

void Uploads::Add(const Descriptor& blob, std::unique_ptr<BlobSource> source) {
  Enqueue({blob, std::move(source), false});
}

void Uploads::AddKnown(const Descriptor& blob, std::unique_ptr<BlobSource> source) {
  std::lock_guard<std::mutex> lock(mutex_);
  Remember({blob, std::move(source), false});
}

void Uploads::Wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  Await(&lock, [this] { return unsent_ == 0; });
}

void Uploads::SendAgain() {
  std::deque<Job> again;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    again.swap(there_);
    there_bytes_ = 0;
  }
  for (Job& job : again) {
    job.again = true;
    Enqueue(std::move(job));
  }
  Wait();
}

void Uploads::Enqueue(Job job) {
  std::unique_lock<std::mutex> lock(mutex_);
  uint64_t bytes = job.source->size();
  Await(&lock, [&] { return HasRoomFor(bytes); });
  ++unsent_;
  unsent_bytes_ += bytes;
  total_bytes_ += bytes;
  queue_.push_back(std::move(job));
  if (threads_.size() < std::min(unsent_, store_->Parallel())) {
    StartThread(false);
  }
  changed_.notify_all();
}

bool Uploads::HasRoomFor(uint64_t bytes) const {
  if (unsent_ == 0) return true;
  return unsent_ < store_->Parallel() && unsent_bytes_ + bytes <= kMaxUnsentBytes;
}

void Uploads::Await(std::unique_lock<std::mutex>* lock, const std::function<bool()>& reached) {
  auto over = [&] { return failure_ != nullptr || reached(); };
  while (!over()) {
    if (progress_) {
      uint64_t total = total_bytes_;
      lock->unlock();
      progress_(std::clamp<int64_t>(passed_, 0, static_cast<int64_t>(total)), total);
      lock->lock();
    }
    changed_.wait_for(*lock, kProgressInterval, over);
  }
  if (failure_ != nullptr) std::rethrow_exception(failure_);
}

void Uploads::StartThread(bool expects) {
  threads_.emplace_back([this, expects] {
    if (expects) store_->ExpectBlob();
    Work(expects);
  });
  if (expects) ++expecting_;
}

// `ready`: for a blob that was expected. What others are getting ready for is left to them.
void Uploads::Work(bool ready) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(
        lock, [&] { return stop_ || (!queue_.empty() && (ready || queue_.size() > expecting_)); });
    if (stop_) return;
    if (std::exchange(ready, false)) --expecting_;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    uint64_t bytes = job.source->size();
    bool sent = false;
    std::exception_ptr failure;
    try {
      sent = Send(job);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    --unsent_;
    unsent_bytes_ -= bytes;
    if (sent) sent_bytes_ += bytes;
    if (failure != nullptr) {
      if (failure_ == nullptr) failure_ = failure;
      stop_ = true;
    } else if (!sent) {
      Remember(std::move(job));
    }
    changed_.notify_all();
  }
}

bool Uploads::Send(const Job& job) {
  WatchedSource watched(*job.source, this);
  bool sent = true;
  if (job.again) {
    store_->ResendBlob(job.blob, watched);
  } else {
    sent = store_->WriteBlob(job.blob, watched);
  }
  watched.MoveTo(job.source->size());
  return sent;
}

// What is in memory or a file of its own takes its place until the image is published.
void Uploads::Remember(Job job) {
  there_bytes_ += job.source->size();
  there_.push_back(std::move(job));
  while (there_bytes_ > kMaxUnsentBytes) {
    there_bytes_ -= there_.front().source->size();
    there_.pop_front();
  }
}

}  // namespace kontext
