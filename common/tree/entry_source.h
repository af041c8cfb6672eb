// Where the entries of a listing come from.
#pragma once

#include "common/index_entry.h"

namespace kontext::tree {

// Sees one entry, its views valid until it returns. False ends the pass; the visitor has said why.
using VisitEntry = bool (*)(void* context, const IndexEntry& entry);

// A listing that can be gone through again and again, by one thread at a time.
struct EntrySource {
  void* context = nullptr;
  // One pass, in order. False: reported, or the visitor ended it.
  bool (*for_each)(void* context, VisitEntry visit, void* visitor) = nullptr;

  bool ForEach(VisitEntry visit, void* visitor) const { return for_each(context, visit, visitor); }
};

}  // namespace kontext::tree
