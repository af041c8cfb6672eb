#include "common/tree/difference.h"

#include <string.h>
#include <sys/stat.h>

namespace kontext::tree {
namespace {

std::string_view TypeName(uint64_t type) {
  if (S_ISREG(type)) return "a file";
  if (S_ISDIR(type)) return "a directory";
  if (S_ISLNK(type)) return "a symlink";
  return "a special file";
}

}  // namespace

void Describe(const Difference& difference, Line* line) {
  if (!difference.dir.empty()) line->Name(difference.dir).Text("/");
  line->Name(difference.path).Text(": ");
  switch (difference.kind) {
    case DifferenceKind::kMissing:
      line->Text("missing");
      return;
    case DifferenceKind::kExtra:
      line->Text("unexpected");
      return;
    case DifferenceKind::kType:
      line->Text("is ").Text(TypeName(difference.is));
      line->Text(", should be ").Text(TypeName(difference.should));
      return;
    case DifferenceKind::kMode:
      line->Text("mode is ").Mode(static_cast<uint32_t>(difference.is));
      line->Text(", should be ").Mode(static_cast<uint32_t>(difference.should));
      return;
    case DifferenceKind::kSize:
      line->Text("has ").Count(difference.is, "byte", "bytes");
      line->Text(", should have ").Number(difference.should);
      return;
    case DifferenceKind::kContent:
      line->Text("content is not what the manifest says");
      return;
    case DifferenceKind::kTarget:
      line->Text("points to ").Name(difference.target_is);
      line->Text(", should point to ").Name(difference.target_should);
      return;
    case DifferenceKind::kUnreadable:
      line->Text("cannot be read: ").Text(strerror(difference.error));
      return;
  }
}

}  // namespace kontext::tree
