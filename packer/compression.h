// How layers are packed.
#pragma once

namespace kontext {

enum class Compression {
  kGzip,  // every runtime reads it
  kZstd,  // smaller and faster; needs Docker 23, containerd 1.5, podman 3
};

}  // namespace kontext
