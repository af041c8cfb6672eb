#include "packer/lines_file.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "packer/cache/summed.h"
#include "packer/memory_hints.h"

namespace kontext {
namespace {

// "kontext" and the version, as a number: a machine of other byte order reads another one. It goes
// up with what is written here, and when an index is read differently or an entry's fields mean
// something else: the lines that were kept are not parsed again.
constexpr uint64_t kMagic = 0x6b6f'6e74'6578'7402;

struct Header {
  uint64_t magic;
  uint64_t lines;
  uint64_t text_bytes;
  uint8_t segment[Digest::kBytes];
};
static_assert(sizeof(Header) == 56);

struct Record {
  uint8_t sha256[Digest::kBytes];
  uint64_t size;
  uint32_t text_at;  // where its path begins; the target and the `at` follow
  uint32_t path_length, target_length, at_length;
  uint16_t mode;
  uint8_t type;
  uint8_t whiteout;
  uint8_t zero[4];
};
static_assert(sizeof(Record) == 64);

size_t TextOf(const IndexEntry& line) {
  return line.path.size() + line.target.size() + line.at.size();
}

Record RecordOf(const IndexEntry& line, size_t text_at) {
  Record record = {};
  std::memcpy(record.sha256, line.sha256.bytes, Digest::kBytes);
  record.size = line.size;
  // A text of 4 GiB is more than the cache takes.
  record.text_at = static_cast<uint32_t>(text_at);
  record.path_length = static_cast<uint32_t>(line.path.size());
  record.target_length = static_cast<uint32_t>(line.target.size());
  record.at_length = static_cast<uint32_t>(line.at.size());
  record.mode = static_cast<uint16_t>(line.mode);
  record.type = static_cast<uint8_t>(line.type);
  record.whiteout = line.whiteout;
  return record;
}

// False: it does not fit the text.
bool ReadRecord(const Record& record, std::string_view text, IndexEntry* line) {
  uint64_t length = uint64_t{record.path_length} + record.target_length + record.at_length;
  if (record.text_at + length > text.size()) return false;
  std::memcpy(line->sha256.bytes, record.sha256, Digest::kBytes);
  line->size = record.size;
  line->mode = record.mode;
  line->type = static_cast<EntryType>(record.type);
  line->whiteout = record.whiteout != 0;
  line->path = text.substr(record.text_at, record.path_length);
  line->target = text.substr(record.text_at + line->path.size(), record.target_length);
  line->at = text.substr(record.text_at + length - record.at_length, record.at_length);
  return true;
}

}  // namespace

void WriteLinesFile(const Digest& segment, std::span<const IndexEntry> lines,
                    const std::function<void(std::string_view)>& out) {
  Header header = {kMagic, lines.size(), 0, {}};
  for (const IndexEntry& line : lines) header.text_bytes += TextOf(line);
  std::memcpy(header.segment, segment.bytes, Digest::kBytes);
  SummedWriter writer(out);
  writer.AddValue(header);
  size_t text_at = 0;
  for (const IndexEntry& line : lines) {
    writer.AddValue(RecordOf(line, text_at));
    text_at += TextOf(line);
  }
  for (const IndexEntry& line : lines) {
    writer.Add(line.path);
    writer.Add(line.target);
    writer.Add(line.at);
  }
  writer.Finish();
}

std::optional<SegmentLines> ReadLinesFile(const Digest& segment, std::unique_ptr<char[]> bytes,
                                          size_t size) {
  std::optional<std::string_view> content = ReadSummed({bytes.get(), size});
  Header header;
  if (!content || content->size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, content->data(), sizeof(header));
  std::string_view rest = content->substr(sizeof(header));
  bool known = header.magic == kMagic && header.lines <= rest.size() / sizeof(Record) &&
               std::memcmp(header.segment, segment.bytes, Digest::kBytes) == 0;
  if (!known) return std::nullopt;
  std::string_view records = rest.substr(0, header.lines * sizeof(Record));
  std::string_view text = rest.substr(records.size());
  if (header.text_bytes != text.size()) return std::nullopt;
  SegmentLines read;
  read.digest = segment;
  read.lines.reserve(header.lines);
  UseLargePages(read.lines.data(), header.lines * sizeof(IndexEntry));
  for (size_t at = 0; at < records.size(); at += sizeof(Record)) {
    Record record;
    std::memcpy(&record, records.data() + at, sizeof(record));
    if (!ReadRecord(record, text, &read.lines.emplace_back())) return std::nullopt;
  }
  DropPages(records.data(), records.size());
  read.text.Adopt(std::move(bytes));
  return read;
}

}  // namespace kontext
