#include "extractor/image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/listing_merge.h"
#include "common/path.h"
#include "common/tree/dir_open.h"
#include "common/tree/file_job.h"
#include "extractor/listing_check.h"
#include "extractor/long_path.h"
#include "extractor/signals.h"

namespace kontext::extractor {
namespace {

// NONBLOCK: a fifo in the image must not hang us; it means nothing for a regular file.
constexpr int kReadFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
constexpr int kDirFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;

// Gives the descriptor back if it is a regular file's, else -1.
int OnlyRegular(UniqueFd fd) {
  struct stat st;
  if (!fd.valid() || fstat(fd.get(), &st) != 0) return -1;
  if (S_ISREG(st.st_mode)) return fd.release();
  errno = EINVAL;
  return -1;
}

std::string_view Relative(std::string_view path) { return path.substr(1); }

// kSegmentsPath/HEX.jsonl
struct SegmentPath {
  explicit SegmentPath(const Digest& digest) {
    char* out = text;
    memcpy(out, kSegmentsPath.data(), kSegmentsPath.size());
    out += kSegmentsPath.size();
    *out++ = '/';
    FormatHex(digest, out);
    out += Digest::kHexLength;
    memcpy(out, kSegmentSuffix.data(), kSegmentSuffix.size());
    out[kSegmentSuffix.size()] = '\0';
  }
  char text[kSegmentsPath.size() + 1 + Digest::kHexLength + kSegmentSuffix.size() + 1];
};

}  // namespace

bool Image::Open(const char* root) {
  UniqueFd root_fd(open(root, kDirFlags));
  if (!root_fd.valid()) {
    report_->Error(root, "cannot be opened", errno);
    return false;
  }
  // Any of them may be missing: then what would be in it is, and that is found and named later.
  base_.reset(OpenLong(root_fd.get(), Relative(kBasePath), kDirFlags));
  lib_.reset(OpenLong(root_fd.get(), Relative(ParentOf(kManifestPath)), kDirFlags));
  objects_.reset(OpenLong(root_fd.get(), Relative(kObjectsPath), kDirFlags));
  return ReadHead() && OpenSegments();
}

bool Image::ReadHead() {
  char text[kMaxHead + 2];
  UniqueFd fd;
  if (lib_.valid())
    fd.reset(OnlyRegular(UniqueFd(OpenLong(lib_.get(), NameOf(kManifestPath), kReadFlags))));
  if (!fd.valid()) {
    report_->Error(kManifestPath, "this image holds no directory yet",
                   lib_.valid() ? errno : ENOENT);
    return false;
  }
  ssize_t size = ReadUpTo(fd.get(), text, kMaxHead + 1);
  if (size < 0) {
    report_->Error(kManifestPath, "cannot be read", errno);
    return false;
  }
  const char* problem = static_cast<size_t>(size) > kMaxHead ? "is too long" : nullptr;
  if (problem == nullptr) problem = ParseHead(text, static_cast<size_t>(size), &head_);
  if (problem == nullptr && head_.version != kFormatVersion) problem = "is of an unknown version";
  if (problem == nullptr) return true;
  bool damaged = head_.version == kFormatVersion;
  report_->Say([&](tree::Line& line) {
    line.Name(kManifestPath).Text(": ").Text(problem).Text(damaged ? kDamaged : "");
  });
  return false;
}

bool Image::OpenSegments() {
  for (size_t i = 0; i < head_.segment_count; ++i) {
    SegmentPath path(head_.segments[i]);
    std::string_view below = std::string_view(path.text).substr(ParentOf(kManifestPath).size() + 1);
    segments_[i].reset(OnlyRegular(UniqueFd(OpenLong(lib_.get(), below, kReadFlags))));
    if (!segments_[i].valid()) {
      report_->Error(path.text, "cannot be opened", errno);
      return false;
    }
  }
  return true;
}

void Image::ReportProblem(const ListingMerge& merge) {
  SegmentPath path(head_.segments[merge.problem_segment()]);
  report_->Say([&](tree::Line& line) {
    line.Name(path.text).Text(": ");
    if (merge.problem_line() > 0) line.Text("line ").Number(merge.problem_line()).Text(": ");
    line.Text(merge.problem()).Text(kDamaged);
  });
}

bool Image::ForEach(tree::VisitEntry visit, void* context) {
  ListingMerge merge;
  for (size_t i = 0; i < head_.segment_count; ++i) {
    if (lseek(segments_[i].get(), 0, SEEK_SET) < 0) {
      report_->Error(SegmentPath(head_.segments[i]).text, "cannot be read", errno);
      return false;
    }
    merge.Add(SourceOf(segments_[i]), head_.segments[i]);
  }
  for (;;) {
    if (StopSignal() != 0) return false;
    IndexEntry entry;
    size_t segment = 0;
    switch (merge.Next(&entry, &segment)) {
      case ReadResult::kEntry:
        if (!visit(context, entry)) return false;
        break;
      case ReadResult::kEnd:
        return true;
      case ReadResult::kError:
        ReportProblem(merge);
        return false;
    }
  }
}

bool Image::Check() {
  ListingCheck check(report_);
  return ForEach(ListingCheck::Visit, &check) && check.Finish(head_);
}

int Image::OpenContent(std::string_view path, std::string_view at) const {
  const UniqueFd* dir = &base_;
  std::string_view below = at.empty() ? path : at;
  if (!at.empty() && !IsContentPlace(at)) {
    errno = EINVAL;
    return -1;
  }
  if (below[0] == '/') {
    dir = &objects_;
    below = NameOf(below);
  }
  errno = ENOENT;
  return dir->valid() ? OnlyRegular(UniqueFd(OpenLong(dir->get(), below, kReadFlags))) : -1;
}

bool Image::IsWithin(int dir_fd) const {
  return (lib_.valid() && tree::IsWithin(lib_.get(), dir_fd)) ||
         (base_.valid() && tree::IsWithin(base_.get(), dir_fd));
}

tree::EntrySource Image::Entries() {
  auto for_each = [](void* self, tree::VisitEntry visit, void* visitor) {
    return static_cast<Image*>(self)->ForEach(visit, visitor);
  };
  return {this, for_each};
}

tree::ContentSource Image::Contents() {
  tree::ContentSource source;
  source.context = this;
  source.open = [](void* self, const tree::FileJob& job) {
    return static_cast<const Image*>(self)->OpenContent(job.path, job.at);
  };
  return source;
}

}  // namespace kontext::extractor
