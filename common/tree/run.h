// What all parts and threads of one run share.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <string_view>

#include "common/tree/atomic.h"
#include "common/tree/content_source.h"
#include "common/tree/report.h"
#include "common/tree/write_back.h"

namespace kontext::tree {

// Who all that is made or adjusted is given to.
struct Owner {
  bool set = false;
  uid_t uid = 0;
  gid_t gid = 0;
};

// What it points to must outlive the run.
struct RunOptions {
  Report* report = nullptr;
  std::string_view target{};  // the name of the target, for messages
  ContentSource content{};    // for writing only
  Owner owner{};
  // Has somebody asked to stop? Any thread may ask.
  bool (*is_stopped)(void* context) = nullptr;
  void* stop_context = nullptr;
};

class Run {
 public:
  explicit Run(const RunOptions& options) : options_(options) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Report& report() const { return *options_.report; }
  const ContentSource& content() const { return options_.content; }
  const Owner& owner() const { return options_.owner; }

  // Reports the run's first failure, at a path below the target (empty: the target itself); later
  // ones follow from it or are in flight. Always false.
  bool Fail(std::string_view path, std::string_view what, int error = 0);
  // The same at a name in a directory.
  bool FailAt(std::string_view dir, std::string_view name, std::string_view what, int error);

  // Has anything failed, or somebody asked to stop? Then nothing new is begun.
  bool Stopping() const;

  // Directories that the writer holds open.
  Atomic<unsigned> open_dirs{0};

  // Started by the writer.
  WriteBack write_back;

  // For the closing line.
  Atomic<uint64_t> written{0};  // files and links that were not in place already

 private:
  RunOptions options_;
  Atomic<bool> failed_{false};
};

}  // namespace kontext::tree
