#include "packer/lacking.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "common/path.h"
#include "common/tree/dir_open.h"
#include "common/tree/temp_name.h"
#include "common/tree/verify.h"
#include "common/tree/workers.h"
#include "packer/local_tree.h"

namespace kontext {
namespace {

// Deeper is not looked for contents: they are fetched then.
constexpr size_t kMaxDepth = 256;
constexpr size_t kBuffer = 128 * 1024;

// What has such a name is removed as a leftover before anything is written, with all below it.
bool LooksLikeLeftover(std::string_view path) {
  for (; !path.empty(); path = ParentOf(path)) {
    if (tree::TempNames::IsOne(std::string(NameOf(path)).c_str())) return true;
  }
  return false;
}

class LocalSearch {
 public:
  LocalSearch(const Lacking& lacking, const Listing& listing, const std::string& directory,
              Staging* staging)
      : lacking_(lacking), listing_(listing), directory_(directory), staging_(staging) {
    for (const auto& [digest, need] : lacking.contents) sizes_.insert(need.file->size);
  }

  // What cannot be read is passed over.
  void Walk(int dir_fd, const std::string& below, size_t depth) {
    std::vector<std::string> dirs;
    ForEachName(dir_fd, [&](const std::string& name) {
      if (tree::TempNames::IsOne(name.c_str())) return;
      struct stat info;
      if (fstatat(dir_fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return;
      if (S_ISDIR(info.st_mode)) dirs.push_back(name);
      if (S_ISREG(info.st_mode) && sizes_.count(static_cast<uint64_t>(info.st_size)) > 0) {
        Look(dir_fd, name, below + name);
      }
    });
    if (depth == kMaxDepth) return;
    for (const std::string& name : dirs) {
      UniqueFd inner(tree::OpenDirAt(dir_fd, name.c_str()));
      if (inner.valid()) Walk(inner.get(), below + name + '/', depth + 1);
    }
  }

 private:
  template <typename Take>
  static void ForEachName(int dir_fd, Take take) {
    // A descriptor of its own: reading moves it.
    int own = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::unique_ptr<DIR, int (*)(DIR*)> dir(own < 0 ? nullptr : fdopendir(own), &closedir);
    if (dir == nullptr) return;
    while (const dirent* entry = readdir(dir.get())) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") take(name);
    }
  }

  void Look(int dir_fd, const std::string& name, const std::string& path) {
    uint32_t position = FindEntry(listing_, path);
    bool known = position < lacking_.in_place.size() && lacking_.in_place[position];
    // What is in place has been hashed already.
    if (known && !IsLacking(listing_.entries()[position].sha256)) return;
    UniqueFd file(openat(dir_fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.valid()) return;
    Hasher hasher;
    if (!ForEachPart(file.get(), [&](std::string_view part) { hasher.Update(part); })) return;
    Digest digest = hasher.Finish();
    if (IsLacking(digest)) Stage(file.get(), digest);
  }

  bool IsLacking(const Digest& digest) const {
    return lacking_.contents.count(digest) > 0 && !staging_->Has(digest);
  }

  void Stage(int fd, const Digest& digest) {
    const IndexEntry& wanted = *lacking_.contents.at(digest).file;
    if (lseek(fd, 0, SEEK_SET) != 0) return;
    Staging::Object object(staging_, digest, wanted.size,
                           directory_ + '/' + std::string(wanted.path));
    // Changed meanwhile: then it is fetched.
    if (ForEachPart(fd, [&](std::string_view part) { object.Write(part); })) object.Commit();
  }

  template <typename Take>
  bool ForEachPart(int fd, Take take) {
    for (;;) {
      ssize_t got = ReadUpTo(fd, buffer_.get(), kBuffer);
      if (got < 0) return false;
      take(std::string_view(buffer_.get(), static_cast<size_t>(got)));
      if (static_cast<size_t>(got) < kBuffer) return true;
    }
  }

  const Lacking& lacking_;
  const Listing& listing_;
  const std::string& directory_;
  Staging* staging_;
  std::set<uint64_t> sizes_;
  std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(kBuffer);
};

}  // namespace

Lacking FindLacking(tree::Run* run, const Messages& messages, const std::string& directory,
                    const Listing& listing, int dir_fd, unsigned jobs) {
  Lacking lacking;
  const auto& entries = listing.entries();
  lacking.in_place.assign(entries.size(), true);
  DifferenceCollector collector([&](const tree::Difference& difference) {
    bool same_content = difference.kind == tree::DifferenceKind::kMode ||
                        difference.kind == tree::DifferenceKind::kExtra;
    uint32_t position = same_content ? kNoEntry : FindEntry(listing, difference.path);
    if (position != kNoEntry) lacking.in_place[position] = false;
  });
  int own = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool compared = own >= 0 && tree::Verify(run, EntriesOf(listing), own, tree::JobsToUse(jobs),
                                           collector.sink());
  if (!compared) messages.Throw(directory);
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].type != EntryType::kFile) continue;
    if (lacking.in_place[i] && LooksLikeLeftover(entries[i].path)) lacking.in_place[i] = false;
    if (lacking.in_place[i]) continue;
    ++lacking.contents.emplace(entries[i].sha256, Lacking::Need{&entries[i], 0})
          .first->second.files;
  }
  return lacking;
}

void StageLocal(const Lacking& lacking, const Listing& listing, int dir_fd,
                const std::string& directory, Staging* staging) {
  LocalSearch(lacking, listing, directory, staging).Walk(dir_fd, "", 0);
}

}  // namespace kontext
