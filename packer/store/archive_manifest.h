// The manifest.json of an image archive, as `docker save` writes it and `docker load`, podman and
// skopeo read it (moby's image specification 1.2, "Combined Image JSON + Filesystem Changeset
// Format"). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kontext {

struct ArchivedImage {
  std::string config;               // names of members of the archive
  std::vector<std::string> layers;  // bottom to top
  std::vector<std::string> names;   // "docker.io/library/app:v1", or as people shorten it
};

// Throws Error(kFormat), with the reason only, for a text that is none.
std::vector<ArchivedImage> ReadArchiveManifest(std::string_view json);

std::string WriteArchiveManifest(const ArchivedImage& image);

// Has the image this full name, "docker.io/library/app:v1"?
bool HasName(const ArchivedImage& image, const std::string& full_name);

}  // namespace kontext
