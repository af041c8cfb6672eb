// What the fuzz targets share. A target is LLVMFuzzerTestOneInput: libFuzzer calls it with made-up
// inputs, replay.cc with those of the corpus. It does no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "packer/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace kontext {

inline std::string_view TextOf(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Ends the program unless `holds`: an invariant is broken.
inline void Require(bool holds, const char* invariant) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", invariant);
  std::abort();
}

// False when `parse` refuses the input; anything else that it throws is a finding.
template <typename Parse>
bool Accepts(const Parse& parse) {
  try {
    parse();
    return true;
  } catch (const Error& error) {
    Require(error.what()[0] != '\0', "an error says what is wrong");
    return false;
  }
}

// Takes what comes before the next `separator` off `text`, and the separator.
inline std::string_view TakePart(std::string_view* text, std::string_view separator) {
  size_t end = text->find(separator);
  std::string_view part = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + separator.size());
  return part;
}

inline std::vector<std::string> Parts(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (!text.empty()) parts.emplace_back(TakePart(&text, separator));
  return parts;
}

}  // namespace kontext
