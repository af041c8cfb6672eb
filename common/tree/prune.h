// --prune: removing what the listing does not have.
#pragma once

#include "common/tree/entry_source.h"
#include "common/tree/run.h"

namespace kontext::tree {

// One pass over a target that everything was put in. Takes over `target_fd`. False: reported, or
// the run is stopping.
bool Prune(Run* run, const EntrySource& listing, int target_fd);

}  // namespace kontext::tree
