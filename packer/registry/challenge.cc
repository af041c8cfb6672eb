#include "packer/registry/challenge.h"

#include <algorithm>
#include <cctype>

#include "packer/registry/text.h"

namespace kontext {
namespace {

constexpr size_t kMaxHeader = 16 * 1024;
constexpr size_t kMaxChallenges = 16;
constexpr size_t kMaxParameters = 32;

bool IsTokenByte(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || kMarks.find(c) != kMarks.npos;
}

class Parser {
 public:
  explicit Parser(std::string_view rest) : rest_(rest) {}

  std::vector<Challenge> Run() {
    while (SkipSeparators()) {
      std::string name = Token();
      if (name.empty()) {
        rest_.remove_prefix(1);
      } else if (TakeEquals()) {
        AddParameter(name, Value());
      } else {
        if (challenges_.size() == kMaxChallenges) break;
        challenges_.push_back({name, {}});
        SkipToken68();
      }
    }
    return std::move(challenges_);
  }

 private:
  static bool IsBlank(char c) { return c == ' ' || c == '\t'; }

  void SkipBlanks() {
    while (!rest_.empty() && IsBlank(rest_.front())) rest_.remove_prefix(1);
  }

  // False at the end.
  bool SkipSeparators() {
    while (!rest_.empty() && (IsBlank(rest_.front()) || rest_.front() == ',')) {
      rest_.remove_prefix(1);
    }
    return !rest_.empty();
  }

  std::string Token() {
    size_t size = 0;
    while (size < rest_.size() && IsTokenByte(rest_[size])) ++size;
    std::string token(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return token;
  }

  bool TakeEquals() {
    std::string_view before = rest_;
    SkipBlanks();
    if (!rest_.empty() && rest_.front() == '=') {
      rest_.remove_prefix(1);
      SkipBlanks();
      return true;
    }
    rest_ = before;
    return false;
  }

  // "Negotiate YWJj==": bytes of the scheme's own, up to the next comma. A parameter looks like the
  // same until its '=', which something other than '=' or a comma follows.
  void SkipToken68() {
    SkipBlanks();
    size_t size = 0;
    while (size < rest_.size() && (IsTokenByte(rest_[size]) || rest_[size] == '/')) ++size;
    if (size == 0) return;
    size_t end = size;
    while (end < rest_.size() && rest_[end] == '=') ++end;
    size_t next = end;
    while (next < rest_.size() && IsBlank(rest_[next])) ++next;
    bool parameter = end == size + 1 && next < rest_.size() && rest_[next] != ',';
    bool spaced = end == size && next > end && next < rest_.size() && rest_[next] != ',';
    if (!parameter && !spaced) rest_.remove_prefix(end);
  }

  std::string Value() {
    if (!rest_.empty() && rest_.front() == '"') return Quoted();
    // Some write URLs without quotes, which the grammar does not allow.
    size_t size = std::min(rest_.find_first_of(", \t"), rest_.size());
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }

  std::string Quoted() {
    std::string value;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return value;
  }

  void AddParameter(const std::string& name, const std::string& value) {
    if (challenges_.empty()) return;
    auto& parameters = challenges_.back().parameters;
    if (parameters.size() < kMaxParameters) parameters.try_emplace(LowerCase(name), value);
  }

  std::string_view rest_;
  std::vector<Challenge> challenges_;
};

}  // namespace

std::vector<Challenge> ParseChallenges(std::string_view header) {
  return Parser(header.substr(0, kMaxHeader)).Run();
}

const Challenge* FindChallenge(const std::vector<Challenge>& challenges, std::string_view scheme) {
  std::string wanted = LowerCase(std::string(scheme));
  auto found = std::find_if(challenges.begin(), challenges.end(),
                            [&](const Challenge& one) { return LowerCase(one.scheme) == wanted; });
  return found == challenges.end() ? nullptr : &*found;
}

std::string ParameterOf(const Challenge& challenge, const std::string& name) {
  auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? "" : found->second;
}

}  // namespace kontext
