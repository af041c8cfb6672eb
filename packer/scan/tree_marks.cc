#include "packer/scan/tree_marks.h"

#include <cstring>
#include <optional>
#include <utility>

#include "packer/cache/summed.h"

namespace kontext {
namespace {

// The number goes up with the format.
constexpr uint64_t kMagic = 0x6b6f'6e74'6d72'6b01;
// What lies between two marks is hashed in vain: with so many, a sixty-fourth in the mean.
constexpr size_t kMarks = 32;

struct Header {
  uint64_t magic;
  Digest tree;
};
static_assert(sizeof(Header) == 40);
static_assert(sizeof(TreeMark) == sizeof(uint64_t) + sizeof(Hasher::State));

// Of a listing that has grown they are too many.
std::vector<TreeMark> Thinned(std::vector<TreeMark> marks) {
  while (marks.size() >= 2 * kMarks) {
    for (size_t i = 0; 2 * i + 1 < marks.size(); ++i) marks[i] = marks[2 * i + 1];
    marks.resize(marks.size() / 2);
  }
  return marks;
}

TreeHasher After(const std::vector<TreeMark>& marks) {
  return marks.empty() ? TreeHasher() : TreeHasher(marks.back().state);
}

}  // namespace

MarkedTreeHasher::MarkedTreeHasher(std::vector<TreeMark> marks, size_t size)
    : marks_(Thinned(std::move(marks))),
      interval_(1 + size / kMarks),
      next_(marks_.empty() ? 0 : marks_.back().entry),
      next_mark_(next_ + interval_),
      hasher_(After(marks_)) {}

void MarkedTreeHasher::Add(const IndexEntry& entry) {
  if (next_ == next_mark_) {
    marks_.push_back({next_, hasher_.State()});
    next_mark_ += interval_;
  }
  hasher_.Add(entry);
  ++next_;
}

std::vector<TreeMark> ReadTreeMarks(std::string_view bytes, const Digest& tree, size_t same) {
  std::optional<std::string_view> content = ReadSummed(bytes);
  Header header;
  if (!content || content->size() < sizeof(header)) return {};
  std::memcpy(&header, content->data(), sizeof(header));
  content->remove_prefix(sizeof(header));
  if (header.magic != kMagic || !(header.tree == tree)) return {};
  std::vector<TreeMark> marks;
  for (; content->size() >= sizeof(TreeMark); content->remove_prefix(sizeof(TreeMark))) {
    TreeMark mark;
    std::memcpy(&mark, content->data(), sizeof(mark));
    if (mark.entry > same) break;
    marks.push_back(mark);
  }
  return marks;
}

void WriteTreeMarks(const std::vector<TreeMark>& marks, const Digest& tree,
                    const std::function<void(std::string_view)>& out) {
  SummedWriter writer(out);
  writer.AddValue(Header{kMagic, tree});
  for (const TreeMark& mark : marks) writer.AddValue(mark);
  writer.Finish();
}

}  // namespace kontext
