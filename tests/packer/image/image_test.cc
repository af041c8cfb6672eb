#include "packer/image/image.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/image/json_text.h"

namespace kontext {
namespace {

const std::string kA = DigestOf("a");
const std::string kB = DigestOf("b");

ImageConfig SomeConfig() {
  ImageConfig config;
  config.platform = {"linux", "arm64", "v8"};
  config.created = "1980-01-01T00:00:00Z";
  config.entrypoint = {"/kontext-extractor"};
  config.working_dir = "/workspace";
  config.labels = {{"b", "2"}, {"a", "\"1\"\n"}};
  config.diff_ids = {kA, kB};
  config.history = {{"base", ""}, {"segment", "one"}};
  return config;
}

ImageManifest SomeManifest() {
  ImageManifest manifest;
  manifest.config = {kMediaTypeConfig, kA, 7, {}, {}};
  manifest.layers = {{kMediaTypeLayerGzip, kB, 18446744073709551615u, {{"k", "v"}}, {}}};
  manifest.annotations = {{"x", "y"}};
  return manifest;
}

ImageIndex SomeIndex() {
  ImageIndex index;
  index.manifests = {{kMediaTypeManifest, kA, 7, {}, Platform{"linux", "amd64", ""}},
                     {kMediaTypeManifest, kB, 8, {}, Platform{"linux", "arm64", "v8"}}};
  return index;
}

TEST(ImageTest, GoldenConfig) {
  EXPECT_EQ(
      WriteConfig(SomeConfig()),
      R"({"created":"1980-01-01T00:00:00Z","architecture":"arm64","os":"linux","variant":"v8",)"
      R"("config":{"Entrypoint":["/kontext-extractor"],"WorkingDir":"/workspace",)"
      R"("Labels":{"a":"\"1\"\n","b":"2"}},"rootfs":{"type":"layers","diff_ids":[")" +
          kA + "\",\"" + kB +
          R"("]},"history":[{"created_by":"base"},)"
          R"({"created_by":"segment","comment":"one"}]})");
}

TEST(ImageTest, GoldenManifest) {
  EXPECT_EQ(WriteManifestJson(SomeManifest()),
            R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
            R"("config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
                kA + R"(","size":7},"layers":[{"mediaType":)" +
                R"("application/vnd.oci.image.layer.v1.tar+gzip","digest":")" + kB +
                R"(","size":18446744073709551615,"annotations":{"k":"v"}}],)"
                R"("annotations":{"x":"y"}})");
}

TEST(ImageTest, GoldenIndex) {
  const std::string type =
      R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")";
  EXPECT_EQ(WriteIndexJson(SomeIndex()),
            R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",)"
            R"("manifests":[)" +
                type + kA + R"(","size":7,"platform":{"architecture":"amd64","os":"linux"}},)" +
                type + kB +
                R"(","size":8,"platform":{"architecture":"arm64","os":"linux","variant":"v8"}}]})");
}

TEST(ImageTest, ReadGivesWhatWasWritten) {
  EXPECT_EQ(WriteConfig(ReadConfig(WriteConfig(SomeConfig()))), WriteConfig(SomeConfig()));
  EXPECT_EQ(WriteManifestJson(ReadManifest(WriteManifestJson(SomeManifest()))),
            WriteManifestJson(SomeManifest()));
  EXPECT_EQ(WriteIndexJson(ReadIndex(WriteIndexJson(SomeIndex()))), WriteIndexJson(SomeIndex()));
}

TEST(ImageTest, FieldsThatAreNotNeededMayBeMissing) {
  EXPECT_TRUE(ReadConfig("{}").labels.empty());
  EXPECT_TRUE(ReadConfig(R"({"config":null,"history":null})").history.empty());
  EXPECT_TRUE(ReadIndex(R"({"manifests":[]})").manifests.empty());
}

void ExpectRefused(const std::function<void(const std::string&)>& read, const std::string& json) {
  try {
    read(json);
    ADD_FAILURE() << json;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFormat) << json;
  }
}

TEST(ImageTest, LoneSurrogates) {
  const std::pair<const char*, bool> kCases[] = {
      {R"("\ud83d\ude00")", false}, {R"("\ud83d\ude00\ude00")", true},
      {R"("\uDFFF")", true},        {R"("\\udc00")", false},
      {R"("\\\udc00")", true},      {R"("\u0dc0")", false},
      {R"("\ud7ff\ue000")", false}, {R"("udc00")", false},
      {R"("\n")", false},
  };
  for (const auto& [json, expected] : kCases) EXPECT_EQ(HasLoneSurrogate(json), expected) << json;
}

TEST(ImageTest, MalformedDocumentsAreRefused) {
  const std::string good = R"({"digest":")" + kA + R"(","size":1})";
  const std::string deep(200000, '[');
  for (const std::string& json :
       {std::string(), std::string("x"), std::string("[]"), std::string("{} {}"), deep,
        std::string("{\"a\":\"\xff\"}"), std::string("null"), std::string("{\"config\":"),
        std::string(R"({"a":"\udc00"})")}) {
    ExpectRefused([](const std::string& text) { ReadConfig(text); }, json);
    ExpectRefused([](const std::string& text) { ReadManifest(text); }, json);
    ExpectRefused([](const std::string& text) { ReadIndex(text); }, json);
  }
  ExpectRefused([](const std::string& text) { ReadConfig(text); },
                R"({"rootfs":{"diff_ids":[1]}})");
  for (const std::string& descriptor :
       {std::string("1"), std::string("{}"), std::string(R"({"digest":"sha256:x","size":1})"),
        R"({"digest":")" + kA + "\"}", R"({"digest":")" + kA + R"(","size":-1})",
        R"({"digest":")" + kA + R"(","size":"1"})"}) {
    ExpectRefused([](const std::string& text) { ReadIndex(text); },
                  "{\"manifests\":[" + descriptor + "]}");
    ExpectRefused([](const std::string& text) { ReadManifest(text); },
                  "{\"config\":" + descriptor + ",\"layers\":[]}");
    ExpectRefused([](const std::string& text) { ReadManifest(text); },
                  "{\"config\":" + good + ",\"layers\":[" + descriptor + "]}");
  }
  ExpectRefused([](const std::string& text) { ReadManifest(text); }, "{\"config\":" + good + "}");
  ExpectRefused([](const std::string& text) { ReadIndex(text); }, R"({"manifests":{}})");
}

}  // namespace
}  // namespace kontext
