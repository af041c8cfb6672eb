// Segments of any content, folded and added to. An input is a line for each line of an index,
//
//   f PATH CONTENT [AT]    d PATH    l PATH TARGET    r PATH    n PATH (no whiteout)    o CONTENT
//
// an empty line ends a segment. The last segment is the tree of the next push. The first byte says
// which segments that push keeps.
#include <deque>
#include <tuple>

#include "common/listing_merge.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/segments.h"

namespace kontext {
namespace {

struct Line {
  EntryType type = EntryType::kFile;
  bool whiteout = true;
  std::string text;
  std::string at;
};
using Lines = std::map<std::string, Line, PathLess>;

struct Input {
  Lines lines;
  std::set<std::string> objects;  // contents
};

std::string ObjectPath(const std::string& content) {
  return std::string(kObjectsPath) + '/' + HexOf(Sha(content));
}

void AddLine(const std::string& line, Input* segment) {
  std::vector<std::string> words = Parts(line, " ");
  words.resize(4);
  const auto& [kind, path, text, at] = std::tie(words[0], words[1], words[2], words[3]);
  if (kind == "o") segment->objects.insert(path);
  if (PathProblem(path) != nullptr) return;
  Line& added = segment->lines[path];
  added = {};
  added.text = text;
  if (kind == "f" && PathProblem(at) == nullptr && IsUtf8(at)) added.at = at;
  if (kind == "d") added.type = EntryType::kDir;
  if (kind == "l") added.type = EntryType::kSymlink;
  bool is_target = !text.empty() && text.find('\0') == std::string::npos;
  if (kind == "l" && !is_target) added.text = "t";
  if (kind == "r" || kind == "n") added.type = EntryType::kRemoved;
  added.whiteout = kind != "n";
}

// A layer has nothing below what is no directory, and neither a file nor a whiteout at a path that
// cannot be stored.
void MakeSound(Input* segment) {
  std::string above;
  std::erase_if(segment->lines, [&](const auto& item) {
    if (!above.empty() && IsUnder(item.first, above)) return true;
    if (item.second.type != EntryType::kDir) above = item.first;
    return false;
  });
  for (auto& [path, line] : segment->lines) {
    if (line.type == EntryType::kRemoved && !IsStorable(path)) line.whiteout = false;
    if (line.type != EntryType::kFile || !line.at.empty() || IsStorable(path)) continue;
    line.at = ObjectPath(line.text);
    segment->objects.insert(line.text);
  }
}

IndexEntry EntryOf(const std::string& path, const Line& line) {
  if (line.type == EntryType::kDir) return DirEntry(path);
  if (line.type == EntryType::kSymlink) return LinkEntry(path, line.text);
  if (line.type == EntryType::kRemoved) return RemovedEntry(path, line.whiteout);
  return FileEntry(path, line.text, line.at);
}

SegmentIndex IndexOf(const Input& segment) {
  std::map<std::string, std::string> objects;
  for (const std::string& content : segment.objects) {
    objects[HexOf(Sha(content))] = LineOf(ObjectEntry(content));
  }
  SegmentIndex index;
  for (const auto& [hex, line] : objects) index.lines += line;
  for (const auto& [path, line] : segment.lines) index.lines += LineOf(EntryOf(path, line));
  index.digest = Sha(index.lines);
  return index;
}

// The tree of a segment's lines: with the directories that its entries lie in.
Tree TreeOf(const Input& segment) {
  Tree tree;
  for (const auto& [path, line] : segment.lines) {
    if (line.type == EntryType::kRemoved) continue;
    for (std::string_view dir = ParentOf(path); !dir.empty(); dir = ParentOf(dir)) {
      tree[std::string(dir)] = {EntryType::kDir, 0755, ""};
    }
    uint32_t mode = line.type == EntryType::kFile ? 0644 : line.type == EntryType::kDir ? 0755 : 0;
    tree[path] = {line.type, mode, line.type == EntryType::kDir ? "" : line.text};
  }
  return tree;
}

struct Read {
  explicit Read(const std::vector<SegmentIndex>& segments) {
    for (const SegmentIndex& segment : segments) lines.push_back(SegmentLines::Read(segment));
  }
  Merged Merge() const {
    std::vector<const SegmentLines*> pointers;
    for (const SegmentLines& segment : lines) pointers.push_back(&segment);
    return Merged(pointers);
  }
  std::deque<SegmentLines> lines;
};

std::string WholeTextOf(const Listing& listing) {
  std::string text;
  for (const IndexEntry& entry : listing.entries()) text += LineOf(entry);
  return text;
}

// The two ways of folding agree.
void CheckFold(const std::vector<SegmentIndex>& segments) {
  Listing folded;
  if (!Accepts([&] { folded = Fold(segments); })) return;
  Read read(segments);
  Require(WholeTextOf(read.Merge().Fold()) == WholeTextOf(folded), "folds are equal");
}

void CheckPush(std::vector<SegmentIndex> segments, const Tree& tree, bool mirror) {
  Listing next = ListingOf(tree);
  Read old(segments);
  Merged merged = old.Merge();
  Delta delta = ComputeDelta(merged, next, mirror);
  std::vector<Segment> parts = Split(delta.segment, 16);
  for (Segment& part : parts) {
    if (mirror && parts.size() > 1) AddParents(next, &part);  // as MakePlan does
    segments.push_back(IndexOf(part));
  }
  Listing folded;
  Require(Accepts([&] { folded = Fold(segments); }), "what a push adds can be folded");
  Require(TextOf(folded) == ListingTextOf(tree), "a push gives the tree");
  ShownPaths shown;
  for (const SegmentIndex& segment : segments) shown.Apply(segment);
  Require(shown.Missing(folded).empty(), "every file is where it points");
  if (mirror) Require(shown.Text() == StorableTextOf(tree), "a mirror shows the tree");
  Read again(segments);
  Merged after = again.Merge();
  Require(ComputeDelta(after, next, mirror).empty(), "a second push adds nothing");
}

}  // namespace
}  // namespace kontext

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontext;
  constexpr size_t kMostSegments = 8;
  constexpr size_t kMostInput = 4096;  // so that a target is not too long
  if (size < 2 || size > kMostInput) return 0;
  std::string_view text = TextOf(data + 1, size - 1);
  std::vector<Input> inputs;
  while (!text.empty() && inputs.size() <= kMostSegments) {
    Input& input = inputs.emplace_back();
    for (const std::string& line : Parts(TakePart(&text, "\n\n"), "\n")) AddLine(line, &input);
    MakeSound(&input);
  }
  Tree tree = TreeOf(inputs.back());
  inputs.pop_back();
  std::vector<SegmentIndex> segments;
  std::vector<SegmentIndex> kept;
  for (size_t i = 0; i < inputs.size(); ++i) {
    segments.push_back(IndexOf(inputs[i]));
    if ((data[0] >> i & 1) == 0) kept.push_back(segments.back());
  }
  CheckFold(segments);
  CheckPush(segments, tree, false);
  CheckPush(segments, tree, true);
  CheckPush(kept, tree, false);
  return 0;
}
