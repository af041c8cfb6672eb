#include "packer/pack/block_pipeline.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kontext {
namespace {

// One thread reads, hashes and writes: it keeps no more of them busy, and each costs memory.
constexpr size_t kMaxThreads = 8;
// Blocks beyond those that are being encoded: one is filled, the rest bridge the moments in which
// the filling thread or an encoding one does not run.
constexpr size_t kSpare = 4;

}  // namespace

BlockPipeline::BlockPipeline(const Codec& codec, size_t threads, Output output)
    : codec_(codec),
      block_size_(codec.BlockSize()),
      output_(std::move(output)),
      max_threads_(threads > 1 ? std::min(threads, kMaxThreads) : 0),
      slots_(max_threads_ + kSpare) {}

BlockPipeline::~BlockPipeline() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::span<char> BlockPipeline::Room() {
  Slot& slot = slots_[fill_];
  if (!slot.in) slot.in = std::make_unique_for_overwrite<char[]>(block_size_);
  return {slot.in.get() + slot.size, block_size_ - slot.size};
}

void BlockPipeline::EndBlock() {
  Slot& slot = slots_[fill_];
  if (slot.size == 0) return;
  if (max_threads_ == 0) {
    if (!own_) own_ = codec_.NewEncoder();
    Encode(own_.get(), &slot);
    output_({slot.out.get(), slot.out_size});
    slot.size = 0;
    return;
  }
  bool others_wait = false;
  {
    std::lock_guard lock(mutex_);
    slot.encoded = false;
    fill_ = After(fill_);
    others_wait = After(next_) != fill_;
  }
  // A small layer is a block or two, and an encoder takes memory: the first thread may do.
  if (threads_.size() < (others_wait ? max_threads_ : 1)) {
    threads_.emplace_back([this] { Work(); });
  }
  work_.notify_one();
  if (After(fill_) == out_) TakeOldest();
}

void BlockPipeline::Drain() {
  while (out_ != fill_) TakeOldest();
}

void BlockPipeline::TakeOldest() {
  Slot& slot = slots_[out_];
  {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return slot.encoded || failure_ != nullptr; });
    if (failure_ != nullptr) std::rethrow_exception(failure_);
  }
  output_({slot.out.get(), slot.out_size});
  slot.size = 0;
  out_ = After(out_);
}

void BlockPipeline::Encode(BlockEncoder* encoder, Slot* slot) const {
  if (!slot->out) slot->out = std::make_unique_for_overwrite<char[]>(encoder->Bound(block_size_));
  slot->out_size = encoder->Encode({slot->in.get(), slot->size}, slot->out.get());
}

void BlockPipeline::Work() {
  std::unique_lock lock(mutex_);
  try {
    std::unique_ptr<BlockEncoder> encoder = codec_.NewEncoder();
    while (true) {
      work_.wait(lock, [this] { return stop_ || next_ != fill_; });
      if (stop_) return;
      Slot& slot = slots_[next_];
      next_ = After(next_);
      lock.unlock();
      Encode(encoder.get(), &slot);
      lock.lock();
      slot.encoded = true;
      done_.notify_one();
    }
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    failure_ = std::current_exception();
    done_.notify_one();
  }
}

}  // namespace kontext
