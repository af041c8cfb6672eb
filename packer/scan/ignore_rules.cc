#include "packer/scan/ignore_rules.h"

#include <algorithm>
#include <optional>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/scan/utf8.h"

namespace kontext {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kGit = ".git";

// White space as Unicode has it, like Go's strings.TrimSpace.
bool IsSpace(uint32_t c) {
  return (c >= '\t' && c <= '\r') || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

std::string_view Trim(std::string_view text) {
  size_t begin = text.size();
  size_t end = 0;
  for (std::string_view rest = text; !rest.empty();) {
    size_t at = text.size() - rest.size();
    if (IsSpace(TakeCharacter(&rest))) continue;
    begin = std::min(begin, at);
    end = text.size() - rest.size();
  }
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

// Takes what comes before the next '/' off `path`, and the '/'.
std::string_view TakeComponent(std::string_view* path) {
  size_t slash = path->find('/');
  std::string_view component = path->substr(0, slash);
  path->remove_prefix(slash == std::string_view::npos ? path->size() : slash + 1);
  return component;
}

// The pattern as a path: without empty components, "." and "..", and from the context's root
// whether it begins with '/' or not. Nothing of "." and "/", which name the context itself.
std::string Clean(std::string_view pattern) {
  bool rooted = pattern.starts_with('/');
  std::vector<std::string_view> kept;
  while (!pattern.empty()) {
    std::string_view component = TakeComponent(&pattern);
    if (component.empty() || component == ".") continue;
    bool up = component == "..";
    bool has_parent = !kept.empty() && kept.back() != "..";
    if (up && has_parent) {
      kept.pop_back();
    } else if (!up || !rooted) {
      kept.push_back(component);
    }
  }
  std::string clean;
  for (std::string_view component : kept) {
    clean += clean.empty() ? "" : "/";
    clean += component;
  }
  return clean;
}

std::string PlaceOf(const IgnoreRule& rule) {
  return rule.line == 0 ? rule.source : rule.source + ':' + std::to_string(rule.line);
}

// Of a longer rule, a message shows the beginning.
constexpr size_t kShownRule = 200;

[[noreturn]] void Fail(const IgnoreRule& rule, const std::string& problem) {
  std::string text = rule.text.substr(0, kShownRule);
  if (text.size() < rule.text.size()) text += "[...]";
  ErrorKind kind = rule.line == 0 ? ErrorKind::kUsage : ErrorKind::kFormat;
  throw Error(kind, PlaceOf(rule) + ": '" + text + "' is no pattern: " + problem);
}

}  // namespace

bool IsOfGit(std::string_view path) {
  if (path.find(kGit) == std::string_view::npos) return false;
  while (!path.empty()) {
    if (TakeComponent(&path) == kGit) return true;
  }
  return false;
}

std::string ToString(const IgnoreRule& rule) { return rule.text + " (" + PlaceOf(rule) + ')'; }

void IgnoreRules::LeaveOutGit() {
  leaves_out_git_ = true;
  AddRule("**/.git", {"**/.git", "by default, see --include-git", 0, false});
}

void IgnoreRules::LeaveOutPath(std::string_view path, const std::string& why) {
  std::string pattern;
  for (char c : path) {
    if (std::string_view("*?[\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  AddRule(pattern, {std::string(path), why, 0, false});
}

void IgnoreRules::AddText(std::string_view text, const std::string& file) {
  if (text.size() > kMaxIgnoreFile) {
    throw Error(ErrorKind::kFormat, file + " is no ignore file: it has more than " +
                                        std::to_string(kMaxIgnoreFile) + " bytes");
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (size_t number = 1; !text.empty(); ++number) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.starts_with('#')) AddLine(line, file, number);
  }
}

void IgnoreRules::AddLine(std::string_view line, const std::string& source, size_t number) {
  line = Trim(line);
  if (line.empty()) return;
  IgnoreRule rule{std::string(line), source, number, line.starts_with('!')};
  std::string_view pattern = rule.exception ? Trim(line.substr(1)) : line;
  if (pattern.empty()) Fail(rule, "nothing follows the '!'");
  std::string clean = Clean(pattern);
  if (rule.exception && clean.empty() && pattern.starts_with('/')) {
    Fail(rule, "an exception of the whole directory");
  }
  // Docker parses what it has cleaned a second time: "dir /" is "dir", and "/!x" an exception.
  std::string_view again = Trim(clean);
  if (!rule.exception && again.starts_with('!')) {
    rule.exception = true;
    again.remove_prefix(1);
    if (again.empty()) Fail(rule, "nothing follows the '!'");
  }
  AddRule(again, std::move(rule));
}

void IgnoreRules::Add(std::string_view pattern, bool exception, const std::string& source) {
  pattern = Trim(pattern);
  if (pattern.empty()) throw Error(ErrorKind::kUsage, source + ": the pattern is empty");
  AddLine((exception ? "!" : "") + std::string(pattern), source, 0);
}

void IgnoreRules::AddRule(std::string_view pattern, IgnoreRule rule) {
  if (rules_.size() == kMaxIgnoreRules) {
    Fail(rule, "there are more than " + std::to_string(kMaxIgnoreRules) + " rules");
  }
  std::string clean = Clean(pattern);
  std::string problem;
  std::optional<Glob> glob = Glob::Compile(clean, &problem);
  if (!glob) Fail(rule, problem);
  if (!clean.empty()) rules_.push_back({std::move(rule), std::move(*glob), IsOfGit(clean)});
}

// The last rule decides, so the first that is found from behind.
const IgnoreRules::Compiled* IgnoreRules::Decide(std::string_view path) const {
  bool in_git = leaves_out_git_ && IsOfGit(path);
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (in_git && rule->rule.exception && !rule->names_git) continue;
    if (rule->glob.Matches(path)) return &*rule;
  }
  return nullptr;
}

// Below a directory, `decisive` matches whatever it is; so what may keep a path comes after it.
bool IgnoreRules::MayKeepBelow(std::string_view dir, const Compiled* decisive) const {
  bool in_git = leaves_out_git_ && IsOfGit(dir);
  const Compiled* end = rules_.data() + rules_.size();
  return std::any_of(decisive + 1, end, [&](const Compiled& rule) {
    return rule.rule.exception && (!in_git || rule.names_git) && rule.glob.MayMatchBelow(dir);
  });
}

Verdict IgnoreRules::Check(std::string_view path, bool is_dir) const {
  const Compiled* rule = Decide(path);
  if (rule == nullptr || rule->rule.exception) return Verdict::kKeep;
  if (!is_dir || MayKeepBelow(path, rule)) return Verdict::kLeaveOut;
  return Verdict::kLeaveOutWithAllBelow;
}

const IgnoreRule* IgnoreRules::Why(std::string_view path) const {
  const Compiled* rule = Decide(path);
  return rule == nullptr ? nullptr : &rule->rule;
}

Digest IgnoreRules::Name() const {
  Hasher hasher;
  uint64_t settings[] = {leaves_out_git_, rules_.size()};
  hasher.Update(settings, sizeof(settings));
  for (const Compiled& compiled : rules_) {
    uint64_t head[] = {compiled.rule.exception, compiled.rule.text.size()};
    hasher.Update(head, sizeof(head));
    hasher.Update(compiled.rule.text);
  }
  return hasher.Finish();
}

}  // namespace kontext
