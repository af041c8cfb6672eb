// One call's reference and the store that it names.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "packer/cache/cache_dir.h"
#include "packer/kontext.h"
#include "packer/registry/reference.h"
#include "packer/store/store.h"

namespace kontext {

enum class Access { kRead, kWrite };

struct Session {
  // `access`: what the call is about to do there. Throws Error(kUsage) for a malformed reference.
  Session(const std::string& text, const PushOptions& options, Access access = Access::kRead);

  // Throws Error(kUsage) when the reference has a digest: nothing can be written under one.
  void RequireTag() const;

  // What the store is asked for: the digest, else the tag.
  const std::string& Name() const {
    return reference.digest.empty() ? reference.tag : reference.digest;
  }

  const CacheDir* Cache() const { return cache ? &*cache : nullptr; }
  // For what the store holds. A local one is read itself, so that damage to it is seen.
  const CacheDir* DocumentCache() const { return store->IsLocal() ? nullptr : Cache(); }

  Reference reference;
  std::unique_ptr<Store> store;
  std::optional<CacheDir> cache;  // unless options.cache is false
};

// Says through options.warn what the options for `registry` give away, one line each.
void WarnOfInsecurity(const std::string& registry, const PushOptions& options);

// options.trace as the registry's folder takes it; empty when that is.
std::function<void(std::string_view)> TraceOf(const PushOptions& options);

// "kontext/1.2.3".
std::string UserAgent();

}  // namespace kontext
