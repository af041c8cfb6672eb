#include "packer/source_tree.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "packer/error.h"

namespace kontext {
namespace {

constexpr int kAttempts = 5;

}  // namespace

SourceTree::SourceTree(const std::string& directory, const std::vector<std::string>& written,
                       const PushOptions& options, const CacheDir* cache)
    : context_(directory), filter_(directory, written, options), options_(options) {
  scan_.walk.filter = filter_.AsFilter();
  scan_.walk.filter_name = filter_.Name();
  if (options.warn) {
    scan_.walk.warn = [this](const std::string& sentence) {
      if (warned_.insert(sentence).second) options_.warn(sentence);
    };
  }
  scan_.walk.one_file_system = options.one_file_system;
  scan_.walk.threads =
      options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  scan_.cache = cache;
}

void SourceTree::Use(const std::function<void(Scan scan)>& use) {
  for (int attempt = 1;; ++attempt) {
    try {
      if (options_.progress) options_.progress("scan", 0, 0);
      Scan scan = ScanContext(context_, scan_);
      if (filter_.explains()) filter_.Explain(scan.listing());
      return use(std::move(scan));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kChanged || attempt == kAttempts) throw;
      scan_.recall = false;
    }
  }
}

}  // namespace kontext
