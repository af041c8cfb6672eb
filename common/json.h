// The one JSON parser of packer and extractor: RapidJSON's SAX reader, in place, for the two flat
// objects of the format.
#pragma once

#include <stdint.h>

#include <string_view>

namespace kontext {

// Is given the fields of an object, and says of each whether it is welcome. Objects do not nest;
// arrays hold strings only. Nothing is pure: that would need the C++ runtime.
class JsonFields {
 public:
  virtual bool String(std::string_view /*key*/, std::string_view /*text*/) { return false; }
  virtual bool Number(std::string_view /*key*/, uint64_t /*value*/) { return false; }
  virtual bool Bool(std::string_view /*key*/, bool /*value*/) { return false; }
  virtual bool Array(std::string_view /*key*/) { return false; }
  virtual bool Item(std::string_view /*text*/) { return false; }

 protected:
  ~JsonFields() = default;
};

// Parses the object in `text` (terminated by a NUL, overwritten) and nothing after it. False:
// not JSON, or a field was not welcome.
bool ParseJsonFields(char* text, JsonFields* fields);

}  // namespace kontext
