// Comparing a tree with its listing.
#pragma once

#include "common/tree/difference.h"
#include "common/tree/entry_source.h"
#include "common/tree/run.h"

namespace kontext::tree {

// Gives every difference to `sink`: what is missing, of another type, mode, target or content, or
// unexpected (a directory as one). Writes nothing. Takes over `target_fd`. False: it could not be
// compared to the end, which was reported, or the run is stopping.
bool Verify(Run* run, const EntrySource& listing, int target_fd, unsigned jobs,
            const DifferenceSink& sink);

}  // namespace kontext::tree
