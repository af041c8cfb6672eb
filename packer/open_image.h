// Opening an image that somebody asked for: that it is not there, or is none, is an error.
#pragma once

#include "packer/segment_reader.h"
#include "packer/session.h"

namespace kontext {

// Throws Error(kFormat) or Error(kNotFound), naming the reference.
UnpackedImage OpenImage(const Session& session);

// The same for what the reference was seen to name: it may name something else by now.
UnpackedImage OpenImage(const Session& session, const StoredManifest& root);

}  // namespace kontext
