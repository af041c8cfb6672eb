#include "common/tree/line.h"

#include <errno.h>

#include "common/fd.h"
#include "common/index_writer.h"

namespace kontext::tree {

TextOut TextToFd(const int* fd) {
  auto write = [](void* context, const char* data, size_t size) {
    return WriteAll(*static_cast<const int*>(context), data, size);
  };
  return {const_cast<int*>(fd), write};
}

void Line::Put(char c) {
  if (size_ == sizeof buffer_) Flush();
  buffer_[size_++] = c;
}

Line& Line::Text(std::string_view text) {
  for (char c : text) Put(c);
  return *this;
}

void Line::Escape(unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  Put('\\');
  switch (c) {
    case '\n':
      return Put('n');
    case '\t':
      return Put('t');
    case '\r':
      return Put('r');
    case '\\':
      return Put('\\');
    default:
      Put('x');
      Put(kHex[c >> 4]);
      Put(kHex[c & 15]);
  }
}

namespace {

// How many bytes of a character of UTF-8 are to be escaped, or 0: beyond ASCII's, U+0080 to U+009F
// are control characters that some terminals obey; U+2028 and U+2029 end a line, U+200E, U+200F,
// U+202A to U+202E and U+2066 to U+2069 turn the direction of what follows.
size_t EscapedBytes(const unsigned char* c) {
  if (c[0] == 0xc2) return c[1] < 0xa0 ? 2 : 0;
  if (c[0] != 0xe2) return 0;
  bool marks = c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xa8 && c[2] <= 0xae));
  bool isolates = c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9;
  return marks || isolates ? 3 : 0;
}

}  // namespace

Line& Line::Name(std::string_view name) {
  bool utf8 = IsUtf8(name);
  const unsigned char* bytes = reinterpret_cast<const unsigned char*>(name.data());
  for (size_t i = 0; i < name.size(); ++i) {
    unsigned char c = bytes[i];
    bool escaped = c < 0x20 || c == 0x7f || c == '\\' || (!utf8 && c >= 0x80);
    size_t more = utf8 && c >= 0x80 ? EscapedBytes(bytes + i) : 0;
    if (escaped) {
      Escape(c);
    } else if (more > 0) {
      for (size_t end = i + more; i < end; ++i) Escape(bytes[i]);
      --i;
    } else {
      Put(static_cast<char>(c));
    }
  }
  return *this;
}

Line& Line::Number(uint64_t value) {
  char digits[20];
  size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) Put(digits[--count]);
  return *this;
}

Line& Line::Mode(uint32_t mode) {
  for (int shift = 9; shift >= 0; shift -= 3) Put(static_cast<char>('0' + ((mode >> shift) & 7)));
  return *this;
}

Line& Line::Bytes(uint64_t bytes) {
  constexpr std::string_view kUnits[] = {" kB", " MB", " GB", " TB", " PB", " EB"};
  if (bytes < 1000) return Count(bytes, "byte", "bytes");
  size_t unit = 0;
  while (bytes >= 999950 && unit < 5) {
    bytes /= 1000;
    ++unit;
  }
  uint64_t tenths = (bytes + 50) / 100;
  return Number(tenths / 10).Text(".").Number(tenths % 10).Text(kUnits[unit]);
}

Line& Line::Count(uint64_t value, std::string_view singular, std::string_view plural) {
  return Number(value).Text(" ").Text(value == 1 ? singular : plural);
}

bool Line::Flush() {
  if (size_ > 0 && error_ == 0 && !out_.write(out_.context, buffer_, size_)) error_ = errno;
  size_ = 0;
  errno = error_;
  return error_ == 0;
}

}  // namespace kontext::tree
