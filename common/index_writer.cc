#include "common/index_writer.h"

#include <stdint.h>
#include <string.h>

#include "common/base64.h"

namespace kontext {
namespace {

constexpr size_t kMaxDecimal = 20;

std::string_view FormatDecimal(uint64_t value, char (&digits)[kMaxDecimal]) {
  size_t begin = kMaxDecimal;
  do {
    digits[--begin] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  return {digits + begin, kMaxDecimal - begin};
}

// Length of the UTF-8 sequence at the beginning of `text`, 0 if there is none.
size_t SequenceLength(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  // RFC 3629, section 4: the second byte's range depends on the first.
  uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

// Nothing but ASCII that JSON takes as it is, as nearly every path of nearly every tree. Eight
// bytes at a time, the last eight wherever they begin.
bool IsPlain(std::string_view text) {
  constexpr uint64_t kEach = 0x0101'0101'0101'0101;
  constexpr uint64_t kHigh = 0x80 * kEach;
  auto is_zero = [](uint64_t word) { return (word - kEach) & ~word; };
  auto other = [&](uint64_t word) {
    uint64_t control = (word - 0x20 * kEach) & ~word;
    return (word | control | is_zero(word ^ '"' * kEach) | is_zero(word ^ '\\' * kEach)) & kHigh;
  };
  uint64_t word = 'x' * kEach;
  if (text.size() < sizeof(word)) {
    text.copy(reinterpret_cast<char*>(&word), text.size());
    return other(word) == 0;
  }
  uint64_t found = 0;
  for (size_t at = 0; at + sizeof(word) < text.size(); at += sizeof(word)) {
    memcpy(&word, text.data() + at, sizeof(word));
    found |= other(word);
  }
  memcpy(&word, text.data() + text.size() - sizeof(word), sizeof(word));
  return (found | other(word)) == 0;
}

// Collects the short pieces of a line: a sink is a call each.
class LineBuffer {
 public:
  explicit LineBuffer(const ByteSink& out) : out_(out) {}
  LineBuffer(const LineBuffer&) = delete;
  LineBuffer& operator=(const LineBuffer&) = delete;
  ~LineBuffer() { Flush(); }

  void Add(std::string_view piece) {
    if (piece.size() > sizeof(bytes_)) {
      Flush();
      return out_.Write(piece);
    }
    piece.copy(Room(piece.size()), piece.size());
  }

  // Of a length that the compiler knows.
  template <size_t kSize>
  void Add(const char (&literal)[kSize]) {
    memcpy(Room(kSize - 1), literal, kSize - 1);
  }

  // For so many bytes, to be filled.
  char* Room(size_t size) {
    if (size > sizeof(bytes_) - size_) Flush();
    size_ += size;
    return bytes_ + size_ - size;
  }

 private:
  void Flush() {
    if (size_ > 0) out_.Write({bytes_, size_});
    size_ = 0;
  }

  const ByteSink& out_;
  size_t size_ = 0;
  char bytes_[512];
};

void WriteEscaped(std::string_view text, LineBuffer* out) {
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    uint8_t c = static_cast<uint8_t>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->Add(text.substr(plain, i - plain));
    plain = i + 1;
    if (c >= 0x20) {
      char* escape = out->Room(2);
      escape[0] = '\\';
      escape[1] = text[i];
    } else {
      constexpr char kDigits[] = "0123456789abcdef";
      const char escape[6] = {'\\', 'u', '0', '0', kDigits[c >> 4], kDigits[c & 15]};
      out->Add(std::string_view(escape, sizeof(escape)));
    }
  }
  out->Add(text.substr(plain));
}

void WriteBase64(std::string_view text, LineBuffer* out) {
  for (size_t i = 0; i < text.size(); i += 3) {
    EncodeBase64Group(text.data() + i, text.size() - i < 3 ? text.size() - i : 3, out->Room(4));
  }
}

// What follows a field's name, from its closing quote on; the name gets 64 at its end when the text
// is not UTF-8.
void WriteText(std::string_view text, LineBuffer* out) {
  if (IsPlain(text)) {
    out->Add("\":\"");
    out->Add(text);
  } else if (IsUtf8(text)) {
    out->Add("\":\"");
    WriteEscaped(text, out);
  } else {
    out->Add("64\":\"");
    WriteBase64(text, out);
  }
  out->Add("\"");
}

void WriteNumber(uint64_t value, LineBuffer* out) {
  char digits[kMaxDecimal];
  out->Add(FormatDecimal(value, digits));
}

void WriteMode(uint32_t mode, LineBuffer* out) {
  out->Add(",\"mode\":\"");
  char* digits = out->Room(4);
  for (int i = 0; i < 4; ++i) digits[i] = static_cast<char>('0' + (mode >> (9 - 3 * i) & 7));
  out->Add("\"");
}

void WriteSha256(const Digest& digest, LineBuffer* out) {
  out->Add("\"sha256\":\"");
  FormatHex(digest, out->Room(Digest::kHexLength));
  out->Add("\"");
}

void WriteFile(const IndexEntry& entry, bool with_at, LineBuffer* out) {
  out->Add("{\"type\":\"file\",\"path");
  WriteText(entry.path, out);
  WriteMode(entry.mode, out);
  out->Add(",\"size\":");
  WriteNumber(entry.size, out);
  out->Add(",");
  WriteSha256(entry.sha256, out);
  if (!with_at || entry.at.empty()) return;
  out->Add(",\"at");
  WriteText(entry.at, out);
}

void WriteLine(const IndexEntry& entry, bool with_at, LineBuffer* out) {
  switch (entry.type) {
    case EntryType::kFile:
      WriteFile(entry, with_at, out);
      break;
    case EntryType::kDir:
      out->Add("{\"type\":\"dir\",\"path");
      WriteText(entry.path, out);
      WriteMode(entry.mode, out);
      break;
    case EntryType::kSymlink:
      out->Add("{\"type\":\"symlink\",\"path");
      WriteText(entry.path, out);
      out->Add(",\"target");
      WriteText(entry.target, out);
      break;
    case EntryType::kRemoved:
      out->Add("{\"type\":\"removed\",\"path");
      WriteText(entry.path, out);
      if (!entry.whiteout) out->Add(",\"whiteout\":false");
      break;
    case EntryType::kObject:
      out->Add("{\"type\":\"object\",");
      WriteSha256(entry.sha256, out);
      out->Add(",\"size\":");
      WriteNumber(entry.size, out);
      break;
  }
  out->Add("}\n");
}

}  // namespace

void WriteDecimal(uint64_t value, const ByteSink& sink) {
  char digits[kMaxDecimal];
  sink.Write(FormatDecimal(value, digits));
}

void WriteHex(const Digest& digest, const ByteSink& sink) {
  char hex[Digest::kHexLength];
  FormatHex(digest, hex);
  sink.Write({hex, sizeof(hex)});
}

bool IsUtf8(std::string_view text) {
  if (IsPlain(text)) return true;
  while (!text.empty()) {
    size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void WriteIndexLine(const IndexEntry& entry, const ByteSink& sink) {
  LineBuffer out(sink);
  WriteLine(entry, true, &out);
}

void WriteListingLine(const IndexEntry& entry, const ByteSink& sink) {
  LineBuffer out(sink);
  WriteLine(entry, false, &out);
}

}  // namespace kontext
