// Broken images: one clear line, exit status 1, nothing half-written.

#include <algorithm>

#include "tests/extractor/image_builder.h"

namespace kontext::extractor {
namespace {

void Flip(const fs::path& path, size_t at) {
  std::string text = ReadText(path);
  text.at(at) = static_cast<char>(text.at(at) ^ 1);
  WriteText(path, text);
}

class RefuseTest : public ExtractorTest {
 protected:
  void SetUp() override {
    ExtractorTest::SetUp();
    image_.Dir("a");
    image_.File("a/file", "some text");
    image_.Link("a/link", "file");
    image_.Write(root_);
  }
  void ExpectRefused(const std::string& named) {
    EXPECT_EQ(Do(Command::kExtract), 1) << named;
    EXPECT_TRUE(Said(named)) << messages_;
    EXPECT_EQ(std::count(messages_.begin(), messages_.end(), '\n'), 1) << messages_;
    EXPECT_EQ(FilesInTarget(), 0u);
  }
};

TEST_F(RefuseTest, AnyFlippedByteOfTheIndex) {
  std::string index = ReadText(image_.index_path());
  for (size_t at = 0; at < index.size(); ++at) {
    Flip(image_.index_path(), at);
    ExpectRefused("segments/");
    EXPECT_FALSE(fs::exists(target_)) << at;
    WriteText(image_.index_path(), index);
  }
}

TEST_F(RefuseTest, AnyFlippedByteOfTheHead) {
  fs::path head = root_ / "var/lib/kontext/manifest.json";
  std::string text = ReadText(head);
  for (size_t at = 0; at < text.size(); ++at) {
    Flip(head, at);
    ExpectRefused("/var/lib/kontext/");
    EXPECT_FALSE(fs::exists(target_)) << at;
    WriteText(head, text);
  }
}

TEST_F(RefuseTest, AFlippedByteOfAFile) {
  Flip(root_ / "var/run/kontext/a/file", 3);
  ExpectRefused("a/file: content is not what the manifest says");
}

TEST_F(RefuseTest, AShortLongOrMissingFile) {
  fs::path file = root_ / "var/run/kontext/a/file";
  WriteText(file, "some");
  ExpectRefused("a/file: content is cut short");
  WriteText(file, "some text and more");
  ExpectRefused("a/file: content is longer");
  fs::remove(file);
  ExpectRefused("a/file: content is missing");
  fs::create_directory(file);
  ExpectRefused("a/file: content cannot be opened");
  fs::remove(file);
  fs::create_symlink("/etc/passwd", file);
  ExpectRefused("a/file: content cannot be opened");
}

TEST_F(RefuseTest, ABadFileLeavesTheOldOneInPlace) {
  ASSERT_EQ(Do(Command::kExtract), 0);
  image_.File("a/file", "new text");
  image_.Write(root_);
  Flip(root_ / "var/run/kontext/a/file", 0);
  EXPECT_EQ(Do(Command::kExtract), 1);
  EXPECT_EQ(Text("a/file"), "some text");
  EXPECT_EQ(FilesInTarget(), 1u);
}

TEST_F(RefuseTest, CutShort) {
  std::string index = ReadText(image_.index_path());
  WriteText(image_.index_path(), index.substr(0, index.find('\n') + 1));
  ExpectRefused("segments/");
  fs::remove(image_.index_path());
  ExpectRefused("segments/");
  WriteText(image_.index_path(), index);
  WriteText(root_ / "var/lib/kontext/manifest.json", "");
  ExpectRefused("manifest.json");
  fs::remove(root_ / "var/lib/kontext/manifest.json");
  ExpectRefused("manifest.json: this image holds no directory");
}

TEST_F(RefuseTest, PathsOutOfTheTarget) {
  for (const char* path : {"..", "../x", "a/../x", "/x", "a//x", "a/", ".", "a/./x"}) {
    image_ = ImageBuilder();
    image_.Dir("a");
    image_.File(path, "text");
    image_.Write(root_);
    ExpectRefused(kSegmentsPath.data());
    EXPECT_FALSE(fs::exists(dir_ / "x"));
  }
}

TEST_F(RefuseTest, ContentFromOutsideTheImagesFolders) {
  WriteText(root_ / "etc/secret", "text");
  for (const char* at : {"/etc/secret", "../../../etc/secret", "/var/lib/kontext/objects/x",
                         "/var/lib/kontext/objects/../../../../etc/secret"}) {
    image_ = ImageBuilder();
    image_.File("file", "text");
    image_.Write(root_);
    image_["file"].at = at;
    image_.Write(root_);
    EXPECT_EQ(Do(Command::kExtract), 1) << at;
    EXPECT_EQ(FilesInTarget(), 0u);
  }
}

TEST_F(RefuseTest, AChildOfAFileOrSymlink) {
  image_ = ImageBuilder();
  image_.Link("a", "/etc");
  image_.File("a/b", "text");
  image_.Write(root_);
  ExpectRefused(kSegmentsPath.data());
}

// Index lines that no packer writes, under an index name and a head that agree with them.
TEST_F(RefuseTest, LinesThatAreNotOfAnIndex) {
  const std::string file = R"({"type":"file","path":"%","mode":"0644","size":1,"sha256":")" +
                           std::string(64, '0') + "\"}\n";
  auto with = [](std::string line, const std::string& path) {
    return line.replace(line.find('%'), 1, path);
  };
  std::string huge = R"({"type":"object","size":18446744073709551616,"sha256":")";
  const std::pair<std::string, const char*> rows[] = {
      {with(file, "b") + with(file, "b"), "line 2: out of order, or there twice"},
      {with(file, "b") + with(file, "a"), "line 2: out of order, or there twice"},
      {with(file, "a\\u0000b"), "line 1: "},
      {with(file, std::string(256, 'x')), "line 1: a component over 255 bytes"},
      {with(file, "a") + std::string(100000, '['), "line 2: "},
      {huge + std::string(64, '0') + "\"}\n", "line 1: not an index line"},
      {R"({"type":"dir","path":"a","mode":"1777"})"
       "\n",
       "line 1: not an index line"},
      {R"({"type":"symlink","path":"a","target":""})"
       "\n",
       "line 1: empty link target"},
      {with(file, "a").substr(0, 40), "line 1: cut short"},
      {std::string(2 << 20, 'x'), "line 1: a line that is too long"},
  };
  for (const auto& [index, problem] : rows) {
    fs::remove(image_.index_path());
    Head head = image_.head();
    head.segments[0] = HashOf(index.data(), index.size());
    std::string text;
    WriteHead(head, SinkTo(&text));
    WriteText(root_ / "var/lib/kontext/manifest.json", text);
    WriteText(image_.index_path().parent_path() / (HexOf(index) + ".jsonl"), index);
    ExpectRefused(problem);
    EXPECT_TRUE(Said("the image is damaged")) << messages_;
    EXPECT_FALSE(fs::exists(target_));
  }
}

// Deeper than the stack would take if anything were a recursion.
TEST_F(RefuseTest, DeepNesting) {
  std::string index = std::string(900000, '[') + "\n";
  WriteText(image_.index_path(), index);
  ExpectRefused("line 1: ");
  WriteText(image_.index_path(), "{\"a\":" + std::string(900000, '{') + "\n");
  ExpectRefused("line 1: ");
}

TEST_F(RefuseTest, TenGibibytesInOneLine) {
  ASSERT_EQ(truncate(image_.index_path().c_str(), off_t{10} << 30), 0);
  ExpectRefused("a line that is too long");
  image_.Write(root_);
  ASSERT_EQ(truncate((root_ / "var/lib/kontext/manifest.json").c_str(), off_t{10} << 30), 0);
  ExpectRefused("manifest.json: is too long");
}

TEST_F(RefuseTest, ATargetThatIsAFile) {
  WriteText(target_, "text");
  EXPECT_EQ(Do(Command::kExtract), 1);
  EXPECT_TRUE(Said("target: cannot be opened: Not a directory")) << messages_;
}

}  // namespace
}  // namespace kontext::extractor
