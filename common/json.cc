#include "common/json.h"

#include <string.h>

#include "common/index_writer.h"

// RapidJSON allocates its allocator with `new`, which the extractor does not have. It is given one
// below, so this is never reached; the namespace keeps this build of it apart from any other.
#define RAPIDJSON_NEW(...) nullptr
#define RAPIDJSON_DELETE(x) (void)(x)
#define RAPIDJSON_NAMESPACE kontext_sax
#define RAPIDJSON_NAMESPACE_BEGIN namespace kontext_sax {
#define RAPIDJSON_NAMESPACE_END }
#include <rapidjson/reader.h>

namespace kontext {
namespace {

// RapidJSON refuses bytes that are not UTF-8, but takes \udc00 without its first half for the three
// bytes of that surrogate, which begin with 0xed.
bool IsText(std::string_view text) {
  return memchr(text.data(), 0xed, text.size()) == nullptr || IsUtf8(text);
}

// RapidJSON's events as fields.
class JsonHandler {
 public:
  explicit JsonHandler(JsonFields* fields) : fields_(fields) {}

  bool StartObject() { return !open_ && (open_ = true); }
  bool EndObject(kontext_sax::SizeType) { return true; }
  bool Key(const char* text, kontext_sax::SizeType size, bool) {
    key_ = {text, size};
    return true;
  }
  bool StartArray() { return IsField() && fields_->Array(key_) && (in_array_ = true); }
  bool EndArray(kontext_sax::SizeType) {
    in_array_ = false;
    return true;
  }
  bool String(const char* text, kontext_sax::SizeType size, bool) {
    if (!open_) return false;
    std::string_view value(text, size);
    if (!IsText(value)) return false;
    return in_array_ ? fields_->Item(value) : fields_->String(key_, value);
  }
  bool Bool(bool value) { return IsField() && fields_->Bool(key_, value); }
  bool Uint64(uint64_t value) { return IsField() && fields_->Number(key_, value); }
  bool Uint(unsigned value) { return Uint64(value); }
  bool Null() { return false; }
  bool Int(int) { return false; }
  bool Int64(int64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char*, kontext_sax::SizeType, bool) { return false; }

 private:
  bool IsField() const { return open_ && !in_array_; }

  JsonFields* fields_;
  std::string_view key_;
  bool open_ = false;
  bool in_array_ = false;
};

}  // namespace

bool ParseJsonFields(char* text, JsonFields* fields) {
  kontext_sax::CrtAllocator allocator;
  kontext_sax::GenericReader<kontext_sax::UTF8<>, kontext_sax::UTF8<>> reader(&allocator);
  kontext_sax::InsituStringStream stream(text);
  JsonHandler handler(fields);
  constexpr unsigned kFlags =
      kontext_sax::kParseInsituFlag | kontext_sax::kParseValidateEncodingFlag;
  return !reader.Parse<kFlags>(stream, handler).IsError();
}

}  // namespace kontext
