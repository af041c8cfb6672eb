// A repository of a registry as a Store.
#pragma once

#include <memory>

#include "packer/registry/client.h"
#include "packer/store/store.h"

namespace kontext {

// `transport` null: HTTP by libcurl, with the user's credentials where they are asked for. A test
// gives its own, and a policy that does not sleep. `retry` goes before options.retries.
std::unique_ptr<Store> OpenRegistry(const Reference& reference, const StoreOptions& options,
                                    std::unique_ptr<Transport> transport = nullptr,
                                    const RetryPolicy& retry = {});

}  // namespace kontext
