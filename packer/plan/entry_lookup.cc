#include "packer/plan/entry_lookup.h"

#include "packer/plan/path_search.h"

namespace kontext {

size_t EntryLookup::FirstFrom(std::string_view path) const {
  return kontext::FirstFrom(0, size(), path, [this](size_t i) { return Entry(i).path; });
}

std::optional<IndexEntry> EntryLookup::Find(std::string_view path) const {
  size_t i = FirstFrom(path);
  if (i == size()) return std::nullopt;
  IndexEntry entry = Entry(i);
  if (entry.path != path) return std::nullopt;
  return entry;
}

}  // namespace kontext
