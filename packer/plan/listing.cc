#include "packer/plan/listing.h"

#include <algorithm>

#include "common/index_writer.h"
#include "packer/plan/path_search.h"

namespace kontext {
namespace {

// Chunks double: a small listing stays small, a large one has few.
constexpr size_t kFirstChunk = 4 * 1024;
constexpr size_t kLargestChunk = 1024 * 1024;

constexpr size_t kHashBuffer = 16 * 1024;

}  // namespace

std::string* TextArena::ChunkFor(size_t size) {
  if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < size) {
    size_t last = chunks_.empty() ? 0 : chunks_.back().capacity();
    size_t next = std::clamp(2 * last, kFirstChunk, kLargestChunk);
    chunks_.emplace_back().reserve(std::max(next, size));
  }
  return &chunks_.back();
}

std::string_view TextArena::Keep(std::string_view text) {
  if (text.empty()) return {};
  std::string& chunk = *ChunkFor(text.size());
  size_t begin = chunk.size();
  chunk.append(text);
  return std::string_view(chunk).substr(begin);
}

std::string_view TextArena::KeepPath(std::string_view dir, std::string_view name) {
  if (dir.empty()) return Keep(name);
  std::string& chunk = *ChunkFor(dir.size() + 1 + name.size());
  size_t begin = chunk.size();
  chunk.append(dir).append(1, '/').append(name);
  return std::string_view(chunk).substr(begin);
}

void TextArena::Adopt(TextArena other) {
  // A chunk is never short enough to be inside the string object, so its text stays where it is.
  for (std::string& chunk : other.chunks_) chunks_.push_front(std::move(chunk));
  for (std::shared_ptr<const char>& bytes : other.adopted_) Adopt(std::move(bytes));
}

void Listing::Add(const IndexEntry& entry) {
  IndexEntry& kept = entries_.emplace_back(entry);
  kept.path = text_.Keep(entry.path);
  kept.target = text_.Keep(entry.target);
  kept.at = text_.Keep(entry.at);
}

ListingTotals Listing::Totals() const {
  ListingTotals totals;
  for (const IndexEntry& entry : entries_) {
    totals.files += entry.type == EntryType::kFile;
    totals.dirs += entry.type == EntryType::kDir;
    totals.symlinks += entry.type == EntryType::kSymlink;
    if (entry.type == EntryType::kFile) totals.bytes += entry.size;
  }
  return totals;
}

Digest Listing::TreeDigest() const {
  TreeHasher hasher;
  for (const IndexEntry& entry : entries_) hasher.Add(entry);
  return hasher.Finish();
}

void TreeHasher::Add(const IndexEntry& entry) {
  WriteListingLine(entry, {&buffer_, &Write});
  if (buffer_.size() >= kHashBuffer) Flush();
}

void TreeHasher::Write(void* context, const char* data, size_t size) {
  static_cast<std::string*>(context)->append(data, size);
}

void TreeHasher::Flush() {
  hasher_.Update(buffer_.data(), buffer_.size());
  buffer_.clear();
}

const Hasher::State& TreeHasher::State() {
  Flush();
  return hasher_.state();
}

Digest TreeHasher::Finish() {
  Flush();
  return hasher_.Finish();
}

uint32_t FindEntry(const Listing& listing, std::string_view path) {
  const std::vector<IndexEntry>& entries = listing.entries();
  size_t found = FirstFrom(0, entries.size(), path, [&](size_t i) { return entries[i].path; });
  if (found == entries.size() || entries[found].path != path) return kNoEntry;
  return static_cast<uint32_t>(found);
}

}  // namespace kontext
