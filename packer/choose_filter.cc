#include "packer/choose_filter.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "common/fd.h"
#include "common/path.h"

namespace kontext {
namespace {

constexpr const char* kIgnoreFiles[] = {".kontextignore", ".dockerignore"};

[[noreturn]] void FailRead(const std::string& file, const std::string& why) {
  throw Error(ErrorKind::kIo, "cannot read ignore file " + file + ": " + why);
}

// Nothing when there is no such file.
std::optional<std::string> ReadIgnoreFile(const std::string& file) {
  // O_NONBLOCK: a fifo of that name must not be waited on.
  UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info;
  if (!fd.valid() && errno == ENOENT) {
    // Whoever has put a symlink there means rules to hold.
    if (lstat(file.c_str(), &info) == 0) FailRead(file, "it is a symlink to what is not there");
    return std::nullopt;
  }
  if (!fd.valid() || fstat(fd.get(), &info) != 0) FailRead(file, std::strerror(errno));
  if (!S_ISREG(info.st_mode)) FailRead(file, "it is no regular file");
  std::string text(kMaxIgnoreFile + 1, '\0');  // a byte more: then it is too long
  ssize_t size = ReadUpTo(fd.get(), text.data(), text.size());
  if (size < 0) FailRead(file, std::strerror(errno));
  text.resize(static_cast<size_t>(size));
  return text;
}

std::string Below(const std::string& directory, const char* name) {
  return directory + (directory.ends_with('/') ? "" : "/") + name;
}

bool IsDirectory(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

ChosenFilter::ChosenFilter(const std::string& directory, const std::vector<std::string>& written,
                           const PushOptions& options)
    : options_(options), explains_(static_cast<bool>(options.trace)) {
  if (!IsDirectory(directory)) return;
  if (options.ignore) ReadRules(directory, *options.ignore);
  LeaveOutWritten(directory, written);  // last: nothing brings it back
  if (!options.ignore || !options.ignore->git) return;
  git_ = std::make_unique<GitFiles>(directory);
  if (git_->empty() && options.warn) options.warn("--git: git knows no file in " + directory);
}

void ChosenFilter::LeaveOutWritten(const std::string& directory,
                                   const std::vector<std::string>& written) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path root = fs::canonical(directory, error);
  for (const std::string& place : written) {
    if (place.empty()) continue;
    fs::path path = fs::weakly_canonical(place, error);
    if (!error && path == root) {
      throw Error(ErrorKind::kUsage, place + ": it is the directory that is to be sent");
    }
    std::string inside = path.lexically_relative(root);
    if (error || inside.empty() || inside == ".." || inside.starts_with("../")) continue;
    rules_.LeaveOutPath(inside, "it is written to");
  }
}

void ChosenFilter::ReadRules(const std::string& directory, const FilterOptions& options) {
  if (!options.include_git) rules_.LeaveOutGit();
  if (!options.ignore_file.empty()) {
    std::optional<std::string> text = ReadIgnoreFile(options.ignore_file);
    if (!text) FailRead(options.ignore_file, "there is no such file");
    rules_.AddText(*text, options.ignore_file);
  } else {
    for (const char* name : kIgnoreFiles) {
      std::string file = Below(directory, name);
      std::optional<std::string> text = ReadIgnoreFile(file);
      if (!text) continue;
      rules_.AddText(*text, file);
      break;
    }
  }
  for (const FilterRule& rule : options.rules) {
    rules_.Add(rule.pattern, rule.include, rule.include ? "--include" : "--exclude");
  }
}

Filter ChosenFilter::AsFilter() {
  if (rules_.empty() && !git_ && !options_.filter) return nullptr;
  return [this](std::string_view path, bool is_dir) {
    Verdict verdict = Judge(path, is_dir);
    if (explains_ && verdict != Verdict::kKeep) Remember(path, is_dir);
    return verdict;
  };
}

std::optional<Digest> ChosenFilter::Name() const {
  if (git_ || options_.filter || explains_) return std::nullopt;
  return rules_.Name();
}

Verdict ChosenFilter::Judge(std::string_view path, bool is_dir) const {
  Verdict verdict = rules_.Check(path, is_dir);
  if (verdict != Verdict::kLeaveOutWithAllBelow) {
    verdict = std::max(verdict, JudgeByGit(path, is_dir));
  }
  // What is left out whatever it says need not be asked for.
  if (verdict == Verdict::kKeep) verdict = JudgeByCaller(path);
  return verdict;
}

// Of directories git knows only those that a file is in.
Verdict ChosenFilter::JudgeByGit(std::string_view path, bool is_dir) const {
  if (!git_ || (options_.ignore->include_git && IsOfGit(path))) return Verdict::kKeep;
  if (!is_dir) return git_->Has(path) ? Verdict::kKeep : Verdict::kLeaveOut;
  return git_->HasBelow(path) ? Verdict::kLeaveOut : Verdict::kLeaveOutWithAllBelow;
}

Verdict ChosenFilter::JudgeByCaller(std::string_view path) const {
  bool kept = !options_.filter || options_.filter(path);
  return kept ? Verdict::kKeep : Verdict::kLeaveOut;
}

void ChosenFilter::Remember(std::string_view path, bool is_dir) {
  std::lock_guard<std::mutex> lock(mutex_);
  left_out_.push_back({std::string(path), is_dir});
}

std::string ChosenFilter::Reason(const std::string& path, bool is_dir) const {
  if (rules_.Check(path, is_dir) != Verdict::kKeep) return ToString(*rules_.Why(path));
  if (JudgeByGit(path, is_dir) == Verdict::kKeep) return "the caller's filter";
  if (!is_dir) return "--git: git ignores it";
  return "--git: git knows no file in it";
}

void ChosenFilter::Explain(const Listing& listing) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::sort(left_out_.begin(), left_out_.end(),
            [](const LeftOut& a, const LeftOut& b) { return ComparePaths(a.path, b.path) < 0; });
  std::string top;
  for (const LeftOut& left_out : left_out_) {
    // A walk that was broken off has asked for the same path.
    if (left_out.path == top || IsUnder(left_out.path, top)) continue;
    // Something below it is kept, so it is too.
    if (left_out.is_dir && FindEntry(listing, left_out.path) != kNoEntry) continue;
    top = left_out.path;
    options_.trace(top + (left_out.is_dir ? "/" : "") + ": left out by " +
                   Reason(top, left_out.is_dir));
  }
  left_out_.clear();
  explains_ = false;
}

}  // namespace kontext
