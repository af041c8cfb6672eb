// The one JSON parser of packer and extractor: RapidJSON's SAX reader, in place, for the two flat
// objects of the format. Works without exceptions and without the C++ runtime.
#pragma once

#include <stdint.h>

#include <string_view>

// RapidJSON allocates its allocator with `new`, which the extractor does not have. It is given one
// below, so this is never reached; the namespace keeps this build of it apart from any other.
#define RAPIDJSON_NEW(...) nullptr
#define RAPIDJSON_DELETE(x) (void)(x)
#define RAPIDJSON_NAMESPACE kontext_sax
#define RAPIDJSON_NAMESPACE_BEGIN namespace kontext_sax {
#define RAPIDJSON_NAMESPACE_END }
#include <rapidjson/reader.h>

namespace kontext {

// Adapts RapidJSON's events to a `Fields` object with the methods below, each of which says
// whether the field is welcome. Objects do not nest; arrays hold strings only.
//   bool String(key, text), Number(key, value), Bool(key, value), Array(key), Item(text)
template <class Fields>
class JsonHandler {
 public:
  explicit JsonHandler(Fields* fields) : fields_(fields) {}

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

  Fields* fields_;
  std::string_view key_;
  bool open_ = false;
  bool in_array_ = false;
};

// Parses the object in `text` (terminated by a NUL, overwritten) and nothing after it. False:
// not JSON, or a field was not welcome.
template <class Fields>
bool ParseJsonFields(char* text, Fields* fields) {
  kontext_sax::CrtAllocator allocator;
  kontext_sax::GenericReader<kontext_sax::UTF8<>, kontext_sax::UTF8<>> reader(&allocator);
  kontext_sax::InsituStringStream stream(text);
  JsonHandler<Fields> handler(fields);
  constexpr unsigned kFlags =
      kontext_sax::kParseInsituFlag | kontext_sax::kParseValidateEncodingFlag;
  return !reader.template Parse<kFlags>(stream, handler).IsError();
}

}  // namespace kontext
