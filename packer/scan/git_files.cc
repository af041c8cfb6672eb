#include "packer/scan/git_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/path.h"
#include "packer/error.h"
#include "packer/scan/program.h"

namespace kontext {
namespace {

// Paths are kept in pieces of this size.
constexpr size_t kChunk = 1 << 20;
// Repositories inside of each other. A path of one call to the kernel (4095 bytes) has no more.
constexpr size_t kMaxRepositories = 10000;

// A hook or an alias of git sets these: they would send git to another repository or index. What
// configures git (GIT_CONFIG_*: safe.directory) and bounds its search (GIT_CEILING_DIRECTORIES)
// stays.
constexpr std::string_view kDropped[] = {"GIT_DIR",
                                         "GIT_WORK_TREE",
                                         "GIT_INDEX_FILE",
                                         "GIT_PREFIX",
                                         "GIT_COMMON_DIR",
                                         "GIT_NAMESPACE",
                                         "GIT_INDEX_VERSION",
                                         "GIT_OBJECT_DIRECTORY",
                                         "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                         "LC_ALL",
                                         "GIT_OPTIONAL_LOCKS",
                                         "GIT_INTERNAL_SUPER_PREFIX"};

std::vector<std::string> Environment() {
  std::vector<std::string> kept = {"LC_ALL=C", "GIT_OPTIONAL_LOCKS=0"};
  for (char** item = environ; *item != nullptr; ++item) {
    std::string_view text = *item;
    std::string_view name = text.substr(0, text.find('='));
    // Traces would come before the message of an error.
    if (name.starts_with("GIT_TRACE")) continue;
    if (std::find(std::begin(kDropped), std::end(kDropped), name) == std::end(kDropped)) {
      kept.emplace_back(text);
    }
  }
  return kept;
}

// What git said, as a part of our sentence.
std::string FirstLine(const std::string& errors) {
  std::string line = errors.substr(0, errors.find('\n'));
  for (std::string_view start : {"fatal: ", "error: "}) {
    if (line.starts_with(start)) line.erase(0, start.size());
  }
  return line;
}

[[noreturn]] void FailGit(const std::string& directory, const ProgramResult& result) {
  std::string line = FirstLine(result.errors);
  std::string subject = "--git: " + directory;
  if (line.starts_with("not a git repository")) {
    throw Error(ErrorKind::kIo, subject + " is in no git repository: leave --git out");
  }
  if (line.find("dubious ownership") != std::string::npos) {
    throw Error(ErrorKind::kIo, subject + ": git refuses it: " + line +
                                    "; git config --global --add safe.directory, with that path, "
                                    "lets it");
  }
  if (line.find("must be run in a work tree") != std::string::npos) {
    throw Error(ErrorKind::kIo,
                subject + " is no work tree of git, but a part of its own files: leave --git out");
  }
  if (line.empty()) line = "exit code " + std::to_string(result.exit_code);
  throw Error(ErrorKind::kIo, subject + ": git ls-files failed: " + line);
}

// Cuts what git prints into records that end with a NUL.
class Records {
 public:
  using Sink = std::function<void(std::string_view record)>;
  explicit Records(Sink sink) : sink_(std::move(sink)) {}

  void Take(std::string_view piece) {
    for (size_t end = piece.find('\0'); end != std::string_view::npos; end = piece.find('\0')) {
      begun_.append(piece.substr(0, end));
      sink_(begun_);
      begun_.clear();
      piece.remove_prefix(end + 1);
    }
    begun_.append(piece);
    // Mode, object and stage stand in front of a path.
    if (begun_.size() > kMaxPath + 256) {
      throw Error(ErrorKind::kFormat,
                  "--git: git printed a path of more than " + std::to_string(kMaxPath) + " bytes");
    }
  }

 private:
  Sink sink_;
  std::string begun_;
};

void ListFiles(const std::string& directory, const std::vector<std::string>& what,
               const Records::Sink& sink) {
  // A file system monitor is a program that the repository's configuration names: not run.
  std::vector<std::string> argv = {"git",      "-C", directory, "-c", "core.fsmonitor=false",
                                   "ls-files", "-z"};
  argv.insert(argv.end(), what.begin(), what.end());
  Records records(sink);
  ProgramResult result;
  try {
    result = RunProgram(argv, Environment(), [&](std::string_view piece) { records.Take(piece); });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw;
    throw Error(ErrorKind::kNotFound, "--git: git is not installed: install it or leave --git out");
  }
  if (result.exit_code != 0) FailGit(directory, result);
}

// Is it a repository of its own that is checked out here? Otherwise git would answer for the
// repository around it.
bool IsRepository(const std::string& directory) {
  struct stat info;
  return lstat(directory.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
         lstat((directory + "/.git").c_str(), &info) == 0;
}

}  // namespace

// Reads one repository after the other; those that lie in one are read after it.
class GitFiles::Reader {
 public:
  Reader(std::string directory, GitFiles* files)
      : directory_(std::move(directory)), files_(*files), found_{""} {}

  void Run() {
    for (size_t i = 0; i < found_.size(); ++i) {
      // Untracked files and submodules cannot be asked for in one call (git ls-files refuses
      // --others with --recurse-submodules).
      std::string prefix = found_[i];
      std::string place = prefix.empty() ? directory_ : directory_ + '/' + prefix;
      if (!prefix.empty()) prefix += '/';
      if (i > 0 && !IsRepository(place)) continue;
      ListFiles(place, {"--cached", "--stage"},
                [&](std::string_view record) { TakeTracked(prefix, record); });
      ListFiles(place, {"--others", "--exclude-standard"},
                [&](std::string_view record) { TakeOther(prefix, record); });
    }
    std::sort(files_.paths_.begin(), files_.paths_.end());
  }

 private:
  // "100644 3b18e512dba79e4c8300dd08aeb37f8e728b8dad 0<TAB>path"
  void TakeTracked(const std::string& prefix, std::string_view record) {
    size_t tab = record.find('\t');
    if (tab == std::string_view::npos) {
      throw Error(ErrorKind::kFormat, "--git: " + directory_ + ": git ls-files printed '" +
                                          std::string(record.substr(0, 100)) +
                                          "', not a mode and a path");
    }
    std::string_view path = record.substr(tab + 1);
    constexpr std::string_view kSubmodule = "160000 ";
    if (record.starts_with(kSubmodule)) return AddRepository(prefix, path);
    Add(prefix, path);
  }

  void TakeOther(const std::string& prefix, std::string_view record) {
    if (!record.ends_with('/')) return Add(prefix, record);
    record.remove_suffix(1);  // a repository that is no submodule
    AddRepository(prefix, record);
  }

  void AddRepository(const std::string& prefix, std::string_view path) {
    if (found_.size() > kMaxRepositories) {
      throw Error(ErrorKind::kIo, "--git: " + directory_ + " has more than " +
                                      std::to_string(kMaxRepositories) + " repositories in it");
    }
    found_.push_back(prefix + std::string(path));
  }

  void Add(const std::string& prefix, std::string_view path) {
    size_t size = prefix.size() + path.size();
    auto& text = files_.text_;
    if (text.empty() || text.back().capacity() - text.back().size() < size) {
      text.emplace_back().reserve(std::max(kChunk, size));
    }
    size_t begin = text.back().size();
    text.back().append(prefix).append(path);
    files_.paths_.push_back(std::string_view(text.back()).substr(begin));
  }

  std::string directory_;
  GitFiles& files_;
  std::vector<std::string> found_;
};

GitFiles::GitFiles(const std::string& directory) { Reader(directory, this).Run(); }

bool GitFiles::Has(std::string_view path) const {
  return std::binary_search(paths_.begin(), paths_.end(), path);
}

bool GitFiles::HasBelow(std::string_view path) const {
  std::string begin = std::string(path) + '/';
  auto found = std::lower_bound(paths_.begin(), paths_.end(), begin);
  return found != paths_.end() && found->starts_with(begin);
}

}  // namespace kontext
