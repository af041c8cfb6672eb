#include "common/tree/temp_name.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

namespace kontext::tree {
namespace {

constexpr char kPrefix[] = ".kontext-";
constexpr char kSuffix[] = ".tmp";
constexpr size_t kHexDigits = 16;

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
  memcpy(out, kPrefix, sizeof kPrefix - 1);
  out = AppendHex(out + sizeof kPrefix - 1, random_);
  *out++ = '-';
  out = AppendHex(out, count_.Add(1));
  memcpy(out, kSuffix, sizeof kSuffix);
}

bool TempNames::IsOne(const char* name) {
  constexpr char kDigits[] = "0123456789abcdef";
  if (strncmp(name, kPrefix, sizeof kPrefix - 1) != 0) return false;
  name += sizeof kPrefix - 1;
  if (strspn(name, kDigits) != kHexDigits || name[kHexDigits] != '-') return false;
  name += kHexDigits + 1;
  return strspn(name, kDigits) == kHexDigits && strcmp(name + kHexDigits, kSuffix) == 0;
}

}  // namespace kontext::tree
