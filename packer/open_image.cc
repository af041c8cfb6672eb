#include "packer/open_image.h"

#include "packer/error.h"

namespace kontext {

namespace {

// Runs a step whose errors of the image itself are to name the reference.
template <typename Step>
auto Naming(const Session& session, Step step) {
  try {
    return step();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFormat && error.kind() != ErrorKind::kNotFound) throw;
    std::string problem = error.what();
    std::string subject = session.reference.ToString() + ": ";
    throw Error(error.kind(), problem.starts_with(subject) ? problem : subject + problem);
  }
}

}  // namespace

UnpackedImage OpenImage(const Session& session, const StoredManifest& root) {
  return Naming(session, [&] {
    Store* store = session.store.get();
    const CacheDir* cache = session.DocumentCache();
    return Unpack(store, ReadImage(store, ParseTag(root), cache), cache);
  });
}

UnpackedImage OpenImage(const Session& session) {
  std::optional<StoredManifest> root = Naming(session, [&] {
    std::optional<StoredManifest> found = session.store->GetManifest(session.Name());
    if (!found) throw Error(ErrorKind::kNotFound, "there is no such image");
    return found;
  });
  return OpenImage(session, *root);
}

}  // namespace kontext
