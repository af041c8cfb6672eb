// The head of an image, /var/lib/kontext/manifest.json (FORMAT.md, "Head").
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/index_writer.h"
#include "common/layout.h"

namespace kontext {

// Longest head that a reader takes: kMaxSegments digests and the other fields, twice over.
inline constexpr size_t kMaxHead = 32 * 1024;

struct Head {
  uint64_t version = kFormatVersion;
  Digest tree{};
  uint64_t files = 0;
  uint64_t dirs = 0;
  uint64_t symlinks = 0;
  uint64_t bytes = 0;  // of all files
  size_t segment_count = 0;
  Digest segments[kMaxSegments]{};  // index digests, bottom to top
};

// Parses in place: `text` is overwritten, `text[size]` must be writable. Every field must be there
// once and no other one: a head with a flipped byte is no head. Null, or what is wrong.
const char* ParseHead(char* text, size_t size, Head* head);

// The canonical form: one line with its newline.
void WriteHead(const Head& head, const ByteSink& sink);

}  // namespace kontext
