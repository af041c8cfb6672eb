// Encodes blocks with several threads and gives what they become in the order in which they came.
// All memory is that of a fixed number of blocks, which are used again and again.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "packer/pack/codec.h"

namespace kontext {

// One thread fills it; errors of the others come out of its calls.
class BlockPipeline {
 public:
  // Takes the encoded blocks, in the calling thread.
  using Output = std::function<void(std::string_view)>;

  // `threads`: blocks encoded at once; 1 or 0: in the calling thread.
  BlockPipeline(const Codec& codec, size_t threads, Output output);
  // Breaks off.
  ~BlockPipeline();
  BlockPipeline(const BlockPipeline&) = delete;
  BlockPipeline& operator=(const BlockPipeline&) = delete;

  // What is free of the block that is being filled; its first `size` bytes are filled.
  std::span<char> Room();
  void Fill(size_t size) { slots_[fill_].size += size; }
  // The block that is being filled; full when it has the codec's block size.
  std::string_view Block() const { return {slots_[fill_].in.get(), slots_[fill_].size}; }
  bool IsFull() const { return slots_[fill_].size == block_size_; }
  // Ends that block, if it has any bytes, and begins another.
  void EndBlock();
  // Until all that was ended has been given out.
  void Drain();

 private:
  struct Slot {
    std::unique_ptr<char[]> in, out;
    size_t size = 0, out_size = 0;
    bool encoded = false;
  };

  void Work();
  void Encode(BlockEncoder* encoder, Slot* slot) const;
  // Gives out the oldest block.
  void TakeOldest();
  size_t After(size_t slot) const { return (slot + 1) % slots_.size(); }

  Codec codec_;
  size_t block_size_;
  Output output_;
  size_t max_threads_;
  // A ring: from out_ to next_ they are encoded or about to be, from next_ to fill_ they wait.
  std::vector<Slot> slots_;
  size_t out_ = 0;
  size_t fill_ = 0;                    // changed by the calling thread alone, under the mutex
  std::unique_ptr<BlockEncoder> own_;  // of the calling thread
  std::mutex mutex_;                   // guards what follows, and the slots' `encoded`
  std::condition_variable work_, done_;
  size_t next_ = 0;
  bool stop_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace kontext
