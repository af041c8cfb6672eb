// The plan of a push that changes little of the image under its tag.
#pragma once

#include <optional>

#include "packer/image_reader.h"
#include "packer/plan/plan.h"
#include "packer/scan/scan.h"
#include "packer/session.h"

namespace kontext {

struct ChangePlan {
  KnownImage image;  // that is planned on
  Plan plan;
};

// From local state about the image and from what the scan found changed: the lines of its segments
// are passed over, not held. The plan is the one that all of them give. Nothing when it has to be
// made from these: there is no such state, too much has changed, or something is wrong with the
// image, about which nothing is said here. Throws what the store throws.
std::optional<ChangePlan> PlanChange(const Session& session, const TagDocument& tag,
                                     const Scan& scan);

}  // namespace kontext
