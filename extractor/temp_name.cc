#include "extractor/temp_name.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

namespace kontext::extractor {
namespace {

char* AppendHex(char* out, uint64_t value) {
  constexpr char kHex[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) *out++ = kHex[(value >> shift) & 15];
  return out;
}

}  // namespace

TempNames::TempNames() {
  if (getrandom(&random_, sizeof random_, GRND_NONBLOCK) == sizeof random_) return;
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  random_ = static_cast<uint64_t>(now.tv_nsec) * 0x9E3779B97F4A7C15u +
            static_cast<uint64_t>(now.tv_sec) + static_cast<uint64_t>(getpid());
}

void TempNames::Next(char out[kSize]) {
  constexpr char kPrefix[] = ".kontext-";
  constexpr char kSuffix[] = ".tmp";
  memcpy(out, kPrefix, sizeof kPrefix - 1);
  out = AppendHex(out + sizeof kPrefix - 1, random_);
  *out++ = '-';
  out = AppendHex(out, count_.Add(1));
  memcpy(out, kSuffix, sizeof kSuffix);
}

}  // namespace kontext::extractor
