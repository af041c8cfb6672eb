// SHA-256 by the CPU's own instructions; one implementation per architecture.
#pragma once

#include "common/sha256.h"

namespace kontext {

extern const uint32_t kSha256Rounds[64];

// Null where this CPU has no such instructions.
Sha256Blocks CpuSha256();

// Folds `blocks` blocks of 64 bytes into each of two states.
using Sha256PairBlocks = void (*)(uint32_t* const states[2], const uint8_t* const data[2],
                                  size_t blocks);

// Null where two at once are no faster than one after the other.
Sha256PairBlocks CpuSha256Pair();

}  // namespace kontext
