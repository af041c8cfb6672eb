#include "packer/plan/listing.h"

#include "common/index_writer.h"
#include "packer/hash.h"

namespace kontext {
namespace {

constexpr size_t kChunk = 64 * 1024;

}  // namespace

std::string_view TextArena::Keep(std::string_view text) {
  if (text.empty()) return {};
  if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < text.size()) {
    chunks_.emplace_back().reserve(std::max(kChunk, text.size()));
  }
  std::string& chunk = chunks_.back();
  size_t begin = chunk.size();
  chunk.append(text);
  return std::string_view(chunk).substr(begin);
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
  Hasher hasher;
  ByteSink sink{&hasher, [](void* context, const char* data, size_t size) {
                  static_cast<Hasher*>(context)->Update(data, size);
                }};
  for (const IndexEntry& entry : entries_) WriteListingLine(entry, sink);
  return hasher.Finish();
}

}  // namespace kontext
