#include "packer/plan/line_lookup.h"

#include "packer/plan/path_search.h"

namespace kontext {

size_t LineLookup::FirstFrom(std::string_view path) const {
  return kontext::FirstFrom(objects(), size(), path, [this](size_t i) { return Line(i).path; });
}

}  // namespace kontext
