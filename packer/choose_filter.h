// From the options of a push to what is asked for every path.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "packer/kontext.h"
#include "packer/plan/listing.h"
#include "packer/scan/context.h"
#include "packer/scan/git_files.h"
#include "packer/scan/ignore_rules.h"

namespace kontext {

// The ignore rules, git's word and the caller's own filter in one: a path that any of them leaves
// out is left out. For a single file nothing is asked.
class ChosenFilter {
 public:
  // Reads the ignore file and asks git, as `options` say; keeps a reference to them. `written`:
  // paths that the push writes to, or empty; left out where they are in the directory. Throws Error
  // naming the file, rule or directory that is wrong, Error(kUsage) when the directory itself is
  // written to.
  ChosenFilter(const std::string& directory, const std::vector<std::string>& written,
               const PushOptions& options);

  // Empty when everything is kept. May be called by any number of threads; refers to this object.
  Filter AsFilter();

  // Of the rules: with the same name the same is left out. None when not rules alone decide, or
  // when every path that is left out has to be found, to be explained.
  std::optional<Digest> Name() const;

  // Explain has something to do.
  bool explains() const { return explains_; }

  // Gives options.trace, if there is one, a line for each path that a walk with the filter has left
  // out, with the reason; none for what lies below such a path. `listing` is what the walk found.
  // Later calls do nothing.
  void Explain(const Listing& listing);

 private:
  Verdict Judge(std::string_view path, bool is_dir) const;
  Verdict JudgeByGit(std::string_view path, bool is_dir) const;
  Verdict JudgeByCaller(std::string_view path) const;
  void LeaveOutWritten(const std::string& directory, const std::vector<std::string>& written);
  void ReadRules(const std::string& directory, const FilterOptions& options);
  void Remember(std::string_view path, bool is_dir);
  std::string Reason(const std::string& path, bool is_dir) const;

  struct LeftOut {
    std::string path;
    bool is_dir;
  };

  const PushOptions& options_;
  IgnoreRules rules_;
  std::unique_ptr<GitFiles> git_;
  bool explains_ = false;
  std::mutex mutex_;  // of left_out_
  std::vector<LeftOut> left_out_;
};

}  // namespace kontext
