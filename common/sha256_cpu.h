// SHA-256 by the CPU's own instructions; one implementation per architecture.
#pragma once

#include "common/sha256.h"

namespace kontext {

extern const uint32_t kSha256Rounds[64];

// Null where this CPU has no such instructions.
Sha256Blocks CpuSha256();

}  // namespace kontext
