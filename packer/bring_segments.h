// Segments that a push keeps from other repositories: their layers come along.
#pragma once

#include <vector>

#include "packer/earlier.h"
#include "packer/store/uploads.h"

namespace kontext {

// Makes sure that the segments' layers are in the store of `uploads`, or on their way there. What
// it has is left alone; what another repository of the same registry has is mounted, with no
// content sent; what neither gives is read from where it is and uploaded. Several at once, as far
// as the stores take that. To be called while nothing is under way in `uploads`.
void BringSegments(const std::vector<const EarlierSegment*>& segments, Uploads* uploads);

}  // namespace kontext
