// The entries of a listing, looked up: for what needs few of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "packer/plan/listing.h"

namespace kontext {

class EntryLookup {
 public:
  virtual ~EntryLookup() = default;

  virtual size_t size() const = 0;
  // In the listing's order; its views are valid as long as this is.
  virtual IndexEntry Entry(size_t i) const = 0;

  // The first entry whose path is not before this one in the order of ComparePaths; size() when
  // there is none.
  size_t FirstFrom(std::string_view path) const;
  std::optional<IndexEntry> Find(std::string_view path) const;
};

class ListingLookup : public EntryLookup {
 public:
  // Refers to the listing.
  explicit ListingLookup(const Listing& listing) : listing_(listing) {}
  size_t size() const override { return listing_.entries().size(); }
  IndexEntry Entry(size_t i) const override { return listing_.entries()[i]; }

 private:
  const Listing& listing_;
};

}  // namespace kontext
