// Index lines as text, and texts as byte sources.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "common/byte_source.h"
#include "common/index_writer.h"
#include "common/sha256.h"

namespace kontext {

inline ByteSink AppendTo(std::string* text) {
  return {text, [](void* context, const char* data, size_t size) {
            static_cast<std::string*>(context)->append(data, size);
          }};
}

inline std::string LineOf(const IndexEntry& entry) {
  std::string text;
  WriteIndexLine(entry, AppendTo(&text));
  return text;
}

inline std::string ListingLineOf(const IndexEntry& entry) {
  std::string text;
  WriteListingLine(entry, AppendTo(&text));
  return text;
}

// The digest of a content.
inline Digest Sha(std::string_view content) { return HashOf(content.data(), content.size()); }

inline std::string HexOf(const Digest& digest) {
  std::string hex(Digest::kHexLength, '\0');
  FormatHex(digest, hex.data());
  return hex;
}

inline IndexEntry FileEntry(std::string_view path, std::string_view content,
                            std::string_view at = {}) {
  IndexEntry entry;
  entry.path = path;
  entry.mode = 0644;
  entry.size = content.size();
  entry.sha256 = Sha(content);
  entry.at = at;
  return entry;
}

inline IndexEntry DirEntry(std::string_view path, uint32_t mode = 0755) {
  IndexEntry entry;
  entry.type = EntryType::kDir;
  entry.path = path;
  entry.mode = mode;
  return entry;
}

inline IndexEntry LinkEntry(std::string_view path, std::string_view target) {
  IndexEntry entry;
  entry.type = EntryType::kSymlink;
  entry.path = path;
  entry.target = target;
  return entry;
}

inline IndexEntry RemovedEntry(std::string_view path, bool whiteout = true) {
  IndexEntry entry;
  entry.type = EntryType::kRemoved;
  entry.path = path;
  entry.whiteout = whiteout;
  return entry;
}

inline IndexEntry ObjectEntry(std::string_view content) {
  IndexEntry entry;
  entry.type = EntryType::kObject;
  entry.size = content.size();
  entry.sha256 = Sha(content);
  return entry;
}

// Gives a text in pieces of at most `piece` bytes; after `fail_after` bytes, an error.
struct PieceSource {
  std::string_view rest;
  size_t piece = SIZE_MAX;
  size_t fail_after = SIZE_MAX;

  static ssize_t Read(void* context, char* out, size_t size) {
    auto* self = static_cast<PieceSource*>(context);
    if (self->fail_after == 0) return -1;
    size_t n = std::min({size, self->rest.size(), self->piece, self->fail_after});
    std::memcpy(out, self->rest.data(), n);
    self->rest.remove_prefix(n);
    if (self->fail_after != SIZE_MAX) self->fail_after -= n;
    return static_cast<ssize_t>(n);
  }
  ByteSource source() { return {this, &Read}; }
};

}  // namespace kontext
