#include "packer/lines_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "packer/cache/summed.h"
#include "packer/memory_hints.h"

namespace kontext {
namespace {

// "kontext" and the version, as a number: a machine of other byte order reads another one. It goes
// up with what is written here, and when an index is read differently or an entry's fields mean
// something else: the lines that were kept are not parsed again.
constexpr uint64_t kMagic = 0x6b6f'6e74'6578'7404;

struct Header {
  uint64_t magic;
  uint64_t lines, objects, contents;
  uint8_t segment[Digest::kBytes];
};
static_assert(sizeof(Header) == 64);

using Place = uint32_t;

// By which contents are sorted.
uint64_t BeginningOf(const uint8_t* sha256) {
  uint64_t beginning;
  std::memcpy(&beginning, sha256, sizeof(beginning));
  return beginning;
}

std::vector<Place> PlacesOf(std::span<const IndexEntry> lines) {
  std::vector<std::pair<uint64_t, Place>> contents;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!IsContent(lines[i])) continue;
    contents.emplace_back(BeginningOf(lines[i].sha256.bytes), static_cast<Place>(i));
  }
  std::sort(contents.begin(), contents.end());
  std::vector<Place> places;
  places.reserve(contents.size());
  for (const auto& [beginning, place] : contents) places.push_back(place);
  return places;
}

}  // namespace

struct LinesFile::Record {
  uint8_t sha256[Digest::kBytes];
  uint64_t size;
  uint64_t text_at;
  uint32_t path_length, target_length, at_length;
  uint16_t mode;
  uint8_t type;
  uint8_t whiteout;

  static Record Of(const IndexEntry& line, uint64_t text_at) {
    Record record = {};
    std::memcpy(record.sha256, line.sha256.bytes, Digest::kBytes);
    record.size = line.size;
    record.text_at = text_at;
    record.path_length = static_cast<uint32_t>(line.path.size());
    record.target_length = static_cast<uint32_t>(line.target.size());
    record.at_length = static_cast<uint32_t>(line.at.size());
    record.mode = static_cast<uint16_t>(line.mode);
    record.type = static_cast<uint8_t>(line.type);
    record.whiteout = line.whiteout;
    return record;
  }

  bool Is(EntryType wanted) const { return type == static_cast<uint8_t>(wanted); }
  uint64_t TextLength() const { return uint64_t{path_length} + target_length + at_length; }
  bool HoldsContent() const {
    return Is(EntryType::kObject) || (Is(EntryType::kFile) && at_length == 0);
  }
};

void LinesFile::Write(const Digest& segment, std::span<const IndexEntry> lines,
                      const std::function<void(std::string_view)>& out) {
  static_assert(sizeof(Record) == 64);
  std::vector<Place> places = PlacesOf(lines);
  Header header = {kMagic, lines.size(), 0, places.size(), {}};
  std::memcpy(header.segment, segment.bytes, Digest::kBytes);
  while (header.objects < lines.size() && lines[header.objects].type == EntryType::kObject) {
    ++header.objects;
  }
  SummedWriter writer(out);
  writer.AddValue(header);
  uint64_t text = 0;
  for (const IndexEntry& line : lines) {
    Record record = Record::Of(line, text);
    text += record.TextLength();
    writer.AddValue(record);
  }
  for (Place place : places) writer.AddValue(place);
  for (const IndexEntry& line : lines) {
    writer.Add(line.path);
    writer.Add(line.target);
    writer.Add(line.at);
  }
  writer.Finish();
}

std::optional<LinesFile> LinesFile::Open(const Digest& segment, CachedBytes bytes) {
  LinesFile file(std::move(bytes));
  if (!file.Read(segment)) return std::nullopt;
  return file;
}

bool LinesFile::Read(const Digest& segment) {
  std::optional<std::string_view> content = ReadSummed(bytes_.view());
  Header header;
  if (!content || content->size() < sizeof(header)) return false;
  std::memcpy(&header, content->data(), sizeof(header));
  content->remove_prefix(sizeof(header));
  if (header.magic != kMagic || std::memcmp(header.segment, segment.bytes, Digest::kBytes) != 0 ||
      header.lines > content->size() / sizeof(Record) || header.contents > header.lines ||
      header.objects > header.lines) {
    return false;
  }
  segment_ = segment;
  lines_ = header.lines;
  objects_ = header.objects;
  contents_ = header.contents;
  records_ = content->substr(0, lines_ * sizeof(Record));
  content->remove_prefix(records_.size());
  if (content->size() < contents_ * sizeof(Place)) return false;
  places_ = content->substr(0, contents_ * sizeof(Place));
  text_ = content->substr(places_.size());
  return HoldsTogether();
}

// The checksum is of damage: nothing is read beyond the bytes whoever has written them.
bool LinesFile::HoldsTogether() const {
  uint64_t text = 0;
  for (size_t i = 0; i < lines_; ++i) {
    Record record = RecordAt(i);
    if (record.type > static_cast<uint8_t>(EntryType::kObject) || record.text_at != text ||
        record.Is(EntryType::kObject) != (i < objects_)) {
      return false;
    }
    text += record.TextLength();
  }
  for (size_t i = 0; i < contents_; ++i) {
    if (PlaceAt(i) >= lines_) return false;
  }
  return text == text_.size();
}

LinesFile::Record LinesFile::RecordAt(size_t i) const {
  Record record;
  std::memcpy(&record, records_.data() + i * sizeof(record), sizeof(record));
  return record;
}

size_t LinesFile::PlaceAt(size_t i) const {
  Place place;
  std::memcpy(&place, places_.data() + i * sizeof(place), sizeof(place));
  return place;
}

IndexEntry LinesFile::Line(size_t i) const {
  Record record = RecordAt(i);
  IndexEntry line;
  line.type = static_cast<EntryType>(record.type);
  line.whiteout = record.whiteout != 0;
  line.mode = record.mode;
  line.size = record.size;
  std::memcpy(line.sha256.bytes, record.sha256, Digest::kBytes);
  const char* text = text_.data() + record.text_at;
  line.path = {text, record.path_length};
  line.target = {text + record.path_length, record.target_length};
  line.at = {text + record.path_length + record.target_length, record.at_length};
  return line;
}

std::vector<size_t> LinesFile::LinesWith(const Digest& content) const {
  uint64_t wanted = BeginningOf(content.bytes);
  size_t begin = 0, end = contents_;
  while (begin < end) {
    size_t middle = begin + (end - begin) / 2;
    if (BeginningOf(RecordAt(PlaceAt(middle)).sha256) < wanted) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  std::vector<size_t> found;
  for (; begin < contents_; ++begin) {
    Record record = RecordAt(PlaceAt(begin));
    if (BeginningOf(record.sha256) != wanted) break;
    bool same = std::memcmp(record.sha256, content.bytes, Digest::kBytes) == 0;
    if (same) found.push_back(PlaceAt(begin));
  }
  return found;
}

HeldBytes LinesFile::Held() const {
  HeldBytes held;
  held.Reserve(lines_);
  for (size_t i = 0; i < lines_; ++i) {
    Record record = RecordAt(i);
    held.Add(record.HoldsContent() ? record.size : HeldBytes::kNothing);
  }
  return held;
}

SegmentLines LinesFile::All() const {
  SegmentLines all;
  all.digest = segment_;
  all.text.Adopt(bytes_.data);
  all.lines.reserve(lines_);
  UseLargePages(all.lines.data(), lines_ * sizeof(IndexEntry));
  for (size_t i = 0; i < lines_; ++i) all.lines.push_back(Line(i));
  return all;
}

}  // namespace kontext
