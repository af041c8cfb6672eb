#include <string.h>

#include "common/base64.h"
#include "common/index_reader.h"
#include "common/json.h"
#include "common/layout.h"
#include "common/path.h"

namespace kontext {
namespace {

// What a line may hold, as bits.
enum Field : unsigned {
  kType = 1,
  kPath = 2,
  kMode = 4,
  kSize = 8,
  kSha256 = 16,
  kAt = 32,
  kTarget = 64,
  kWhiteout = 128,
};

// Collects the fields of one line; each may come once.
struct LineFields final : JsonFields {
  explicit LineFields(IndexEntry* line) : entry(line) {}

  IndexEntry* entry;
  unsigned seen = 0;

  bool Once(Field field) {
    bool first = (seen & field) == 0;
    seen |= field;
    return first;
  }

  bool Type(std::string_view text) {
    constexpr struct {
      std::string_view name;
      EntryType type;
    } kTypes[] = {{"file", EntryType::kFile},
                  {"dir", EntryType::kDir},
                  {"symlink", EntryType::kSymlink},
                  {"removed", EntryType::kRemoved},
                  {"object", EntryType::kObject}};
    for (const auto& known : kTypes) {
      if (known.name != text) continue;
      entry->type = known.type;
      return true;
    }
    return false;
  }

  bool Mode(std::string_view text) {
    if (text.size() != 4 || text[0] != '0') return false;
    entry->mode = 0;
    for (char c : text) {
      if (c < '0' || c > '7') return false;
      entry->mode = entry->mode * 8 + static_cast<uint32_t>(c - '0');
    }
    return true;
  }

  static bool Decode(std::string_view text, std::string_view* out) {
    // The text lies in the caller's writable line.
    size_t size = DecodeBase64InPlace(const_cast<char*>(text.data()), text.size());
    if (size == SIZE_MAX) return false;
    *out = text.substr(0, size);
    return true;
  }

  bool String(std::string_view key, std::string_view text) override {
    if (key == "type") return Once(kType) && Type(text);
    if (key == "mode") return Once(kMode) && Mode(text);
    if (key == "sha256") return Once(kSha256) && ParseHex(text, &entry->sha256);
    if (key == "path64") return Once(kPath) && Decode(text, &entry->path);
    if (key == "target64") return Once(kTarget) && Decode(text, &entry->target);
    Field field = key == "path" ? kPath : key == "at" ? kAt : key == "target" ? kTarget : kType;
    if (field == kType || !Once(field)) return false;
    (field == kPath ? entry->path : field == kAt ? entry->at : entry->target) = text;
    return true;
  }
  bool Number(std::string_view key, uint64_t value) override {
    entry->size = value;
    return key == "size" && Once(kSize);
  }
  bool Bool(std::string_view key, bool value) override {
    entry->whiteout = value;
    return key == "whiteout" && Once(kWhiteout) && !value;
  }
};

struct Shape {
  unsigned required;
  unsigned optional;
};

Shape ShapeOf(EntryType type) {
  switch (type) {
    case EntryType::kFile:
      return {kType | kPath | kMode | kSize | kSha256, kAt};
    case EntryType::kDir:
      return {kType | kPath | kMode, 0};
    case EntryType::kSymlink:
      return {kType | kPath | kTarget, 0};
    case EntryType::kRemoved:
      return {kType | kPath, kWhiteout};
    case EntryType::kObject:
      return {kType | kSha256 | kSize, 0};
  }
  return {0, 0};
}

// Below BasePath, or an object by its digest.
bool IsPlace(std::string_view at) {
  if (at.empty()) return false;
  if (at[0] != '/') return PathProblem(at) == nullptr;
  Digest digest;
  return at.substr(0, kObjectsPath.size()) == kObjectsPath && at.size() > kObjectsPath.size() &&
         at[kObjectsPath.size()] == '/' && ParseHex(at.substr(kObjectsPath.size() + 1), &digest);
}

const char* TargetProblem(std::string_view target) {
  if (target.empty()) return "empty link target";
  if (target.size() > kMaxTarget) return "link target too long";
  if (target.find('\0') != std::string_view::npos) return "NUL byte in a link target";
  return nullptr;
}

}  // namespace

const char* ParseIndexLine(char* line, size_t size, IndexEntry* entry) {
  if (memchr(line, '\0', size) != nullptr) return "NUL byte";
  line[size] = '\0';
  *entry = IndexEntry();
  LineFields fields(entry);
  if (!ParseJsonFields(line, &fields)) return "not an index line";
  Shape shape = ShapeOf(entry->type);
  if ((fields.seen & shape.required) != shape.required) return "a field is missing";
  if ((fields.seen & ~(shape.required | shape.optional)) != 0) return "a field too many";
  if (entry->type == EntryType::kObject) return nullptr;
  if (const char* problem = PathProblem(entry->path)) return problem;
  if ((fields.seen & kAt) != 0 && !IsPlace(entry->at)) return "a bad 'at'";
  return entry->type == EntryType::kSymlink ? TargetProblem(entry->target) : nullptr;
}

}  // namespace kontext
