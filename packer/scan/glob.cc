#include "packer/scan/glob.h"

#include <algorithm>

#include "common/path.h"
#include "packer/scan/utf8.h"

namespace kontext {
namespace {

constexpr uint32_t kSlash = '/';

// Adds to `set` the positions of `mask` in it, `by` further on.
void Spread(const std::vector<uint64_t>& mask, size_t by, size_t words, uint64_t* set) {
  uint64_t carry = 0;
  for (size_t i = 0; i < words; ++i) {
    uint64_t chosen = set[i] & mask[i];
    set[i] |= chosen << by | carry;
    carry = chosen >> (64 - by);
  }
}

}  // namespace

// Reads a pattern. What is wrong with it is what Go's filepath.Match refuses.
class Glob::Parser {
 public:
  Parser(std::string_view pattern, std::vector<Token>* tokens) : rest_(pattern), tokens_(*tokens) {}

  // Null, or what is wrong.
  const char* Run() {
    // "**.o" is whatever ends in ".o", as long as no more is special in it.
    if (rest_.starts_with("**") && rest_.size() > 2 && rest_[2] != '/' &&
        rest_.find_first_of("*?[]\\", 2) == std::string_view::npos) {
      rest_.remove_prefix(2);
      Add(Kind::kRest);
    }
    const char* problem = nullptr;
    while (problem == nullptr && !rest_.empty()) problem = Next();
    return problem;
  }

 private:
  void Add(Kind kind) { tokens_.push_back({.kind = kind, .ranges = {}}); }
  bool Skip(std::string_view what) {
    bool there = rest_.starts_with(what);
    if (there) rest_.remove_prefix(what.size());
    return there;
  }

  const char* Next() {
    if (Skip("**")) {
      Skip("/");
      AddDeep();
    } else if (Skip("*")) {
      Add(Kind::kStar);
    } else if (Skip("?")) {
      Add(Kind::kAny);
    } else if (Skip("[")) {
      return ReadClass();
    } else {
      if (Skip("\\") && rest_.empty()) return "it ends in a backslash with nothing to escape";
      tokens_.push_back({.literal = TakeCharacter(&rest_), .ranges = {}});
    }
    return nullptr;
  }

  void AddDeep() {
    if (rest_.empty()) return Add(Kind::kRest);
    // Any number of directories twice is any number of directories.
    if (!tokens_.empty() && tokens_.back().kind == Kind::kDeepLoop) return;
    Add(Kind::kDeep);
    Add(Kind::kDeepLoop);
  }

  const char* ReadClass() {
    Token token;
    token.kind = Kind::kClass;
    token.negated = Skip("^");
    do {
      uint32_t low = 0;
      if (const char* problem = ReadBound(&low)) return problem;
      uint32_t high = low;
      if (Skip("-")) {
        if (const char* problem = ReadBound(&high)) return problem;
      }
      if (high < low) return "a range in [ ] runs backwards";
      token.ranges.push_back({low, high});
    } while (!Skip("]"));
    tokens_.push_back(std::move(token));
    return nullptr;
  }

  const char* ReadBound(uint32_t* bound) {
    constexpr const char* kOpen = "it has a [ without its ]";
    if (rest_.empty()) return kOpen;
    if (rest_.front() == ']') return "it has a [ ] with nothing or half a range in it";
    if (rest_.front() == '-') return "a - in [ ] is not between two characters (write \\-)";
    if (Skip("\\") && rest_.empty()) return kOpen;
    *bound = TakeCharacter(&rest_);
    if (*bound >= kLoneByte) return "it has bytes in [ ] that are not UTF-8";
    return rest_.empty() ? kOpen : nullptr;
  }

  std::string_view rest_;
  std::vector<Token>& tokens_;
};

std::optional<Glob> Glob::Compile(std::string_view pattern, std::string* problem) {
  if (pattern.size() > kMaxGlob) {
    *problem = "it has more than " + std::to_string(kMaxGlob) + " bytes";
    return std::nullopt;
  }
  Glob glob;
  if (const char* wrong = Parser(pattern, &glob.tokens_).Run()) {
    *problem = wrong;
    return std::nullopt;
  }
  // Escapes are the only thing in a literal that is not its text: with one, the general way.
  bool plain = pattern.find('\\') == std::string_view::npos;
  if (plain) glob.text_ = pattern;
  if (plain) glob.ChooseShape();
  if (glob.shape_ == Shape::kGeneral) glob.Prepare();
  return glob;
}

// `text_` is the whole pattern, without any escape; what is left of it is plain text.
void Glob::ChooseShape() {
  auto begin = tokens_.begin();
  auto end = tokens_.end();
  auto is = [&](Kind kind) { return begin != end && begin->kind == kind; };
  bool deep = is(Kind::kDeep) && text_.starts_with("**/") && !text_.starts_with("**/**");
  if (deep) begin += 2;
  bool star = is(Kind::kStar);
  if (star) ++begin;
  bool rest = begin != end && (end - 1)->kind == Kind::kRest && text_.ends_with("**");
  if (rest) --end;
  bool plain = std::all_of(begin, end, [](const Token& t) { return t.kind == Kind::kLiteral; });
  if (!plain || (rest && (deep || star || text_.ends_with("***")))) return;
  std::string text = text_.substr((deep ? 3 : 0) + (star ? 1 : 0));
  if (rest) text.resize(text.size() - 2);
  if (star && text.find('/') != std::string::npos) return;
  // Text that begins or ends within a character would match a part of one.
  if (std::any_of(begin, end, [](const Token& t) { return t.literal >= kLoneByte; })) return;
  shape_ = star && deep ? Shape::kNameEnd
           : star       ? Shape::kTopEnd
           : deep       ? Shape::kAtAnyDepth
           : rest       ? Shape::kBegin
                        : Shape::kText;
  text_ = text;
}

bool Glob::Takes(const Token& token, uint32_t unit) {
  switch (token.kind) {
    case Kind::kLiteral:
      return unit == token.literal;
    case Kind::kAny:
      return unit != kSlash;
    case Kind::kDeepLoop:
      return unit == kSlash;
    case Kind::kClass: {
      auto holds = [&](const auto& range) { return range.first <= unit && unit <= range.second; };
      return std::any_of(token.ranges.begin(), token.ranges.end(), holds) != token.negated;
    }
    default:
      return false;
  }
}

std::vector<uint64_t> Glob::RowOf(uint32_t unit) const {
  std::vector<uint64_t> row(words_);
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (Takes(tokens_[i], unit)) row[i / kWordBits] |= uint64_t{1} << (i % kWordBits);
  }
  return row;
}

void Glob::Prepare() {
  words_ = tokens_.size() / kWordBits + 1;
  for (auto* mask : {&stars_, &loops_, &deeps_, &skips_}) mask->resize(words_);
  for (size_t i = 0; i < tokens_.size(); ++i) {
    uint64_t bit = uint64_t{1} << (i % kWordBits);
    Kind kind = tokens_[i].kind;
    if (kind == Kind::kStar) stars_[i / kWordBits] |= bit;
    if (kind == Kind::kDeep) deeps_[i / kWordBits] |= bit;
    if (kind == Kind::kDeepLoop || kind == Kind::kRest) loops_[i / kWordBits] |= bit;
    if (kind == Kind::kStar || kind == Kind::kRest) skips_[i / kWordBits] |= bit;
  }
  for (uint32_t unit = 0; unit < kAscii; ++unit) {
    std::vector<uint64_t> row = RowOf(unit);
    auto known = std::find(rows_.begin(), rows_.end(), row);
    row_of_[unit] = static_cast<uint16_t>(known - rows_.begin());
    if (known == rows_.end()) rows_.push_back(std::move(row));
  }
}

// Adds the positions that are reached without a character. One pass each is enough: a kDeep never
// follows a kDeep, and what may be passed over never follows what may be.
void Glob::Close(Positions* positions) const {
  Spread(deeps_, 1, words_, positions->data());
  Spread(deeps_, 2, words_, positions->data());
  Spread(skips_, 1, words_, positions->data());
}

// False when no position is left.
bool Glob::Step(uint32_t unit, Positions* positions) const {
  std::vector<uint64_t> other;
  if (unit >= kAscii) other = RowOf(unit);
  const std::vector<uint64_t>& row = unit < kAscii ? rows_[row_of_[unit]] : other;
  uint64_t stay_all = unit == kSlash ? 0 : ~uint64_t{0};
  uint64_t carry = 0;
  uint64_t any = 0;
  for (size_t i = 0; i < words_; ++i) {
    uint64_t now = (*positions)[i];
    uint64_t moved = now & row[i];
    (*positions)[i] = moved << 1 | carry | (now & ((stars_[i] & stay_all) | loops_[i]));
    carry = moved >> (kWordBits - 1);
    any |= (*positions)[i];
  }
  if (any != 0) Close(positions);
  return any != 0;
}

bool Glob::Has(const Positions& positions, size_t position) const {
  return (positions[position / kWordBits] >> (position % kWordBits) & 1) != 0;
}

bool Glob::RunGeneral(std::string_view path, uint64_t* work) const {
  Positions positions;
  std::fill_n(positions.begin(), words_, 0);
  positions[0] = 1;
  Close(&positions);
  while (!path.empty()) {
    uint32_t unit = TakeCharacter(&path);
    if (unit == kSlash && Has(positions, tokens_.size())) return true;
    if (work != nullptr) *work += unit < kAscii ? words_ : words_ + tokens_.size();
    if (!Step(unit, &positions)) return false;
  }
  return Has(positions, tokens_.size());
}

namespace {

// Is `text` in `path` as one or more whole components?
bool HasComponents(std::string_view path, std::string_view text) {
  for (size_t at = path.find(text); at != std::string_view::npos; at = path.find(text, at + 1)) {
    size_t end = at + text.size();
    if ((at == 0 || path[at - 1] == '/') && (end == path.size() || path[end] == '/')) return true;
  }
  return false;
}

bool HasNameThatEnds(std::string_view path, std::string_view end) {
  while (!path.empty()) {
    std::string_view name = path.substr(0, path.find('/'));
    if (name.ends_with(end)) return true;
    path.remove_prefix(std::min(path.size(), name.size() + 1));
  }
  return false;
}

}  // namespace

bool Glob::Matches(std::string_view path, uint64_t* work) const {
  if (work != nullptr) *work += path.size() / sizeof(uint64_t) + 1;
  switch (shape_) {
    case Shape::kText:
      return path == text_ || IsUnder(path, text_);
    case Shape::kBegin:
      return path.starts_with(text_);
    case Shape::kAtAnyDepth:
      return HasComponents(path, text_);
    case Shape::kTopEnd:
      return path.substr(0, path.find('/')).ends_with(text_);
    case Shape::kNameEnd:
      return HasNameThatEnds(path, text_);
    case Shape::kGeneral:
      break;
  }
  return RunGeneral(path, work);
}

bool Glob::MayMatchBelow(std::string_view dir) const {
  switch (shape_) {
    case Shape::kText:
      return IsUnder(text_, dir);
    case Shape::kBegin:
      return IsUnder(text_, dir) || dir.starts_with(text_) || (std::string(dir) + '/') == text_;
    case Shape::kTopEnd:
      return false;
    case Shape::kAtAnyDepth:
    case Shape::kNameEnd:
      return true;
    case Shape::kGeneral:
      break;
  }
  Positions positions;
  std::fill_n(positions.begin(), words_, 0);
  positions[0] = 1;
  Close(&positions);
  std::string begin = std::string(dir) + '/';
  for (std::string_view rest = begin; !rest.empty();) {
    if (!Step(TakeCharacter(&rest), &positions)) return false;
  }
  // A match right here would be of "dir/", which is no path.
  size_t end = tokens_.size();
  positions[end / kWordBits] &= ~(uint64_t{1} << (end % kWordBits));
  return std::any_of(positions.begin(), positions.begin() + static_cast<ptrdiff_t>(words_),
                     [](uint64_t word) { return word != 0; });
}

}  // namespace kontext
