#include "common/index_writer.h"

#include <stdint.h>

#include "common/base64.h"

namespace kontext {
namespace {

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

void WriteEscaped(std::string_view text, const ByteSink& sink) {
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    uint8_t c = static_cast<uint8_t>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    sink.Write(text.substr(plain, i - plain));
    plain = i + 1;
    if (c >= 0x20) {
      const char escape[2] = {'\\', text[i]};
      sink.Write({escape, 2});
    } else {
      constexpr char kDigits[] = "0123456789abcdef";
      const char escape[6] = {'\\', 'u', '0', '0', kDigits[c >> 4], kDigits[c & 15]};
      sink.Write({escape, 6});
    }
  }
  sink.Write(text.substr(plain));
}

void WriteBase64(std::string_view text, const ByteSink& sink) {
  for (size_t i = 0; i < text.size(); i += 3) {
    char group[4];
    EncodeBase64Group(text.data() + i, text.size() - i < 3 ? text.size() - i : 3, group);
    sink.Write({group, 4});
  }
}

// ,"NAME":"…" or ,"NAME64":"…"
void WriteText(std::string_view name, std::string_view text, const ByteSink& sink) {
  bool utf8 = IsUtf8(text);
  sink.Write(",\"");
  sink.Write(name);
  sink.Write(utf8 ? "\":\"" : "64\":\"");
  if (utf8) {
    WriteEscaped(text, sink);
  } else {
    WriteBase64(text, sink);
  }
  sink.Write("\"");
}

void WriteNumber(std::string_view name, uint64_t value, const ByteSink& sink) {
  sink.Write(name);
  WriteDecimal(value, sink);
}

void WriteMode(uint32_t mode, const ByteSink& sink) {
  sink.Write(",\"mode\":\"");
  char digits[4];
  for (int i = 0; i < 4; ++i) digits[i] = static_cast<char>('0' + (mode >> (9 - 3 * i) & 7));
  sink.Write({digits, 4});
  sink.Write("\"");
}

void WriteSha256(const Digest& digest, const ByteSink& sink) {
  sink.Write("\"sha256\":\"");
  WriteHex(digest, sink);
  sink.Write("\"");
}

void WriteFile(const IndexEntry& entry, bool with_at, const ByteSink& sink) {
  sink.Write("{\"type\":\"file\"");
  WriteText("path", entry.path, sink);
  WriteMode(entry.mode, sink);
  WriteNumber(",\"size\":", entry.size, sink);
  sink.Write(",");
  WriteSha256(entry.sha256, sink);
  if (with_at && !entry.at.empty()) WriteText("at", entry.at, sink);
}

void WriteLine(const IndexEntry& entry, bool with_at, const ByteSink& sink) {
  switch (entry.type) {
    case EntryType::kFile:
      WriteFile(entry, with_at, sink);
      break;
    case EntryType::kDir:
      sink.Write("{\"type\":\"dir\"");
      WriteText("path", entry.path, sink);
      WriteMode(entry.mode, sink);
      break;
    case EntryType::kSymlink:
      sink.Write("{\"type\":\"symlink\"");
      WriteText("path", entry.path, sink);
      WriteText("target", entry.target, sink);
      break;
    case EntryType::kRemoved:
      sink.Write("{\"type\":\"removed\"");
      WriteText("path", entry.path, sink);
      if (!entry.whiteout) sink.Write(",\"whiteout\":false");
      break;
    case EntryType::kObject:
      sink.Write("{\"type\":\"object\",");
      WriteSha256(entry.sha256, sink);
      WriteNumber(",\"size\":", entry.size, sink);
      break;
  }
  sink.Write("}\n");
}

}  // namespace

void WriteDecimal(uint64_t value, const ByteSink& sink) {
  char digits[20];
  size_t begin = sizeof(digits);
  do {
    digits[--begin] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  sink.Write({digits + begin, sizeof(digits) - begin});
}

void WriteHex(const Digest& digest, const ByteSink& sink) {
  char hex[Digest::kHexLength];
  FormatHex(digest, hex);
  sink.Write({hex, sizeof(hex)});
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void WriteIndexLine(const IndexEntry& entry, const ByteSink& sink) { WriteLine(entry, true, sink); }

void WriteListingLine(const IndexEntry& entry, const ByteSink& sink) {
  WriteLine(entry, false, sink);
}

}  // namespace kontext
