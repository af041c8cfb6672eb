// Tells cheaply whether content that is read for the second time is what it was: XXH3, 64 bits,
// takes a tenth of SHA-256's time. For accidents only - a file that changes meanwhile - never for
// names.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/digest.h"

struct XXH3_state_s;

namespace kontext {

class QuickHasher {
 public:
  QuickHasher();

  void Update(std::string_view bytes);
  // Ends the message; the hasher is then as new.
  uint64_t Finish();

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

// The quick hashes of contents that this run has read, by their SHA-256.
class QuickHashes {
 public:
  void Add(const Digest& sha256, uint64_t quick) { items_.push_back({KeyOf(sha256), quick}); }
  void Add(const QuickHashes& other);
  // Between the last Add and the first Find.
  void Sort();

  std::optional<uint64_t> Find(const Digest& sha256) const;

 private:
  // Eight bytes of a digest are enough to look it up: who could find two contents that share them,
  // and is in the midst of being packed, only makes his own push fail.
  struct Item {
    uint64_t key, quick;
  };
  static uint64_t KeyOf(const Digest& sha256);

  std::vector<Item> items_;
};

}  // namespace kontext
