#include "packer/lines_file.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "packer/memory_hints.h"

namespace kontext {
namespace {

// More than the text of any line of an index has.
constexpr uint64_t kMaxText = 1 << 20;

// "kontext" and the version, as a number: a machine of other byte order reads another one. It goes
// up with what is written here, and when an index is read differently or an entry's fields mean
// something else: the lines that were kept are not parsed again.
constexpr uint64_t kMagic = 0x6b6f'6e74'6578'7403;

struct Header {
  uint64_t magic;
  uint64_t lines;
  uint8_t segment[Digest::kBytes];
};
static_assert(sizeof(Header) == 48);

struct Record {
  uint8_t sha256[Digest::kBytes];
  uint64_t size;
  uint32_t path_length, target_length, at_length;
  uint16_t mode;
  uint8_t type;
  uint8_t whiteout;
};
static_assert(sizeof(Record) == 56);

Record RecordOf(const IndexEntry& line) {
  Record record = {};
  std::memcpy(record.sha256, line.sha256.bytes, Digest::kBytes);
  record.size = line.size;
  record.path_length = static_cast<uint32_t>(line.path.size());
  record.target_length = static_cast<uint32_t>(line.target.size());
  record.at_length = static_cast<uint32_t>(line.at.size());
  record.mode = static_cast<uint16_t>(line.mode);
  record.type = static_cast<uint8_t>(line.type);
  record.whiteout = line.whiteout;
  return record;
}

// Damage is known for sure at the end of the file; what it mostly looks like, at once.
bool IsLine(const Record& record) {
  constexpr uint8_t kObject = static_cast<uint8_t>(EntryType::kObject);
  return record.type <= kObject && (record.path_length == 0) == (record.type == kObject);
}

}  // namespace

void WriteLinesFile(const Digest& segment, std::span<const IndexEntry> lines,
                    const std::function<void(std::string_view)>& out) {
  Header header = {kMagic, lines.size(), {}};
  std::memcpy(header.segment, segment.bytes, Digest::kBytes);
  SummedWriter writer(out);
  writer.AddValue(header);
  for (const IndexEntry& line : lines) {
    writer.AddValue(RecordOf(line));
    writer.Add(line.path);
    writer.Add(line.target);
    writer.Add(line.at);
  }
  writer.Finish();
}

LinesFileReader::LinesFileReader(const Digest& segment, SummedReader::ReadNext read, uint64_t size)
    : bytes_(std::move(read), size) {
  const char* bytes = bytes_.Take(sizeof(Header));
  if (bytes == nullptr) return;
  Header header;
  std::memcpy(&header, bytes, sizeof(header));
  known_ = header.magic == kMagic && header.lines <= bytes_.left() / sizeof(Record) &&
           std::memcmp(header.segment, segment.bytes, Digest::kBytes) == 0;
  if (known_) lines_ = header.lines;
}

bool LinesFileReader::Next(IndexEntry* line) {
  if (lines_ == 0) return false;
  const char* bytes = bytes_.Take(sizeof(Record));
  if (bytes == nullptr) return false;
  Record record;
  std::memcpy(&record, bytes, sizeof(record));
  uint64_t length = uint64_t{record.path_length} + record.target_length + record.at_length;
  if (length > kMaxText || !IsLine(record)) return false;
  const char* text = bytes_.Take(static_cast<size_t>(length));
  if (text == nullptr) return false;
  std::memcpy(line->sha256.bytes, record.sha256, Digest::kBytes);
  line->size = record.size;
  line->mode = record.mode;
  line->type = static_cast<EntryType>(record.type);
  line->whiteout = record.whiteout != 0;
  line->path = {text, record.path_length};
  line->target = {text + record.path_length, record.target_length};
  line->at = {text + record.path_length + record.target_length, record.at_length};
  --lines_;
  return true;
}

bool LinesFileReader::Finish() { return known_ && lines_ == 0 && bytes_.Finish(); }

std::optional<SegmentLines> ReadLinesFile(const Digest& segment, SummedReader::ReadNext read,
                                          uint64_t size) {
  LinesFileReader reader(segment, std::move(read), size);
  SegmentLines lines;
  lines.digest = segment;
  lines.lines.reserve(reader.count());
  UseLargePages(lines.lines.data(), reader.count() * sizeof(IndexEntry));
  IndexEntry line;
  while (reader.Next(&line)) lines.Add(line);
  if (!reader.Finish()) return std::nullopt;
  return lines;
}

}  // namespace kontext
