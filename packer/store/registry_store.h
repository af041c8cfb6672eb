// A repository of a registry as a Store.
#pragma once

#include <memory>

#include "packer/registry/client.h"
#include "packer/store/store.h"

namespace kontext {

// `transport` null: HTTP by libcurl. A test gives its own, and a policy that does not sleep.
std::unique_ptr<Store> OpenRegistry(const Reference& reference, const StoreOptions& options,
                                    std::unique_ptr<Transport> transport = nullptr,
                                    const RetryPolicy& retry = {});

}  // namespace kontext
