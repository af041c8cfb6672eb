#include "packer/registry/auth_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "common/fd.h"
#include "packer/error.h"
#include "packer/leftover.h"
#include "packer/temp_file.h"

namespace kontext {
namespace {

constexpr size_t kMaxFile = size_t{4} << 20;
constexpr int kMaxLinks = 40;  // what Linux follows

[[noreturn]] void Fail(const std::string& path, const std::string& what) {
  throw Error(ErrorKind::kIo,
              fmt::format("{}: {}: {}", path, what, std::generic_category().message(errno)));
}

// Where a file really is, also when it is a symlink to one that does not exist yet.
std::string FollowLinks(std::string path) {
  for (int i = 0; i < kMaxLinks; ++i) {
    std::error_code error;
    std::filesystem::path target = std::filesystem::read_symlink(path, error);
    if (error) return path;
    path = (std::filesystem::path(path).parent_path() / target).string();
  }
  throw Error(ErrorKind::kIo, path + ": too many symlinks");
}

std::string FolderOf(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

void MakeFolders(const std::string& folder) {
  struct stat there;
  if (stat(folder.c_str(), &there) == 0) return;
  std::string above = FolderOf(folder);
  if (above != folder) MakeFolders(above);
  // Docker and podman keep theirs to the owner, too.
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) Fail(folder, "cannot make it");
}

// Root may log in for somebody: best kept with whom it was.
void KeepOwner(const std::string& path, int fd) {
  struct stat old;
  if (stat(path.c_str(), &old) != 0 || (old.st_uid == geteuid() && old.st_gid == getegid())) return;
  if (fchown(fd, old.st_uid, old.st_gid) != 0 && errno != EPERM)
    Fail(path, "cannot keep its owner");
}

void Replace(const std::string& path, const std::string& content) {
  std::string folder = FolderOf(path);
  RemoveLeftoversIn(folder);  // of a killed run: there is a secret in them
  try {
    TempFile file(folder, 0600);
    file.Write(content.data(), content.size());
    KeepOwner(path, file.fd());
    if (fsync(file.fd()) != 0) Fail(path, "cannot sync it");
    file.Commit(path);
  } catch (const Error& error) {
    std::string problem = error.what();
    if (problem.starts_with(path)) throw;
    throw Error(error.kind(), path + ": cannot write it: " + problem);
  }
}

}  // namespace

std::vector<std::string> AuthFiles(const Environment& environment) {
  std::vector<std::string> files;
  std::string home = environment("HOME");
  auto add = [&](const std::string& folder, const char* rest) {
    if (folder.empty()) return;
    std::string path = folder + rest;
    if (std::find(files.begin(), files.end(), path) == files.end()) files.push_back(path);
  };
  auto below_home = [&](const char* rest) { return home.empty() ? home : home + rest; };
  auto either = [](const std::string& first, const std::string& second) {
    return first.empty() ? second : first;
  };
  add(environment("REGISTRY_AUTH_FILE"), "");
  add(either(environment("DOCKER_CONFIG"), below_home("/.docker")), "/config.json");
  add(either(environment("XDG_RUNTIME_DIR"), fmt::format("/run/containers/{}", geteuid())),
      environment("XDG_RUNTIME_DIR").empty() ? "/auth.json" : "/containers/auth.json");
  add(environment("XDG_CONFIG_HOME"), "/containers/auth.json");
  add(below_home("/.config"), "/containers/auth.json");
  return files;
}

std::vector<std::string> AuthFiles() {
  return AuthFiles([](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  });
}

std::optional<std::string> ReadAuthFile(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  // One of root's in the way of a public image is no reason to fail.
  bool none = !fd.valid() && (errno == ENOENT || errno == ENOTDIR || errno == EACCES);
  if (none) return std::nullopt;
  if (!fd.valid()) Fail(path, "cannot read it");
  std::string content(kMaxFile + 1, '\0');
  ssize_t got = ReadUpTo(fd.get(), content.data(), content.size());
  if (got < 0) Fail(path, "cannot read it");
  if (static_cast<size_t>(got) > kMaxFile) {
    throw Error(ErrorKind::kFormat, path + ": larger than 4 MiB: no credentials file");
  }
  content.resize(static_cast<size_t>(got));
  return content;
}

void EditAuthFile(const std::string& path,
                  const std::function<std::string(const std::string&)>& edit) {
  std::string real = FollowLinks(path);
  std::string folder = FolderOf(real);
  MakeFolders(folder);
  UniqueFd lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems have no locks; the file is whole either way.
  if (lock.valid()) (void)flock(lock.get(), LOCK_EX);
  if (access(real.c_str(), F_OK) == 0 && access(real.c_str(), R_OK) != 0) {
    Fail(path, "cannot read it");
  }
  std::string old = ReadAuthFile(real).value_or("");
  std::string changed;
  try {
    changed = edit(old);
  } catch (const Error& error) {
    throw Error(error.kind(), path + ": " + error.what());
  }
  if (changed == old) return;
  Replace(real, changed);
}

}  // namespace kontext
