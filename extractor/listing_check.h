// Is a folded listing the one that its head promises?
#pragma once

#include <stdint.h>

#include <string_view>

#include "common/head.h"
#include "common/index_entry.h"
#include "common/sha256.h"
#include "common/tree/report.h"

namespace kontext::extractor {

// Takes the entries in order, in constant memory.
class ListingCheck {
 public:
  explicit ListingCheck(tree::Report* report) : report_(report) {}

  // A VisitEntry; `context` is the check. False: reported.
  static bool Visit(void* context, const IndexEntry& entry);

  // After the last entry. False: reported.
  bool Finish(const Head& head);

 private:
  bool Take(const IndexEntry& entry);
  bool Refuse(std::string_view subject, const char* problem);

  tree::Report* report_;
  Sha256 sha_;
  uint64_t files_ = 0;
  uint64_t dirs_ = 0;
  uint64_t symlinks_ = 0;
  uint64_t bytes_ = 0;
};

// Ends a message on an image that does not hold together.
inline constexpr std::string_view kDamaged = " (the image is damaged: pull or push it again)";

// May a file's `at` name this place: a path relative to kBasePath, or an object?
bool IsContentPlace(std::string_view at);

}  // namespace kontext::extractor
