#include "packer/cli/json_writer.h"

#include <algorithm>

#include "common/base64.h"
#include "common/index_writer.h"

namespace kontext::cli {

void PutText(JsonWriter* json, const char* key, const std::string& text) {
  json->Key(key);
  json->String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void PutNumber(JsonWriter* json, const char* key, uint64_t number) {
  json->Key(key);
  json->Uint64(number);
}

void PutBool(JsonWriter* json, const char* key, bool value) {
  json->Key(key);
  json->Bool(value);
}

void PutPath(JsonWriter* json, const char* key, const std::string& path) {
  if (IsUtf8(path)) return PutText(json, key, path);
  std::string text;
  for (size_t i = 0; i < path.size(); i += 3) {
    char group[4];
    EncodeBase64Group(path.data() + i, std::min<size_t>(3, path.size() - i), group);
    text.append(group, sizeof(group));
  }
  PutText(json, (std::string(key) + "64").c_str(), text);
}

}  // namespace kontext::cli
