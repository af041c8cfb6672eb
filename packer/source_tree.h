// The directory of a push: what of it is wanted, and what it holds.
#pragma once

#include <functional>
#include <string>
#include <unordered_set>

#include "packer/choose_filter.h"
#include "packer/kontext.h"
#include "packer/scan/scan.h"

namespace kontext {

class SourceTree {
 public:
  // Opens the directory and reads its ignore rules; `written` as in ChosenFilter. Refers to
  // `options` and `cache`, which may be null. Throws Error as Context and ChosenFilter do.
  SourceTree(const std::string& directory, const std::vector<std::string>& written,
             const PushOptions& options, const CacheDir* cache);
  SourceTree(const SourceTree&) = delete;
  SourceTree& operator=(const SourceTree&) = delete;

  // Reads it and calls `use`. Starts over, trusting nothing that is remembered, when a file turns
  // out to have changed meanwhile (Error(kChanged)), a few times.
  // Each warning is given once.
  void Use(const std::function<void(Scan scan)>& use);

  const Context& context() const { return context_; }
  size_t threads() const { return scan_.walk.threads; }

 private:
  Context context_;
  ChosenFilter filter_;
  ScanOptions scan_;
  const PushOptions& options_;
  std::unordered_set<std::string> warned_;
};

}  // namespace kontext
