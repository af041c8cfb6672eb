// The fields of result objects that commands print with --json.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <string>

namespace kontext::cli {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

void PutText(JsonWriter* json, const char* key, const std::string& text);
void PutNumber(JsonWriter* json, const char* key, uint64_t number);
void PutBool(JsonWriter* json, const char* key, bool value);
// As the listing has it: what is not UTF-8 goes as base64, under the key with "64" behind.
void PutPath(JsonWriter* json, const char* key, const std::string& path);

}  // namespace kontext::cli
