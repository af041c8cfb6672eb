// The seam between the library and common/tree.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "common/tree/difference.h"
#include "common/tree/entry_source.h"
#include "common/tree/report.h"
#include "packer/plan/listing.h"

namespace kontext {

// Collects what common/tree reports, as text.
class Messages {
 public:
  Messages() : report_({this, &Write}, "") {}
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  tree::Report* report() { return &report_; }

  // Throws Error(kIo) with the first line reported; without one, somebody asked to stop.
  [[noreturn]] void Throw(const std::string& target) const;

 private:
  static bool Write(void* self, const char* data, size_t size);

  std::string text_;
  tree::Report report_;
};

// `listing` must outlive it. The entries that it gives are the listing's own.
tree::EntrySource EntriesOf(const Listing& listing);

// "PATH: what is wrong with it"
std::string TextOf(const tree::Difference& difference);

// Hands differences to a function, one thread at a time.
class DifferenceCollector {
 public:
  using Take = std::function<void(const tree::Difference&)>;
  explicit DifferenceCollector(Take take) : take_(std::move(take)) {}

  tree::DifferenceSink sink() { return {this, &Receive}; }

 private:
  static void Receive(void* self, const tree::Difference& difference);

  std::mutex mutex_;
  Take take_;
};

}  // namespace kontext
