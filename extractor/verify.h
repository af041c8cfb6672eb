// Comparing the target with the listing.
#pragma once

#include "extractor/image.h"
#include "extractor/run.h"

namespace kontext::extractor {

// Reports every difference and counts them in the run: what is missing, of another type, mode,
// target or content, or unexpected (a directory as one). Writes nothing. Takes over `target_fd`.
// False: it could not be compared to the end, which was reported, or the run is stopping.
bool Verify(Run* run, Image* image, int target_fd, unsigned jobs);

}  // namespace kontext::extractor
