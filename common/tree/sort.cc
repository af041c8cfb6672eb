#include "common/tree/sort.h"

#include <string.h>

namespace kontext::tree {
namespace {

// Moves the name at `root` down until no child in [0, count) is greater.
void SiftDown(const char** names, size_t root, size_t count) {
  const char* moving = names[root];
  for (;;) {
    size_t child = 2 * root + 1;
    if (child >= count) break;
    if (child + 1 < count && strcmp(names[child], names[child + 1]) < 0) ++child;
    if (strcmp(names[child], moving) <= 0) break;
    names[root] = names[child];
    root = child;
  }
  names[root] = moving;
}

}  // namespace

void SortNames(const char** names, size_t count) {
  for (size_t i = count / 2; i-- > 0;) SiftDown(names, i, count);
  for (size_t i = count; i-- > 1;) {
    const char* greatest = names[0];
    names[0] = names[i];
    names[i] = greatest;
    SiftDown(names, 0, i);
  }
}

}  // namespace kontext::tree
