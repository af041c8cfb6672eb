#include "packer/pack/layer_builder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "packer/error.h"
#include "packer/hash.h"
#include "packer/scan/file_hasher.h"
#include "tests/support/gunzip.h"
#include "tests/support/segments.h"
#include "tests/support/tar_reader.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

constexpr PackOptions kOptions = {Compression::kGzip, 2, 1234567890, nullptr};

class LayerBuilderTest : public testing::Test {
 protected:
  // Packs what turns `old` into the directory as it is.
  Layer Build(const Listing& old, const std::string& head) {
    Context context(dir_.path());
    Walked walked = context.Walk({});
    HashFiles(context, 1, &walked);
    listing_ = std::move(walked.listing);
    delta_ = DeltaBetween(old, listing_);
    index_ = IndexOf(delta_.segment);
    MakeHead make_head;
    if (!head.empty()) make_head = [&] { return head; };
    return BuildLayer(delta_.segment, IdOfIndex(delta_.segment), make_head, ListingLookup(listing_),
                      context, kOptions)
        .Finish();
  }

  static std::string BytesOf(const Layer& layer) {
    std::string bytes(layer.descriptor.size, '\0');
    EXPECT_EQ(pread(layer.file.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    return bytes;
  }

  std::string IndexName() const {
    return "var/lib/kontext/segments/" + ToHex(index_.digest) + ".jsonl";
  }

  TempDir dir_;
  Listing listing_;
  Delta delta_;
  SegmentIndex index_;
};

std::vector<std::string> PathsOf(const std::vector<TarEntry>& entries) {
  std::vector<std::string> paths;
  for (const TarEntry& entry : entries) paths.push_back(entry.path);
  return paths;
}

TEST_F(LayerBuilderTest, EntriesModesAndOwners) {
  WriteFile(dir_ / "d/secret", "abc", 0600);
  WriteFile(dir_ / "d/run", "run", 0711);
  WriteFile(dir_ / ".wh.x", "object");
  std::filesystem::create_symlink("d/run", dir_ / "link");
  chmod((dir_ / "d").c_str(), 0700);
  Layer layer = Build(Listing(), "the head");
  std::vector<TarEntry> entries = TarReader(Gunzip(BytesOf(layer))).All();
  std::string object = "var/lib/kontext/objects/" + HexOf(Sha("object"));
  EXPECT_EQ(PathsOf(entries),
            (std::vector<std::string>{
                "var/", "var/lib/", "var/lib/kontext/", "var/lib/kontext/segments/", IndexName(),
                "var/lib/kontext/objects/", object, "var/run/", "var/run/kontext/",
                "var/run/kontext/d/", "var/run/kontext/d/run", "var/run/kontext/d/secret",
                "var/run/kontext/link", "var/lib/kontext/manifest.json"}));
  for (const TarEntry& entry : entries) {
    EXPECT_EQ(entry.uid + entry.gid, 0u);
    EXPECT_EQ(entry.owner, "");
    EXPECT_EQ(entry.mtime, kOptions.mtime);
  }
  EXPECT_EQ(entries[4].data, index_.lines);
  EXPECT_EQ(entries[6].data, "object");
  EXPECT_EQ(entries[9].mode, 0755u);
  EXPECT_EQ(entries[10].mode, 0755u);
  EXPECT_EQ(entries[11].mode, 0644u);
  EXPECT_EQ(entries[11].data, "abc");
  EXPECT_EQ(entries[13].data, "the head");
}

TEST_F(LayerBuilderTest, DigestsAndIndexPart) {
  WriteFile(dir_ / "a", "content");
  Layer layer = Build(Listing(), "");
  std::string bytes = BytesOf(layer);
  EXPECT_EQ(layer.descriptor.digest, DigestOf(bytes));
  EXPECT_EQ(layer.diff_id, DigestOf(Gunzip(bytes)));
  EXPECT_EQ(layer.descriptor.media_type, kMediaTypeLayerGzip);
  size_t part = std::stoul(layer.descriptor.annotations.at(kIndexSizeAnnotation));
  std::string head = Gunzip(bytes.substr(0, part));
  EXPECT_NE(head.find(index_.lines), std::string::npos);
  EXPECT_EQ(head.find("content"), std::string::npos);
}

TEST_F(LayerBuilderTest, ADeltaPassesThroughDirectories) {
  WriteFile(dir_ / "a/b/c", "new");
  WriteFile(dir_ / "a/keep", "keep");
  Tree old = {{"a", {EntryType::kDir, 0755, ""}},
              {"a/b", {EntryType::kDir, 0755, ""}},
              {"a/gone", {EntryType::kFile, 0644, "gone"}},
              {"a/keep", {EntryType::kFile, 0644, "keep"}}};
  chmod((dir_ / "a").c_str(), 0755);
  chmod((dir_ / "a/b").c_str(), 0755);
  Layer layer = Build(ListingOf(old), "");
  std::vector<std::string> paths = PathsOf(TarReader(Gunzip(BytesOf(layer))).All());
  paths.erase(paths.begin(), paths.begin() + 5);
  EXPECT_EQ(paths, (std::vector<std::string>{"var/run/", "var/run/kontext/", "var/run/kontext/a/",
                                             "var/run/kontext/a/.wh.gone", "var/run/kontext/a/b/",
                                             "var/run/kontext/a/b/c"}));
}

TEST_F(LayerBuilderTest, AFileThatIsNotWhatWasHashedIsNamed) {
  WriteFile(dir_ / "a", "content");
  Build(Listing(), "");
  for (const char* now : {"c0ntent", "short", ""}) {
    WriteFile(dir_ / "a", now);
    Context context(dir_.path());
    try {
      BuildLayer(delta_.segment, IdOfIndex(delta_.segment), nullptr, ListingLookup(listing_),
                 context, kOptions);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kChanged);
      EXPECT_NE(std::string(error.what()).find(dir_ / "a"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace kontext
