#include "packer/pack/tar_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "packer/error.h"

namespace kontext {
namespace {

constexpr size_t kBlock = 512;
// A path of 64 KiB, a link target of 4 KiB and the other records that a tool may have added.
constexpr uint64_t kMaxRecords = 256 * 1024;
// Larger than any file system takes; sums of sizes and padding stay far from wrapping around.
constexpr uint64_t kMaxSize = uint64_t{1} << 62;

[[noreturn]] void Bad(const std::string& problem) { throw Error(ErrorKind::kFormat, problem); }

std::string_view Text(std::string_view field) { return field.substr(0, field.find('\0')); }

uint64_t Octal(std::string_view field) {
  size_t begin = std::min(field.find_first_not_of(' '), field.size());
  uint64_t value = 0;
  size_t i = begin;
  for (; i < field.size() && field[i] >= '0' && field[i] <= '7'; ++i) {
    value = value * 8 + static_cast<uint64_t>(field[i] - '0');  // at most 12 digits
  }
  bool ended = i == field.size() || field[i] == '\0' || field[i] == ' ';
  if (i == begin || !ended) Bad("a number of a tar header is malformed");
  return value;
}

uint64_t Decimal(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    Bad("a number of a PAX header is malformed");
  }
  return value;
}

void CheckSum(std::string_view block) {
  uint64_t sum = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    bool is_sum = i >= 148 && i < 156;
    sum += is_sum ? ' ' : static_cast<unsigned char>(block[i]);
  }
  if (Octal(block.substr(148, 8)) != sum) Bad("a tar header has a wrong checksum");
}

uint64_t PaddingOf(uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

}  // namespace

std::string_view TarReader::TakeUpTo(std::string_view* bytes, uint64_t size) {
  std::string_view taken =
      bytes->substr(0, static_cast<size_t>(std::min<uint64_t>(size, bytes->size())));
  bytes->remove_prefix(taken.size());
  return taken;
}

void TarReader::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::kHeader:
        pending_ += TakeUpTo(&bytes, kBlock - pending_.size());
        if (pending_.size() == kBlock) TakeHeader(std::exchange(pending_, {}));
        break;
      case State::kData: {
        std::string_view data = TakeUpTo(&bytes, left_);
        left_ -= data.size();
        visitor_->Data(data);
        if (left_ == 0) EndPart();
        break;
      }
      case State::kRecords: {
        std::string_view data = TakeUpTo(&bytes, left_);
        left_ -= data.size();
        pending_ += data;
        if (left_ == 0) EndPart();
        break;
      }
      case State::kPadding:
        padding_ -= TakeUpTo(&bytes, padding_).size();
        if (padding_ == 0) state_ = State::kHeader;
        break;
      case State::kEnd:
        if (bytes.find_first_not_of('\0') != std::string_view::npos) {
          Bad("something follows the end of the tar archive");
        }
        return;
    }
  }
}

void TarReader::SkipData() {
  if (DataLeft() == 0) return;
  left_ = 0;
  EndPart();
}

void TarReader::Finish() const {
  if (state_ != State::kEnd) Bad("the tar archive is cut short");
}

// Ends data or records.
void TarReader::EndPart() {
  if (is_item_) {
    visitor_->End();
  } else {
    TakeRecords();
  }
  state_ = padding_ > 0 ? State::kPadding : State::kHeader;
}

void TarReader::TakeHeader(std::string_view block) {
  if (block.find_first_not_of('\0') == std::string_view::npos) {
    state_ = State::kEnd;
    return;
  }
  CheckSum(block);
  if (block.substr(257, 5) != "ustar") Bad("a tar header is not ustar");
  char type = block[156];
  if (type == 'x' || type == 'g') {
    is_item_ = false;
    is_global_ = type == 'g';
    left_ = Octal(block.substr(124, 12));
    if (left_ == 0 || left_ > kMaxRecords) Bad("a PAX header is empty or too long");
    padding_ = PaddingOf(left_);
    state_ = State::kRecords;
    return;
  }
  BeginItem(type, block);
}

void TarReader::BeginItem(char type, std::string_view block) {
  TarItem item;
  switch (type) {
    case '0':
    case '\0':
      item.type = TarItem::Type::kFile;
      break;
    case '2':
      item.type = TarItem::Type::kSymlink;
      break;
    case '5':
      item.type = TarItem::Type::kDir;
      break;
    default:
      Bad("a tar entry is neither file, directory nor symlink");
  }
  std::string_view prefix = Text(block.substr(345, 155));
  if (!prefix.empty()) item.path = std::string(prefix) + '/';
  item.path += Text(block.substr(0, 100));
  item.target = Text(block.substr(157, 100));
  item.mode = static_cast<uint32_t>(Octal(block.substr(100, 8)) & 07777);
  item.size = Octal(block.substr(124, 12));
  if (has_path_) item.path = std::move(pax_.path);
  if (has_target_) item.target = std::move(pax_.target);
  if (has_size_) item.size = pax_.size;
  has_path_ = has_target_ = has_size_ = false;
  if (item.type == TarItem::Type::kDir && item.path.ends_with('/')) item.path.pop_back();
  if (item.path.empty()) Bad("a tar entry has no name");
  if (item.size > kMaxSize) Bad("a tar entry is too large");
  if (item.type != TarItem::Type::kFile && item.size != 0) {
    Bad("a tar entry that is no file has data");
  }
  is_item_ = true;
  left_ = item.size;
  padding_ = PaddingOf(left_);
  visitor_->Begin(item);
  state_ = State::kData;
  if (left_ == 0) EndPart();
}

// "LENGTH KEY=VALUE\n", one after the other.
void TarReader::TakeRecords() {
  std::string text = std::exchange(pending_, {});
  std::string_view rest = text;
  while (!rest.empty()) {
    size_t space = rest.find(' ');
    if (space == std::string_view::npos) Bad("a PAX record is malformed");
    uint64_t length = Decimal(rest.substr(0, space));
    if (length <= space + 1 || length > rest.size() || rest[length - 1] != '\n') {
      Bad("a PAX record is malformed");
    }
    std::string_view record = rest.substr(space + 1, length - space - 2);
    rest.remove_prefix(length);
    size_t equals = record.find('=');
    if (equals == std::string_view::npos) Bad("a PAX record is malformed");
    // A global header's would be everybody's; none of ours has any.
    if (!is_global_) TakeRecord(record.substr(0, equals), record.substr(equals + 1));
  }
}

void TarReader::TakeRecord(std::string_view key, std::string_view value) {
  if (value.find('\0') != std::string_view::npos && (key == "path" || key == "linkpath")) {
    Bad("a name in a PAX header holds a NUL byte");
  }
  if (key == "path") {
    has_path_ = true;
    pax_.path = value;
  } else if (key == "linkpath") {
    has_target_ = true;
    pax_.target = value;
  } else if (key == "size") {
    has_size_ = true;
    pax_.size = Decimal(value);
  }
}

}  // namespace kontext
