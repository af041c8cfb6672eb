// Places in the hash of a tree digest to go on from. The digest is one SHA-256 over a line for each
// entry (FORMAT.md, "Canonical form"), so that a change to one takes all lines from there on to be
// hashed again, but none of those before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "packer/hash.h"
#include "packer/plan/listing.h"

namespace kontext {

// What the hash has come to before the entry at a place in the listing.
struct TreeMark {
  uint64_t entry;
  Hasher::State state;
};

// The tree digest of a listing, whose entries are added in order, with marks on the way: some
// dozens, however many entries there are.
class MarkedTreeHasher {
 public:
  // `marks`: of a listing that begins with the same entries, up to each of them. `size`: how many
  // entries there will be.
  MarkedTreeHasher(std::vector<TreeMark> marks, size_t size);

  // The place of the entry to be added next: the last mark's, at first.
  size_t next() const { return next_; }
  void Add(const IndexEntry& entry);
  Digest Finish() { return hasher_.Finish(); }

  const std::vector<TreeMark>& marks() const { return marks_; }

 private:
  std::vector<TreeMark> marks_;
  const size_t interval_;
  size_t next_ = 0;
  size_t next_mark_;
  TreeHasher hasher_;
};

// Marks as a file has them: those of the listing with the digest `tree` that are not behind the
// entry at `same`. None when the file is damaged or of another listing.
std::vector<TreeMark> ReadTreeMarks(std::string_view bytes, const Digest& tree, size_t same);

// In this machine's byte order: magic and version in one number, the tree digest, the marks in
// order, a checksum (packer/cache/summed.h). Given in pieces to `out`.
void WriteTreeMarks(const std::vector<TreeMark>& marks, const Digest& tree,
                    const std::function<void(std::string_view)>& out);

}  // namespace kontext
