// The listing of a directory that has the recorded paths: the record, but for what a walk touched.
#pragma once

#include <cstddef>
#include <vector>

#include "packer/plan/entry_lookup.h"
#include "packer/scan/stat_record.h"
#include "packer/scan/tree_marks.h"
#include "packer/scan/walk.h"

namespace kontext {

class RecordedListing : public EntryLookup {
 public:
  // `walked`: as recorded, or only touched. Refers to both.
  RecordedListing(const RecordedTree& recorded, const Walked& walked)
      : recorded_(recorded), walked_(walked) {}

  size_t size() const override { return recorded_.size(); }
  IndexEntry Entry(size_t i) const override;

  // Adds the entries from `hasher`'s next on.
  Digest TreeDigest(MarkedTreeHasher* hasher) const;
  ListingTotals Totals() const;
  // All of it; the text stays where it is.
  Listing ToListing() const;
  // What a walk that had looked at everything would have found.
  Walked ToWalked() const;

 private:
  const RecordedTree& recorded_;
  const Walked& walked_;
};

}  // namespace kontext
