// --prune: removing what the listing does not have.
#pragma once

#include "extractor/image.h"
#include "extractor/run.h"

namespace kontext::extractor {

// Would pruning the target remove the image itself, that is, does the one hold the other?
bool HoldsImage(int target_fd, const Image& image);

// One pass over a target that everything was put in. Takes over `target_fd`. False: reported, or
// the run is stopping.
bool Prune(Run* run, Image* image, int target_fd);

}  // namespace kontext::extractor
