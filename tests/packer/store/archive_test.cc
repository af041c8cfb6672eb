// Archives for docker load: their documents, and what is read back from them.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/image/image.h"
#include "packer/store/archive_image.h"
#include "packer/store/archive_manifest.h"
#include "packer/store/archive_writer.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

class TextWriter : public ByteWriter {
 public:
  void Write(std::string_view bytes) override { text += bytes; }
  std::string text;
};

Descriptor Describe(const char* type, const std::string& bytes) {
  return {type, DigestOf(bytes), bytes.size(), {}, {}};
}

TEST(ArchiveManifestTest, WritesWhatDockerReads) {
  EXPECT_EQ(WriteArchiveManifest({"blobs/c", {"blobs/1", "blobs/2"}, {"docker.io/library/app:v1"}}),
            R"([{"Config":"blobs/c","RepoTags":["docker.io/library/app:v1"],)"
            R"("Layers":["blobs/1","blobs/2"]}])");
  EXPECT_EQ(WriteArchiveManifest({"c", {}, {}}), R"([{"Config":"c","RepoTags":[],"Layers":[]}])");
}

TEST(ArchiveManifestTest, ReadsWhatOthersWrite) {
  std::vector<ArchivedImage> images = ReadArchiveManifest(
      R"([{"Config":"a.json","RepoTags":null,"Layers":["1/layer.tar"],"LayerSources":{}},)"
      R"({"Config":"b.json","RepoTags":["app:v1","r.io/app"],"Layers":null}])");
  ASSERT_EQ(images.size(), 2u);
  EXPECT_EQ(images[0].config, "a.json");
  EXPECT_EQ(images[0].layers, std::vector<std::string>{"1/layer.tar"});
  EXPECT_FALSE(HasName(images[0], "docker.io/library/app:v1"));
  EXPECT_TRUE(HasName(images[1], "docker.io/library/app:v1"));
  EXPECT_TRUE(HasName(images[1], "r.io/app:latest"));
  EXPECT_FALSE(HasName(images[1], "docker.io/library/app:v2"));
}

TEST(ArchiveManifestTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "{}", "[", "[1]", "[{}]", R"([{"Config":1}])", R"([{"Config":"c","Layers":"x"}])",
        R"([{"Config":"c","RepoTags":[7]}])"}) {
    EXPECT_THROW(ReadArchiveManifest(text), Error) << text;
  }
}

class ArchiveTest : public testing::Test {
 protected:
  ArchiveTest() {
    manifest_.config = Describe(kMediaTypeConfig, config_);
    manifest_.layers.push_back(Describe(kMediaTypeLayerGzip, layer_));
    body_ = WriteManifestJson(manifest_);
  }

  ArchiveImages Reopened() {
    WriteFile(path_, out_.text);
    return ArchiveImages(UniqueFd(open(path_.c_str(), O_RDONLY | O_CLOEXEC)));
  }

  TempDir dir_;
  std::string path_ = dir_ / "out.tar";
  std::string layer_ = std::string(1000, 'l');
  std::string config_ = R"({"os":"linux","architecture":"amd64"})";
  ImageManifest manifest_;
  std::string body_;
  TextWriter out_;
};

TEST_F(ArchiveTest, HoldsOneImage) {
  ArchiveWriter writer(&out_);
  writer.AddBlob(manifest_.config, *MemoryBlob(config_));
  Descriptor image = Describe(kMediaTypeManifest, body_);
  writer.AddManifest(image, body_);
  ASSERT_EQ(writer.Missing(image).size(), 1u);
  EXPECT_EQ(writer.Missing(image)[0].digest, manifest_.layers[0].digest);
  writer.AddBlob(manifest_.layers[0], *MemoryBlob(layer_));
  EXPECT_TRUE(writer.Missing(image).empty());
  writer.Finish(image, "r.io/app:v1");

  ArchiveImages images = Reopened();
  EXPECT_TRUE(images.IsJust("r.io/app:v1"));
  EXPECT_FALSE(images.IsJust(""));
  EXPECT_FALSE(images.Find("r.io/app:v2"));
  for (const char* name : {"r.io/app:v1", ""}) {
    std::optional<StoredManifest> found = images.Find(name);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->body, body_);
    EXPECT_EQ(found->descriptor.digest, image.digest);
  }
  EXPECT_EQ(images.FindDigest(image.digest)->body, body_);
  EXPECT_EQ(images.FindBlob(manifest_.layers[0].digest)->size(), layer_.size());
  EXPECT_EQ(images.FindBlob(DigestOf("other")), nullptr);
}

TEST_F(ArchiveTest, TakesOnlyWhatTheDigestSays) {
  ArchiveWriter writer(&out_);
  EXPECT_THROW(writer.AddBlob(manifest_.config, *MemoryBlob("other")), Error);
  EXPECT_THROW(writer.AddBlob(manifest_.config, *MemoryBlob(config_ + "more")), Error);
  EXPECT_FALSE(writer.Has(manifest_.config.digest));
}

TEST_F(ArchiveTest, MakesUpDocumentsForLayersOfAnyName) {
  std::string config =
      R"({"os":"linux","rootfs":{"type":"layers","diff_ids":[")" + DigestOf(layer_) + R"("]}})";
  TarWriter tar(&out_, 0);
  tar.AddDir("abc", 0755);
  tar.AddFile("abc/layer.tar", 0644, layer_);
  tar.AddFile("c.json", 0644, config);
  tar.AddFile("manifest.json", 0644, WriteArchiveManifest({"c.json", {"abc/layer.tar"}, {"app"}}));
  tar.Finish();
  ArchiveImages images = Reopened();
  std::optional<StoredManifest> found = images.Find("docker.io/library/app:latest");
  ASSERT_TRUE(found);
  ImageManifest manifest = ReadManifest(found->body);
  EXPECT_EQ(manifest.config.digest, DigestOf(config));
  ASSERT_EQ(manifest.layers.size(), 1u);
  EXPECT_EQ(manifest.layers[0].digest, DigestOf(layer_));
  EXPECT_EQ(images.FindBlob(DigestOf(layer_))->size(), layer_.size());
  EXPECT_EQ(Reopened().FindDigest(found->descriptor.digest)->body, found->body);
}

TEST_F(ArchiveTest, RefusesWhatIsNoArchive) {
  for (const std::string& text :
       {std::string("text"), std::string(4096, '\0'), std::string(2000, 'x')}) {
    out_.text = text;
    EXPECT_THROW(Reopened(), Error);
  }
}

TEST_F(ArchiveTest, RefusesOneThatIsCutShort) {
  TarWriter tar(&out_, 0);
  tar.AddFile("manifest.json", 0644, WriteArchiveManifest({"c.json", {}, {}}));
  tar.AddFile("layer", 0644, layer_);
  tar.Finish();
  std::string whole = out_.text;
  EXPECT_NO_THROW(Reopened());
  for (size_t size : {size_t{600}, size_t{1024}, size_t{2000}, whole.size() - 1024}) {
    out_.text = whole.substr(0, size);
    EXPECT_THROW(Reopened(), Error) << size;
  }
}

}  // namespace
}  // namespace kontext
