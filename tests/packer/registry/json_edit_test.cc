#include "packer/registry/json_edit.h"

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <string>

#include "packer/error.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

TEST(JsonEditTest, SetsOneMember) {
  struct Row {
    const char* before;
    const char* after;
  };
  const Row rows[] = {
      {"{}", "{\n\t\"auths\": {\n\t\t\"r\": {}\n\t}\n}"},
      {"{}\n", "{\n\t\"auths\": {\n\t\t\"r\": {}\n\t}\n}\n"},
      {R"({"a":1})", R"({"a":1,"auths":{"r":{}}})"},
      {R"({"auths":{"q":{"auth":"x"}}})", R"({"auths":{"q":{"auth":"x"},"r":{}}})"},
      {R"({"auths":{"r":{"auth":"x"}},"b" : [1.0, 1e3,"\u00e9"]})",
       R"({"auths":{"r":{}},"b" : [1.0, 1e3,"\u00e9"]})"},
      {"{\n  \"auths\": {\n    \"q\": {}\n  }\n}\n",
       "{\n  \"auths\": {\n    \"q\": {},\n    \"r\": {}\n  }\n}\n"},
      {"{\n\t\"auths\": {},\n\t\"x\": \"}\"\n}",
       "{\n\t\"auths\": {\n\t\t\"r\": {}\n\t},\n\t\"x\": \"}\"\n}"},
      {R"({"auths":null})", R"({"auths":{"r":{}}})"},
      {R"({"\u0061uths":{"\u0072":0}})", R"({"\u0061uths":{"\u0072":{}}})"},
      {R"({"x":"a\"b{","auths":{"r":"}\\"}})", R"({"x":"a\"b{","auths":{"r":{}}})"},
      {"\xef\xbb\xbf{\"auths\":{\"q\":{\"auth\":\"x\"}}}\n",
       "\xef\xbb\xbf{\"auths\":{\"q\":{\"auth\":\"x\"},\"r\":{}}}\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(SetMember(row.before, {"auths", "r"}, "{}"), row.after);
}

TEST(JsonEditTest, RemovesOneMember) {
  struct Row {
    const char* before;
    const char* after;
  };
  const Row rows[] = {
      {"{}", "{}"},
      {R"({"auths":{}})", R"({"auths":{}})"},
      {R"({"auths":[]})", R"({"auths":[]})"},
      {R"({"auths":{"r":1}})", R"({"auths":{}})"},
      {R"({"auths":{"r":1,"q":2}})", R"({"auths":{"q":2}})"},
      {R"({"auths":{"q":2,"r":1}})", R"({"auths":{"q":2}})"},
      {R"({"auths":{"r":3,"q":2,"r":1},"z":0})", R"({"auths":{"q":2},"z":0})"},
      {"{\n\t\"auths\": {\n\t\t\"r\": {}\n\t}\n}", "{\n\t\"auths\": {}\n}"},
      {"{\n\t\"auths\": {\n\t\t\"r\": {},\n\t\t\"q\": {}\n\t}\n}",
       "{\n\t\"auths\": {\n\t\t\"q\": {}\n\t}\n}"},
  };
  for (const Row& row : rows) EXPECT_EQ(RemoveMember(row.before, {"auths", "r"}), row.after);
}

TEST(JsonEditTest, RefusesWhatIsNoObject) {
  for (const char* text : {"", "[]", "{", "{} x", "null"}) {
    EXPECT_THROW(SetMember(text, {"a"}, "1"), Error) << text;
    EXPECT_THROW(RemoveMember(text, {"a"}), Error) << text;
  }
}

// Random JSON with few names, so that they meet.
std::string AnyValue(Random& random, int depth) {
  const char* const kBlanks[] = {"", " ", "\n\t", "\r\n  "};
  auto blank = [&] { return kBlanks[random.Below(4)]; };
  const char* const kPlain[] = {"1", "-2.50e1", "true", "null", R"("}\"{")", R"("")", "[]"};
  if (depth == 0 || random.Below(3) == 0) return kPlain[random.Below(7)];
  std::string text = "{";
  size_t count = random.Below(4);
  for (size_t i = 0; i < count; ++i) {
    text += blank() + ("\"" + std::string(1, static_cast<char>('a' + random.Below(3)))) + "\"" +
            blank() + ":" + blank() + AnyValue(random, depth - 1) + (i + 1 < count ? "," : "");
  }
  return text + blank() + "}";
}

TEST(JsonEditTest, WhatWasSetIsThereAndWhatWasRemovedIsNot) {
  Random random;
  for (int i = 0; i < 3000; ++i) {
    std::string json;
    while (!json.starts_with('{')) json = AnyValue(random, 3);
    std::string set = SetMember(json, {"a", "b"}, "\"new\"");
    rapidjson::Document document;
    document.Parse(set.data(), set.size());
    ASSERT_FALSE(document.HasParseError()) << json << " became " << set;
    ASSERT_NE(set.find("\"new\""), std::string::npos) << json;
    std::string removed = RemoveMember(set, {"a", "b"});
    document.Parse(removed.data(), removed.size());
    ASSERT_FALSE(document.HasParseError()) << set << " became " << removed;
    ASSERT_EQ(removed.find("\"new\""), std::string::npos) << set << " became " << removed;
  }
}

}  // namespace
}  // namespace kontext
