// Opening an image that somebody asked for: that it is not there, or is none, is an error.
#pragma once

#include "packer/image_reader.h"
#include "packer/session.h"

namespace kontext {

// Throws Error(kFormat) or Error(kNotFound), naming the reference.
UnpackedImage OpenImage(const Session& session);

}  // namespace kontext
