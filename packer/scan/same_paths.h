// A walk that found the recorded paths, and no others.
#pragma once

#include <optional>
#include <vector>

#include "packer/scan/stat_record.h"
#include "packer/scan/walk_tree.h"

namespace kontext {

// What was touched of them: then nothing of the others is looked at. Nothing when a path is not
// recorded, is missing, or stands for something of another kind. Takes the text out of the parts
// then.
std::optional<Walked> TakeTouched(const RecordedTree& recorded, const FoundDir& root,
                                  std::vector<FoundPart>* parts);

}  // namespace kontext
