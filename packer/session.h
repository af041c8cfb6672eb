// One call's reference and the store that it names.
#pragma once

#include <memory>
#include <string>

#include "packer/kontext.h"
#include "packer/registry/reference.h"
#include "packer/store/store.h"

namespace kontext {

struct Session {
  // Throws Error(kUsage) for a malformed reference.
  Session(const std::string& text, const PushOptions& options);

  // Throws Error(kUsage) when the reference has a digest: nothing can be written under one.
  void RequireTag() const;

  Reference reference;
  std::unique_ptr<Store> store;
};

}  // namespace kontext
