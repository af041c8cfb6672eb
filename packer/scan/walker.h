// Reads a directory tree with several threads.
#pragma once

#include "packer/scan/context.h"
#include "packer/scan/stat_record.h"
#include "packer/scan/walk.h"

namespace kontext {

// Walks all below the open directory `root`, which is the context's; `context` is asked for names
// only. `recorded`: what the last scan found. Holds few descriptors, however deep the tree is.
// Throws as Context::Walk does.
Walked WalkTree(const Context& context, int root, const WalkOptions& options,
                const RecordedTree& recorded);

}  // namespace kontext
