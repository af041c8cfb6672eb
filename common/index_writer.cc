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

// How many bytes at the beginning of `text` are ASCII that JSON takes as it is; may be a few less.
// Eight at a time: nearly every path of nearly every tree is nothing else.
size_t PlainLength(std::string_view text) {
  constexpr uint64_t kEach = 0x0101'0101'0101'0101;
  constexpr uint64_t kHigh = 0x80 * kEach;
  auto is_zero = [](uint64_t word) { return (word - kEach) & ~word; };
  size_t length = 0;
  while (text.size() - length >= sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, text.data() + length, sizeof(word));
    uint64_t control = (word - 0x20 * kEach) & ~word;
    uint64_t other = word | control | is_zero(word ^ '"' * kEach) | is_zero(word ^ '\\' * kEach);
    if ((other & kHigh) != 0) return length;
    length += sizeof(word);
  }
  return length;
}

// Collects the short pieces of a line: a sink is a call each.
class LineBuffer {
 public:
  explicit LineBuffer(const ByteSink& out) : out_(out) {}
  LineBuffer(const LineBuffer&) = delete;
  LineBuffer& operator=(const LineBuffer&) = delete;
  ~LineBuffer() { Flush(); }

  void Add(std::string_view piece) {
    if (piece.size() > sizeof(bytes_) - size_) Flush();
    if (piece.size() > sizeof(bytes_)) return out_.Write(piece);
    memcpy(bytes_ + size_, piece.data(), piece.size());
    size_ += piece.size();
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
  for (size_t i = PlainLength(text); i < text.size(); ++i) {
    uint8_t c = static_cast<uint8_t>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->Add(text.substr(plain, i - plain));
    plain = i + 1;
    if (c >= 0x20) {
      const char escape[2] = {'\\', text[i]};
      out->Add({escape, 2});
    } else {
      constexpr char kDigits[] = "0123456789abcdef";
      const char escape[6] = {'\\', 'u', '0', '0', kDigits[c >> 4], kDigits[c & 15]};
      out->Add({escape, 6});
    }
  }
  out->Add(text.substr(plain));
}

void WriteBase64(std::string_view text, LineBuffer* out) {
  for (size_t i = 0; i < text.size(); i += 3) {
    char group[4];
    EncodeBase64Group(text.data() + i, text.size() - i < 3 ? text.size() - i : 3, group);
    out->Add({group, 4});
  }
}

// ,"NAME":"…" or ,"NAME64":"…"
void WriteText(std::string_view name, std::string_view text, LineBuffer* out) {
  bool utf8 = IsUtf8(text);
  out->Add(",\"");
  out->Add(name);
  out->Add(utf8 ? "\":\"" : "64\":\"");
  if (utf8) {
    WriteEscaped(text, out);
  } else {
    WriteBase64(text, out);
  }
  out->Add("\"");
}

void WriteNumber(std::string_view name, uint64_t value, LineBuffer* out) {
  char digits[kMaxDecimal];
  out->Add(name);
  out->Add(FormatDecimal(value, digits));
}

void WriteMode(uint32_t mode, LineBuffer* out) {
  out->Add(",\"mode\":\"");
  char digits[4];
  for (int i = 0; i < 4; ++i) digits[i] = static_cast<char>('0' + (mode >> (9 - 3 * i) & 7));
  out->Add({digits, 4});
  out->Add("\"");
}

void WriteSha256(const Digest& digest, LineBuffer* out) {
  char hex[Digest::kHexLength];
  FormatHex(digest, hex);
  out->Add("\"sha256\":\"");
  out->Add({hex, sizeof(hex)});
  out->Add("\"");
}

void WriteFile(const IndexEntry& entry, bool with_at, LineBuffer* out) {
  out->Add("{\"type\":\"file\"");
  WriteText("path", entry.path, out);
  WriteMode(entry.mode, out);
  WriteNumber(",\"size\":", entry.size, out);
  out->Add(",");
  WriteSha256(entry.sha256, out);
  if (with_at && !entry.at.empty()) WriteText("at", entry.at, out);
}

void WriteLine(const IndexEntry& entry, bool with_at, LineBuffer* out) {
  switch (entry.type) {
    case EntryType::kFile:
      WriteFile(entry, with_at, out);
      break;
    case EntryType::kDir:
      out->Add("{\"type\":\"dir\"");
      WriteText("path", entry.path, out);
      WriteMode(entry.mode, out);
      break;
    case EntryType::kSymlink:
      out->Add("{\"type\":\"symlink\"");
      WriteText("path", entry.path, out);
      WriteText("target", entry.target, out);
      break;
    case EntryType::kRemoved:
      out->Add("{\"type\":\"removed\"");
      WriteText("path", entry.path, out);
      if (!entry.whiteout) out->Add(",\"whiteout\":false");
      break;
    case EntryType::kObject:
      out->Add("{\"type\":\"object\",");
      WriteSha256(entry.sha256, out);
      WriteNumber(",\"size\":", entry.size, out);
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
  text.remove_prefix(PlainLength(text));
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
