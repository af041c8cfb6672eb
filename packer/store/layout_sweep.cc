#include "packer/store/layout_sweep.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>
#include <vector>

#include "common/digest.h"
#include "packer/error.h"
#include "packer/store/layout_index.h"
#include "packer/temp_file.h"

namespace kontext {
namespace {

constexpr size_t kMaxDocument = size_t{4} << 20;

[[noreturn]] void FailSystem(const std::string& path, const std::error_code& code) {
  throw Error(ErrorKind::kIo, fmt::format("{}: {}", path, code.message()));
}

UniqueFd LockFolder(const std::string& folder, int how) {
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return fd;
  while (flock(fd.get(), how) != 0) {
    if (errno != EINTR) return UniqueFd();
  }
  return fd;
}

// Empty when it is none: larger, no JSON object, or not there.
std::string ReadDocument(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || static_cast<uint64_t>(info.st_size) > kMaxDocument) {
    return {};
  }
  std::string text;
  if (!ReadWholeFile(path, kMaxDocument, &text) || !text.starts_with('{')) return {};
  return text;
}

std::set<std::string> Reachable(const std::string& folder, const std::string& index_json) {
  std::set<std::string> reached = DigestsIn(index_json);
  std::vector<std::string> to_read(reached.begin(), reached.end());
  while (!to_read.empty()) {
    std::string path = folder + '/' + to_read.back().substr(Digest::kPrefix.size());
    to_read.pop_back();
    for (const std::string& digest : DigestsIn(ReadDocument(path))) {
      if (reached.insert(digest).second) to_read.push_back(digest);
    }
  }
  return reached;
}

}  // namespace

UniqueFd HoldBlobs(const std::string& blob_directory) {
  return LockFolder(blob_directory, LOCK_SH);
}

void SweepBlobs(const std::string& blob_directory, const std::string& index_json) {
  UniqueFd lock = LockFolder(blob_directory, LOCK_EX | LOCK_NB);
  if (!lock.valid()) return;
  std::set<std::string> reached = Reachable(blob_directory, index_json);
  std::error_code error;
  std::filesystem::directory_iterator files(blob_directory, error);
  if (error) FailSystem(blob_directory, error);
  std::vector<std::filesystem::path> unneeded;
  for (const std::filesystem::directory_entry& file : files) {
    std::string digest = std::string(Digest::kPrefix) + file.path().filename().string();
    Digest parsed;
    if (ParseDigest(digest, &parsed) && reached.count(digest) == 0) unneeded.push_back(file.path());
  }
  for (const std::filesystem::path& path : unneeded) {
    std::filesystem::remove(path, error);
    if (error) FailSystem(path, error);
  }
}

}  // namespace kontext
