// Writes lines of a segment index in their one canonical form (FORMAT.md, "Canonical form").
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/index_entry.h"

namespace kontext {

// Takes the pieces of a line, in order.
struct ByteSink {
  void* context = nullptr;
  void (*write)(void* context, const char* data, size_t size) = nullptr;
  void Write(std::string_view text) const { write(context, text.data(), text.size()); }
};

// One line with its newline. A path or target that is not valid UTF-8 goes as base64.
void WriteIndexLine(const IndexEntry& entry, const ByteSink& sink);

// The same without `at`: the line of a folded listing. The tree digest is the SHA-256 of these.
void WriteListingLine(const IndexEntry& entry, const ByteSink& sink);

// The pieces that lines and heads share: a number in decimal, a digest's 64 hex digits.
void WriteDecimal(uint64_t value, const ByteSink& sink);
void WriteHex(const Digest& digest, const ByteSink& sink);

// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

}  // namespace kontext
