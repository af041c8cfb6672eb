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

Line& Line::Name(std::string_view name) {
  bool utf8 = IsUtf8(name);
  for (size_t i = 0; i < name.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(name[i]);
    unsigned char next = i + 1 < name.size() ? static_cast<unsigned char>(name[i + 1]) : 0;
    // U+0080 to U+009F are control characters too: some terminals obey them.
    bool control = c < 0x20 || c == 0x7f || (utf8 && c == 0xc2 && next < 0xa0);
    if (control || c == '\\' || (!utf8 && c >= 0x80)) {
      Escape(c);
      if (utf8 && c == 0xc2) {
        Escape(next);
        ++i;
      }
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
