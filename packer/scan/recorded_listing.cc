#include "packer/scan/recorded_listing.h"

#include <algorithm>

namespace kontext {

namespace {

// The first one that is not before the recorded entry `i`.
std::vector<Touched>::const_iterator TouchedFrom(const Walked& walked, size_t i) {
  return std::lower_bound(walked.touched.begin(), walked.touched.end(), i,
                          [](const Touched& one, size_t at) { return one.recorded < at; });
}

}  // namespace

IndexEntry RecordedListing::Entry(size_t i) const {
  auto touched = TouchedFrom(walked_, i);
  if (touched != walked_.touched.end() && touched->recorded == i) {
    return walked_.listing.entries()[touched->entry];
  }
  return recorded_.Line(recorded_.entry(i));
}

Digest RecordedListing::TreeDigest(MarkedTreeHasher* hasher) const {
  auto touched = TouchedFrom(walked_, hasher->next());
  for (size_t i = hasher->next(); i < recorded_.size(); ++i) {
    if (touched != walked_.touched.end() && touched->recorded == i) {
      hasher->Add(walked_.listing.entries()[touched->entry]);
      ++touched;
    } else {
      hasher->Add(recorded_.Line(recorded_.entry(i)));
    }
  }
  return hasher->Finish();
}

ListingTotals RecordedListing::Totals() const {
  ListingTotals totals = recorded_.totals();
  for (const Touched& touched : walked_.touched) {
    totals.bytes += walked_.listing.entries()[touched.entry].size;
    totals.bytes -= recorded_.entry(touched.recorded).size;
  }
  return totals;
}

Listing RecordedListing::ToListing() const {
  Listing listing = recorded_.ToListing();
  for (const Touched& touched : walked_.touched) {
    listing.mutable_entries()[touched.recorded] = walked_.listing.entries()[touched.entry];
  }
  return listing;
}

Walked RecordedListing::ToWalked() const {
  Walked all;
  all.listing = ToListing();
  all.stats.reserve(recorded_.size());
  for (size_t i = 0; i < recorded_.size(); ++i) all.stats.push_back(recorded_.entry(i).Stat());
  for (const Touched& touched : walked_.touched) {
    all.stats[touched.recorded] = walked_.stats[touched.entry];
    all.touched.push_back({touched.recorded, touched.recorded});
  }
  return all;
}

}  // namespace kontext
