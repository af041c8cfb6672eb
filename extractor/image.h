// The image that this program came in: its head, its segment indexes and the contents
// (FORMAT.md, "Files").
#pragma once

#include <stddef.h>

#include <string_view>

#include "common/fd.h"
#include "common/head.h"
#include "common/index_entry.h"
#include "common/layout.h"
#include "common/tree/content_source.h"
#include "common/tree/entry_source.h"
#include "common/tree/report.h"

namespace kontext {
class ListingMerge;
}

namespace kontext::extractor {

class Image {
 public:
  explicit Image(tree::Report* report) : report_(report) {}
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
  bool ForEach(tree::VisitEntry visit, void* context);

  // Opens the content of a file entry for reading. A regular file, or -1 and errno is set. Any
  // thread may call it.
  int OpenContent(std::string_view path, std::string_view at) const;

  // Is any of it below the directory? Then pruning that would remove it.
  bool IsWithin(int dir_fd) const;

  // The two as the tree's functions take them.
  tree::EntrySource Entries();
  tree::ContentSource Contents();

 private:
  bool ReadHead();
  bool OpenSegments();
  void ReportProblem(const ListingMerge& merge);

  tree::Report* report_;
  UniqueFd base_;
  UniqueFd lib_;
  UniqueFd objects_;
  Head head_;
  UniqueFd segments_[kMaxSegments];
};

}  // namespace kontext::extractor
