// What is written in a directory that the run made itself, and runs that somebody works against
// there.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "common/fd.h"
#include "common/sha256.h"
#include "common/tree/writer.h"
#include "tests/extractor/image_builder.h"
#include "tests/support/temp_dir.h"

namespace kontext::tree {
namespace {

namespace fs = std::filesystem;
using extractor::ReadText;
using extractor::WriteText;

constexpr char kContent[] = "the content";

class NewDirTest : public testing::Test {
 protected:
  ~NewDirTest() override {
    if (other_.joinable()) other_.join();
  }

  fs::path Target(const std::string& path) const { return fs::path(dir_.path()) / path; }
  fs::path File() const { return Target("new/file"); }
  bool HasFile() const { return fs::exists(fs::symlink_status(File())); }

  // Extracts "new" and "new/file". `act` happens once the file is open to be written, or before
  // that, if `early`; then its content comes, whose digest is the one of kContent.
  bool Extract(const std::string& content, bool early, std::function<void()> act) {
    if (other_.joinable()) other_.join();
    content_ = content;
    early_ = early;
    act_ = std::move(act);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    UniqueFd closed(nowhere);
    Report report(TextToFd(&nowhere), "");
    RunOptions options;
    options.report = &report;
    options.content.context = this;
    options.content.open = [](void* self, const FileJob&) {
      return static_cast<NewDirTest*>(self)->OpenContent();
    };
    tree::Run run(options);
    TreeWriter writer(&run, 1);
    if (!writer.Start(open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))) return false;
    IndexEntry dir;
    dir.type = EntryType::kDir;
    dir.mode = 0755;
    dir.path = "new";
    IndexEntry file;
    file.mode = 0644;
    file.path = "new/file";
    file.size = strlen(kContent);
    file.sha256 = HashOf(kContent, strlen(kContent));
    bool put = TreeWriter::Visit(&writer, dir) && TreeWriter::Visit(&writer, file);
    return writer.Finish() && put;
  }

 private:
  int OpenContent() {
    int ends[2];
    if (early_) act_();
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    other_ = std::thread([this, to = ends[1]] {
      UniqueFd end(to);
      while (!HasFile()) usleep(100);
      if (!early_) act_();
      WriteAll(to, content_.data(), content_.size());
    });
    return ends[0];
  }

  TempDir dir_;
  std::string content_;
  bool early_ = false;
  std::function<void()> act_;
  std::thread other_;
};

TEST_F(NewDirTest, AFileIsNobodysToReadBeforeItIsWhole) {
  mode_t mode = 0777;
  size_t others = 0;
  ASSERT_TRUE(Extract(kContent, false, [&] {
    struct stat st = {};
    lstat(File().c_str(), &st);
    mode = st.st_mode & 0777;
    for (const auto& entry : fs::directory_iterator(Target("new"))) others += entry != File();
  }));
  EXPECT_EQ(mode, 0200U);
  EXPECT_EQ(others, 0U) << "it has a temporary name";
  EXPECT_EQ(ReadText(File()), kContent);
  EXPECT_EQ(fs::status(File()).permissions(), fs::perms(0644));
}

TEST_F(NewDirTest, AFileThatIsNotWhatItShouldBeGoes) {
  for (const char* content : {"the Content", "the cont", "the content and more", ""}) {
    EXPECT_FALSE(Extract(content, false, [] {})) << content;
    EXPECT_FALSE(HasFile()) << content;
    fs::remove(Target("new"));
  }
}

TEST_F(NewDirTest, WhatSomebodyPutThereFirstIsReplaced) {
  ASSERT_TRUE(Extract(kContent, true, [&] { WriteText(File(), "of somebody"); }));
  EXPECT_EQ(ReadText(File()), kContent);
  EXPECT_EQ(fs::status(File()).permissions(), fs::perms(0644));
}

TEST_F(NewDirTest, WhatAnotherRunPutThereStaysThoughOursFails) {
  EXPECT_FALSE(Extract("another one", false, [&] {
    WriteText(Target("beside"), kContent);
    fs::rename(Target("beside"), File());
  }));
  EXPECT_EQ(ReadText(File()), kContent);
}

}  // namespace
}  // namespace kontext::tree
