#include "common/head.h"

#include <string.h>

#include "common/json.h"

namespace kontext {
namespace {

constexpr std::string_view kNumbers[] = {"version", "files", "dirs", "symlinks", "bytes"};
constexpr unsigned kTreeBit = 1U << 5;
constexpr unsigned kSegmentsBit = 1U << 6;
constexpr unsigned kAllBits = (1U << 7) - 1;

struct HeadFields final : JsonFields {
  explicit HeadFields(Head* filled) : head(filled) {}

  Head* head;
  unsigned seen = 0;

  bool Once(unsigned bit) {
    bool first = (seen & bit) == 0;
    seen |= bit;
    return first;
  }
  bool String(std::string_view key, std::string_view text) override {
    return key == "tree" && Once(kTreeBit) && ParseDigest(text, &head->tree);
  }
  bool Number(std::string_view key, uint64_t value) override {
    uint64_t* fields[] = {&head->version, &head->files, &head->dirs, &head->symlinks, &head->bytes};
    for (unsigned i = 0; i < 5; ++i) {
      if (kNumbers[i] != key) continue;
      *fields[i] = value;
      return Once(1U << i);
    }
    return false;
  }
  bool Array(std::string_view key) override { return key == "segments" && Once(kSegmentsBit); }
  bool Item(std::string_view text) override {
    return head->segment_count < kMaxSegments &&
           ParseDigest(text, &head->segments[head->segment_count++]);
  }
};

void WriteDigest(const Digest& digest, const ByteSink& sink) {
  sink.Write("\"sha256:");
  WriteHex(digest, sink);
  sink.Write("\"");
}

void WriteNumber(std::string_view name, uint64_t value, const ByteSink& sink) {
  sink.Write("\"");
  sink.Write(name);
  sink.Write("\":");
  WriteDecimal(value, sink);
}

}  // namespace

const char* ParseHead(char* text, size_t size, Head* head) {
  if (size > kMaxHead) return "too long";
  if (memchr(text, '\0', size) != nullptr) return "NUL byte";
  text[size] = '\0';
  *head = Head();
  HeadFields fields(head);
  if (!ParseJsonFields(text, &fields)) return "not a head";
  if (fields.seen != kAllBits) return "a field is missing";
  return head->segment_count > 0 ? nullptr : "it names no segment";
}

void WriteHead(const Head& head, const ByteSink& sink) {
  sink.Write("{");
  WriteNumber("version", head.version, sink);
  sink.Write(",\"tree\":");
  WriteDigest(head.tree, sink);
  const uint64_t counts[] = {head.files, head.dirs, head.symlinks, head.bytes};
  for (unsigned i = 0; i < 4; ++i) {
    sink.Write(",");
    WriteNumber(kNumbers[i + 1], counts[i], sink);
  }
  sink.Write(",\"segments\":[");
  for (size_t i = 0; i < head.segment_count; ++i) {
    if (i > 0) sink.Write(",");
    WriteDigest(head.segments[i], sink);
  }
  sink.Write("]}\n");
}

}  // namespace kontext
