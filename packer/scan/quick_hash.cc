#include "packer/scan/quick_hash.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace kontext {

void QuickHasher::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

QuickHasher::QuickHasher() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_64bits_reset(state_.get());
}

void QuickHasher::Update(std::string_view bytes) {
  XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
}

uint64_t QuickHasher::Finish() {
  uint64_t hash = XXH3_64bits_digest(state_.get());
  XXH3_64bits_reset(state_.get());
  return hash;
}

uint64_t QuickHashes::KeyOf(const Digest& sha256) {
  uint64_t key;
  std::memcpy(&key, sha256.bytes, sizeof(key));
  return key;
}

void QuickHashes::Add(const QuickHashes& other) {
  items_.insert(items_.end(), other.items_.begin(), other.items_.end());
}

void QuickHashes::Sort() {
  std::sort(items_.begin(), items_.end(),
            [](const Item& a, const Item& b) { return a.key < b.key; });
}

std::optional<uint64_t> QuickHashes::Find(const Digest& sha256) const {
  uint64_t key = KeyOf(sha256);
  auto found =
      std::lower_bound(items_.begin(), items_.end(), key,
                       [](const Item& item, uint64_t wanted) { return item.key < wanted; });
  if (found == items_.end() || found->key != key) return std::nullopt;
  return found->quick;
}

}  // namespace kontext
