// Pushes through the library into OCI layouts.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <set>
#include <string>
#include <vector>

#include "packer/image/image.h"
#include "packer/kontext.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tree_model.h"

namespace kontext {
namespace {

namespace fs = std::filesystem;

class PushLayoutTest : public testing::Test {
 protected:
  PushLayoutTest() {
    fs::create_directory(tree_);
    options_.threads = 2;
    options_.warn = [this](const std::string& text) { warnings_.push_back(text); };
  }

  PushResult PushIt() { return Push(tree_, Ref(), options_); }
  std::string Ref() const { return "oci:" + layout_ + ":v1"; }

  std::string ListText() const {
    std::string text;
    List(Ref(), options_, true, [&](std::string_view line) { text += line; });
    return text;
  }

  std::set<std::string> Blobs() const {
    std::set<std::string> names;
    for (const auto& file : fs::recursive_directory_iterator(layout_ + "/blobs")) {
      names.insert(file.path().filename());
    }
    return names;
  }

  std::string BlobPath(const std::string& digest) const {
    return layout_ + "/blobs/sha256/" + digest.substr(7);
  }
  ImageIndex IndexOf(const PushResult& result) const {
    return ReadIndex(ReadFile(BlobPath(result.digest)));
  }
  ImageManifest ManifestOf(const PushResult& result, size_t platform = 0) const {
    return ReadManifest(ReadFile(BlobPath(IndexOf(result).manifests.at(platform).digest)));
  }
  ImageConfig ConfigOf(const PushResult& result, size_t platform = 0) const {
    return ReadConfig(ReadFile(BlobPath(ManifestOf(result, platform).config.digest)));
  }

  TempDir dir_;
  std::string tree_ = dir_ / "tree";
  std::string layout_ = dir_ / "layout";
  PushOptions options_;
  std::vector<std::string> warnings_;
};

TEST_F(PushLayoutTest, HintsAreInTheManifestThatIsRead) {
  WriteFile(tree_ + "/a", "text");
  PushIt();
  WriteFile(tree_ + "/b", "more");
  PushResult result = PushIt();
  for (size_t layer : {1, 2}) {
    EXPECT_EQ(ManifestOf(result, 0).layers.at(layer).annotations.size(), 2u);
    EXPECT_EQ(ManifestOf(result, 1).layers.at(layer).annotations.size(), 0u);
  }
}

TEST_F(PushLayoutTest, FirstUnchangedChangedRemoved) {
  WriteFile(tree_ + "/a", "one");
  WriteFile(tree_ + "/d/b", "two");
  WriteFile(tree_ + "/stays", "three");
  PushResult first = PushIt();
  EXPECT_EQ(first.outcome, Outcome::kPushed);
  EXPECT_EQ(first.files, 3u);
  EXPECT_EQ(first.bytes, 11u);
  EXPECT_EQ(first.segments_written, 1u);
  EXPECT_GT(first.uploaded_bytes, 0u);
  std::set<std::string> blobs = Blobs();

  PushResult same = PushIt();
  EXPECT_EQ(same.outcome, Outcome::kNoChange);
  EXPECT_EQ(same.digest, first.digest);
  EXPECT_EQ(same.reference, first.reference);
  EXPECT_EQ(same.uploaded_bytes, 0u);
  EXPECT_EQ(Blobs(), blobs);

  WriteFile(tree_ + "/a", "changed");
  PushResult changed = PushIt();
  EXPECT_EQ(changed.segments_kept, 1u);
  EXPECT_EQ(changed.segments_written, 1u);
  EXPECT_LT(changed.uploaded_bytes, 16u * 1024);

  fs::remove_all(tree_ + "/d");
  PushResult removed = PushIt();
  EXPECT_EQ(removed.segments_kept, 2u);
  EXPECT_NE(ListText().find("\"path\":\"a\""), std::string::npos);
  EXPECT_EQ(ListText().find("\"path\":\"d\""), std::string::npos);
  EXPECT_EQ(Inspect(Ref(), options_).segments.size(), 3u);

  // Back as it was at first: what hides that goes, and nothing is sent but documents.
  WriteFile(tree_ + "/a", "one");
  WriteFile(tree_ + "/d/b", "two");
  PushResult back = PushIt();
  EXPECT_EQ(back.tree, first.tree);
  EXPECT_EQ(back.segments_kept, 1u);
  EXPECT_LT(back.uploaded_bytes, 8u * 1024);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(PushLayoutTest, ADamagedImageIsStartedOver) {
  WriteFile(tree_ + "/a", "one");
  PushResult first = PushIt();
  const std::vector<std::string> kinds = {"index", "manifest", "config", "layer"};
  for (size_t kind = 0; kind < kinds.size(); ++kind) {
    SCOPED_TRACE(kinds[kind]);
    fs::remove_all(layout_);
    WriteFile(tree_ + "/a", "one");
    PushResult result = PushIt();
    EXPECT_EQ(result.digest, first.digest);
    const std::string digests[] = {result.digest, IndexOf(result).manifests[0].digest,
                                   ManifestOf(result).config.digest,
                                   ManifestOf(result).layers.back().digest};
    std::string path = BlobPath(digests[kind]);
    std::string bytes = ReadFile(path);
    // Of a layer, a push reads the index part alone, which comes first.
    bytes[kind == 3 ? 100 : bytes.size() / 2] ^= 0x20;
    fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
    WriteFile(path, bytes);
    WriteFile(tree_ + "/b", "two");
    warnings_.clear();
    PushResult again = PushIt();
    EXPECT_EQ(again.segments_kept, 0u);
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_NE(warnings_[0].find("starting from a clean base"), std::string::npos) << warnings_[0];
    EXPECT_EQ(warnings_[0].find('\n'), std::string::npos);
    EXPECT_NE(ListText().find("\"path\":\"b\""), std::string::npos);
    fs::remove(tree_ + "/b");
  }
}

TEST_F(PushLayoutTest, TwoDirectoriesGiveOneDigest) {
  WriteFile(tree_ + "/d/a", "one", 0755);
  fs::create_symlink("d/a", tree_ + "/l");
  PushResult first = PushIt();
  fs::copy(tree_, dir_ / "copy", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  fs::last_write_time(dir_ / "copy/d/a", fs::file_time_type::min() + std::chrono::hours(1));
  options_.threads = 1;
  PushResult second = Push(dir_ / "copy", "oci:" + (dir_ / "other") + ":v2", options_);
  EXPECT_EQ(second.digest, first.digest);
  EXPECT_EQ(second.tree, first.tree);
}

TEST_F(PushLayoutTest, PlatformsShareTheirSegments) {
  WriteFile(tree_ + "/a", "one");
  PushResult both = PushIt();
  ASSERT_EQ(IndexOf(both).manifests.size(), 2u);
  EXPECT_EQ(IndexOf(both).manifests[0].platform, (Platform{"linux", "amd64", ""}));
  EXPECT_EQ(IndexOf(both).manifests[1].platform->architecture, "arm64");
  ImageManifest amd64 = ManifestOf(both, 0);
  ImageManifest arm64 = ManifestOf(both, 1);
  EXPECT_NE(amd64.layers[0].digest, arm64.layers[0].digest);
  EXPECT_EQ(amd64.layers[1].digest, arm64.layers[1].digest);
  options_.platforms = {"linux/arm64"};
  PushResult one = PushIt();
  EXPECT_EQ(one.outcome, Outcome::kPushed);
  EXPECT_EQ(IndexOf(one).manifests.size(), 1u);
  for (const char* bad : {"linux/s390x", "linux", "", "windows/amd64"}) {
    options_.platforms = {bad};
    EXPECT_THROW(PushIt(), Error) << bad;
  }
}

TEST_F(PushLayoutTest, LabelsAndAnnotations) {
  WriteFile(tree_ + "/a", "one");
  options_.labels = {{"team", "blue"}};
  options_.annotations = {{"expires", "never"}};
  PushResult first = PushIt();
  ImageConfig config = ConfigOf(first);
  EXPECT_EQ(config.labels.at("team"), "blue");
  EXPECT_EQ(config.labels.at(kLabelTree), first.tree);
  EXPECT_EQ(config.labels.at(kLabelVersion), "1");
  EXPECT_EQ(IndexOf(first).annotations.at("expires"), "never");
  EXPECT_EQ(PushIt().outcome, Outcome::kNoChange);
  options_.labels["team"] = "red";
  PushResult second = PushIt();
  EXPECT_EQ(second.outcome, Outcome::kPushed);
  EXPECT_EQ(second.segments_written, 0u);
  EXPECT_EQ(ConfigOf(second).labels.at("team"), "red");
  options_.labels["dev.kontext.tree"] = "mine";
  EXPECT_THROW(PushIt(), Error);
}

TEST_F(PushLayoutTest, MoreNamesThanAManifestHoldsAreRefused) {
  WriteFile(tree_ + "/a", "one");
  for (StringMap PushOptions::*map : {&PushOptions::labels, &PushOptions::annotations}) {
    PushOptions before = options_;
    for (int i = 0; i < 5; ++i) (options_.*map)[std::to_string(i)] = std::string(100'000, '\x01');
    EXPECT_EQ(PushIt().outcome, Outcome::kPushed);
    EXPECT_EQ(PushIt().outcome, Outcome::kNoChange);
    (options_.*map)["more"] = std::string(100'000, 'a');
    EXPECT_THROW(PushIt(), Error);
    options_ = before;
  }
}

TEST_F(PushLayoutTest, WhatJsonCannotHoldIsRefused) {
  WriteFile(tree_ + "/a", "one");
  for (const char* text : {"\xff", "a\xc3"}) {
    for (StringMap PushOptions::*map : {&PushOptions::labels, &PushOptions::annotations}) {
      PushOptions before = options_;
      (options_.*map)["name"] = text;
      EXPECT_THROW(PushIt(), Error);
      options_ = before;
      (options_.*map)[text] = "value";
      EXPECT_THROW(PushIt(), Error);
      options_ = before;
    }
  }
  EXPECT_EQ(PushIt().outcome, Outcome::kPushed);
}

TEST_F(PushLayoutTest, SourceDateEpoch) {
  WriteFile(tree_ + "/a", "one");
  EXPECT_EQ(ConfigOf(PushIt()).created, "1980-01-01T00:00:00Z");
  setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
  options_.rebase = false;
  ImageConfig dated = ConfigOf(PushIt());
  setenv("SOURCE_DATE_EPOCH", "yesterday", 1);
  EXPECT_THROW(PushIt(), Error);
  unsetenv("SOURCE_DATE_EPOCH");
  EXPECT_EQ(dated.created, "2023-11-14T22:13:20Z");
}

}  // namespace
}  // namespace kontext
