#include "extractor/listing_check.h"

#include "common/index_writer.h"
#include "common/layout.h"
#include "common/path.h"

namespace kontext::extractor {

bool IsContentPlace(std::string_view at) {
  if (at.empty() || at[0] != '/') return PathProblem(at) == nullptr;
  Digest digest;
  return ParentOf(at) == kObjectsPath && ParseHex(NameOf(at), &digest);
}

bool ListingCheck::Visit(void* context, const IndexEntry& entry) {
  return static_cast<ListingCheck*>(context)->Take(entry);
}

bool ListingCheck::Refuse(std::string_view subject, const char* problem) {
  report_->Say(
      [&](tree::Line& line) { line.Name(subject).Text(": ").Text(problem).Text(kDamaged); });
  return false;
}

bool ListingCheck::Take(const IndexEntry& entry) {
  const char* problem = PathProblem(entry.path);
  switch (entry.type) {
    case EntryType::kFile:
      ++files_;
      bytes_ += entry.size;
      if (!entry.at.empty() && !IsContentPlace(entry.at)) {
        problem = "its content is said to be outside the image's folders";
      }
      break;
    case EntryType::kDir:
      ++dirs_;
      break;
    case EntryType::kSymlink:
      ++symlinks_;
      if (entry.target.empty() || entry.target.size() > kMaxTarget ||
          entry.target.find('\0') != std::string_view::npos) {
        problem = "is no target for a symlink";
      }
      break;
    default:
      problem = "is no entry of a listing";
  }
  if (problem != nullptr) return Refuse(entry.path, problem);
  auto update = [](void* context, const char* data, size_t size) {
    static_cast<Sha256*>(context)->Update(data, size);
  };
  WriteListingLine(entry, ByteSink{&sha_, update});
  return true;
}

bool ListingCheck::Finish(const Head& head) {
  const char* problem = nullptr;
  if (files_ != head.files || dirs_ != head.dirs || symlinks_ != head.symlinks ||
      bytes_ != head.bytes) {
    problem = "its counts are not those of the segments";
  }
  if (!(sha_.Finish() == head.tree)) problem = "its tree digest is not that of the segments";
  return problem == nullptr || Refuse(kManifestPath, problem);
}

}  // namespace kontext::extractor
