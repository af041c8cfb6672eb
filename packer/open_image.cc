#include "packer/open_image.h"

#include "packer/error.h"

namespace kontext {

UnpackedImage OpenImage(const Session& session) {
  const Reference& reference = session.reference;
  try {
    Store* store = session.store.get();
    std::optional<TagDocument> tag = ReadTag(store, session.Name());
    if (!tag) throw Error(ErrorKind::kNotFound, "there is no such image");
    const CacheDir* cache = session.DocumentCache();
    return Unpack(store, ReadImage(store, *tag, cache), cache);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFormat && error.kind() != ErrorKind::kNotFound) throw;
    std::string problem = error.what();
    std::string subject = reference.ToString() + ": ";
    throw Error(error.kind(), problem.starts_with(subject) ? problem : subject + problem);
  }
}

}  // namespace kontext
