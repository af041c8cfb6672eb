// One line of text on its way to where it is shown.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>

namespace kontext::tree {

// Takes text: false if it cannot (errno is set).
struct TextOut {
  void* context = nullptr;
  bool (*write)(void* context, const char* data, size_t size) = nullptr;
};

// To a file descriptor; `*fd` must outlive it.
TextOut TextToFd(const int* fd);

// Collects pieces in a fixed buffer and writes it out when it is full: no allocation, any length.
class Line {
 public:
  explicit Line(const TextOut& out) : out_(out) {}
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { Flush(); }

  Line& Text(std::string_view text);
  // A path or an argument, made safe to show: control characters, backslashes and bytes that are
  // not UTF-8 are escaped as in C.
  Line& Name(std::string_view name);
  Line& Number(uint64_t value);
  // Four octal digits.
  Line& Mode(uint32_t mode);
  // "1.3 GB": decimal units, as registries count.
  Line& Bytes(uint64_t bytes);
  // "1 file", "2 files".
  Line& Count(uint64_t value, std::string_view singular, std::string_view plural);

  // False: something could not be written (errno is set), now or before.
  bool Flush();
  // False: something could not be written so far.
  bool good() const { return error_ == 0; }

 private:
  void Put(char c);
  void Escape(unsigned char c);

  TextOut out_;
  size_t size_ = 0;
  int error_ = 0;  // errno of the first write that failed
  char buffer_[1024];
};

}  // namespace kontext::tree
