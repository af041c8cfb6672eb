// Sorting names in place. Heapsort: no recursion, no extra memory, n log n whatever a directory
// is filled with, and small.
#pragma once

#include <stddef.h>

namespace kontext::tree {

// Bytewise, as strcmp(3).
void SortNames(const char** names, size_t count);

}  // namespace kontext::tree
