// The image that this program came in: its head, its segment indexes and the contents
// (FORMAT.md, "Files").
#pragma once

#include <stddef.h>

#include <string_view>

#include "common/fd.h"
#include "common/head.h"
#include "common/index_entry.h"
#include "common/layout.h"
#include "extractor/report.h"

namespace kontext {
class ListingMerge;
}

namespace kontext::extractor {

// Sees one entry of the listing, its views valid until it returns. False ends the pass; the
// visitor has said why.
using VisitEntry = bool (*)(void* context, const IndexEntry& entry);

class Image {
 public:
  explicit Image(Report* report) : report_(report) {}
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  // Opens head and indexes below directory `root`. False: reported.
  bool Open(const char* root);

  const Head& head() const { return head_; }

  // Folds all indexes without keeping any of it: is every digest, count and path right? Nothing
  // is to be written before this said so. False: reported, or a signal asked to stop.
  bool Check();

  // One pass over the listing, in order. Not for two threads at once. False: reported, or the
  // visitor ended it.
  bool ForEach(VisitEntry visit, void* context);

  // Opens the content of a file entry for reading. A regular file, or -1 and errno is set. Any
  // thread may call it.
  int OpenContent(std::string_view path, std::string_view at) const;

  // Descriptors of the folders of kBasePath and of the head; -1: there is none.
  int base_fd() const { return base_.get(); }
  int lib_fd() const { return lib_.get(); }

 private:
  bool ReadHead();
  bool OpenSegments();
  void ReportProblem(const ListingMerge& merge);

  Report* report_;
  UniqueFd base_;
  UniqueFd lib_;
  UniqueFd objects_;
  Head head_;
  UniqueFd segments_[kMaxSegments];
};

}  // namespace kontext::extractor
