// References: where an image is, in the spelling that skopeo and podman users know.
#pragma once

#include <string>

namespace kontext {

enum class Destination { kRegistry, kOciLayout, kDockerArchive, kDockerDaemon };

struct Reference {
  Destination destination = Destination::kRegistry;
  std::string registry;    // "127.0.0.1:5000", "registry-1.docker.io"; a registry's alone
  std::string repository;  // "team/app"; of a layout: its directory; of an archive: its file;
                           // of a daemon: the name, "docker.io/library/app"
  std::string tag;         // "latest" when not given; empty when `digest` is set
  std::string digest;      // "sha256:<hex>" or empty
  std::string name{};      // of an image in an archive, "docker.io/library/app"; empty: none

  // Are blobs of the one also there for the other?
  bool SameRepository(const Reference& other) const {
    if (destination == Destination::kDockerDaemon) return false;  // it has no blobs
    return destination == other.destination && registry == other.registry &&
           repository == other.repository;
  }

  // Can blobs of the one be had for the other without being sent?
  bool SameRegistry(const Reference& other) const {
    return SameRepository(other) ||
           (destination == Destination::kRegistry && other.destination == destination &&
            registry == other.registry);
  }

  // An archive that goes to standard output.
  bool IsStdout() const { return destination == Destination::kDockerArchive && repository == "-"; }

  // Of a layout or of an archive that is a file; else empty.
  std::string LocalPath() const;

  // As the user may type it back: "127.0.0.1:5000/team/app:v1", "oci:out:v1",
  // "docker-archive:out.tar:docker.io/library/app:v1".
  std::string ToString() const;
  // "127.0.0.1:5000/team/app@sha256:…", "oci:out@sha256:…".
  std::string Immutable(const std::string& with_digest) const;
};

// `registry/repo[:tag][@digest]`, the same behind "docker://", `oci:DIR[:tag]`,
// `docker-archive:FILE[:name[:tag]]`, `docker-daemon:name[:tag]` or `docker-daemon:IMAGE_ID`. A
// name without a registry is Docker Hub's, as everywhere. Throws Error(kUsage) that says what is
// wrong.
Reference ParseReference(const std::string& text);

}  // namespace kontext
