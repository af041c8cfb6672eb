#include "packer/store/store.h"

#include <utility>

#include "packer/hash.h"

namespace kontext {

StoredManifest MakeStored(const std::string& media_type, std::string body) {
  StoredManifest stored;
  stored.descriptor.media_type = media_type;
  stored.descriptor.digest = DigestOf(body);
  stored.descriptor.size = body.size();
  stored.body = std::move(body);
  return stored;
}

}  // namespace kontext
