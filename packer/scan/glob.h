// One compiled pattern of an ignore file.
//
//   *      any run of characters but '/'         ?      one character, not '/'
//   **/    any number of directories, also none  [a-z]  one of these, [^a-z] none of these
//   **     at the end: anything, '/' too         \x     x itself
//
// Characters are those of UTF-8; a byte that is not part of one stands for itself. As in Docker, a
// class may match '/', and a leading ** before plain text ("**.o") is anything that ends so.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kontext {

// A longer pattern is refused. A path of one call to the kernel is no longer (PATH_MAX).
inline constexpr size_t kMaxGlob = 4096;

// Immutable: any number of threads may ask.
class Glob {
 public:
  // Nothing when the pattern is malformed; `problem` then says why.
  static std::optional<Glob> Compile(std::string_view pattern, std::string* problem);

  // Does it match `path` or a directory that `path` lies in? Takes time in proportion to the sizes
  // of path and pattern at most. `work`, when given, is increased by the machine words looked at.
  bool Matches(std::string_view path, uint64_t* work = nullptr) const;

  // May it match a path below `dir`? No is certain.
  bool MayMatchBelow(std::string_view dir) const;

 private:
  // Positions in the pattern. kDeep is "**/": it goes to the kDeepLoop behind it, or past both.
  enum class Kind { kLiteral, kAny, kClass, kStar, kDeep, kDeepLoop, kRest };
  struct Token {
    Kind kind = Kind::kLiteral;
    uint32_t literal = 0;
    bool negated = false;
    std::vector<std::pair<uint32_t, uint32_t>> ranges;
  };
  // Ways to match that need no positions, for what most patterns are.
  enum class Shape {
    kText,        // text
    kBegin,       // text**
    kAtAnyDepth,  // **/text
    kTopEnd,      // *text, no '/' in it
    kNameEnd,     // **/*text, no '/' in it
    kGeneral,
  };
  static constexpr size_t kWordBits = 64;
  static constexpr size_t kMaxWords = kMaxGlob / kWordBits + 1;
  static constexpr size_t kAscii = 128;
  // A set of positions; the position behind the last token means a match.
  using Positions = std::array<uint64_t, kMaxWords>;

  class Parser;

  Glob() = default;
  static bool Takes(const Token& token, uint32_t unit);
  void ChooseShape();
  void Prepare();
  std::vector<uint64_t> RowOf(uint32_t unit) const;
  void Close(Positions* positions) const;
  bool Step(uint32_t unit, Positions* positions) const;
  bool Has(const Positions& positions, size_t position) const;
  bool RunGeneral(std::string_view path, uint64_t* work) const;

  Shape shape_ = Shape::kGeneral;
  std::string text_;
  std::vector<Token> tokens_;
  // Of kGeneral alone. A row has the positions whose token takes a character and moves on.
  size_t words_ = 0;
  std::array<uint16_t, kAscii> row_of_{};
  std::vector<std::vector<uint64_t>> rows_;
  std::vector<uint64_t> stars_;  // kStar: takes all but '/' and stays
  std::vector<uint64_t> loops_;  // kDeepLoop, kRest: take anything and stay
  std::vector<uint64_t> deeps_;
  std::vector<uint64_t> skips_;  // kStar, kRest: may be passed over
};

}  // namespace kontext
