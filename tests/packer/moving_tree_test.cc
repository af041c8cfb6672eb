// Pushes while a process rewrites the directory: each fails with the name of what moves, or sends
// one of the versions that were written, never a mix of two. KONTEXT_TEST_SECONDS gives the length.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <functional>

#include "packer/kontext.h"
#include "tests/support/tree_files.h"

namespace kontext {
namespace {

constexpr int kSeconds = 1;
constexpr char kLetters[] = "ABCDEFGH";

// A version of the moving file: one letter throughout, and a size and a mode that go with it.
size_t SizeOf(char letter, size_t unit) { return unit * static_cast<size_t>(letter - 'A' + 1); }
uint32_t ModeOf(char letter) { return letter % 2 == 0 ? 0640 : 0750; }

// How the file gets from version to version.
enum class Way { kReplace, kInPlace, kVanish, kOtherKind };

struct Writer {
  std::string root;
  Way way;
  size_t unit;
  bool one_size;

  std::string Content(char letter) const {
    return std::string(one_size ? unit : SizeOf(letter, unit), letter);
  }

  void Put(const std::string& name, char letter) const {
    UniqueFd fd(open((root + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    std::string content = Content(letter);
    if (fd.valid() && WriteAll(fd.get(), content.data(), content.size())) {
      fchmod(fd.get(), ModeOf(letter));
    }
  }

  void Replace(char letter) const {
    Put("/../next", letter);
    rename((root + "/../next").c_str(), (root + "/d/moving").c_str());
  }

  // One write call over what is there: no size, no mode and no second name gives it away.
  void Overwrite(char letter) const {
    UniqueFd fd(open((root + "/d/moving").c_str(), O_WRONLY | O_CLOEXEC));
    std::string content = Content(letter);
    if (fd.valid()) [[maybe_unused]]
      ssize_t n = pwrite(fd.get(), content.data(), content.size(), 0);
  }

  void Once(char letter) const {
    std::string path = root + "/d/moving";
    switch (way) {
      case Way::kReplace:
        return Replace(letter);
      case Way::kInPlace:
        return Overwrite(letter);
      case Way::kVanish:
        unlink(path.c_str());
        return Replace(letter);
      case Way::kOtherKind:
        unlink(path.c_str());
        if (letter % 3 == 0) mkdir(path.c_str(), 0755);
        if (letter % 3 == 1) [[maybe_unused]]
          int made = symlink("/etc/passwd", path.c_str());
        if (letter % 3 == 2) mkfifo(path.c_str(), 0644);
        usleep(200);
        unlink(path.c_str());
        rmdir(path.c_str());
        return Replace(letter);
    }
  }

  [[noreturn]] void Run(unsigned pause) const {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 1;; ++i) {
      Once(kLetters[i % 8]);
      if (pause > 0) usleep(pause);
    }
  }
};

class MovingTreeTest : public testing::Test {
 protected:
  MovingTreeTest() {
    const char* set = std::getenv("KONTEXT_TEST_SECONDS");
    seconds_ = std::chrono::seconds(set != nullptr ? std::atoi(set) : kSeconds) / 4.0;
  }

  void Race(Writer writer, unsigned pause) {
    writer.root = source_;
    Tree still = {{"a", {EntryType::kFile, 0644, "a"}},
                  {"d", {EntryType::kDir, 0755, ""}},
                  {"z", {EntryType::kSymlink, 0, "d/moving"}}};
    Materialize(still, source_);
    writer.Put("/d/moving", 'A');
    pid_t child = fork();
    if (child == 0) writer.Run(pause);
    auto end = std::chrono::steady_clock::now() + seconds_;
    while (std::chrono::steady_clock::now() < end && !HasFailure()) PushOnce(writer);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    RecordProperty("pushed", std::to_string(pushed_));
    RecordProperty("refused", std::to_string(refused_));
    std::printf("%zu pushed, %zu refused\n", pushed_, refused_);
  }

  void PushOnce(const Writer& writer) {
    PushOptions options;
    options.threads = 2;
    options.platforms = {"linux/amd64"};
    options.mirror = pushed_ % 2 == 0;
    // Now and then all is stored again.
    options.rebase = pushed_ % 8 != 0;
    try {
      Push(source_, reference_, options);
    } catch (const Error& error) {
      ++refused_;
      EXPECT_NE(std::string(error.what()).find("d/moving"), std::string::npos) << error.what();
      return;
    }
    ++pushed_;
    PullOptions pull;
    pull.prune = true;
    Pull(reference_, target_, pull);
    Tree tree = ReadTree(target_);
    auto found = tree.find("d/moving");
    if (found != tree.end() && found->second.type == EntryType::kFile) Judge(writer, found->second);
    tree.erase("d/moving");
    EXPECT_EQ(tree.size(), 3u);
  }

  void Judge(const Writer& writer, const Node& node) {
    // A new file is empty, and of another mode, until it is written; Replace shows none such.
    ASSERT_FALSE(node.text.empty());
    char letter = node.text[0];
    EXPECT_EQ(node.text.find_first_not_of(letter), std::string::npos) << "a mix of contents";
    if (writer.way == Way::kInPlace) return;
    EXPECT_EQ(node.text.size(), writer.Content(letter).size());
    EXPECT_EQ(node.mode, ModeOf(letter)) << "the mode of another version";
  }

  TempDir dir_;
  std::string source_ = dir_ / "source";
  std::string target_ = dir_ / "target";
  std::string reference_ = "oci:" + (dir_ / "layout") + ":v1";
  std::chrono::duration<double> seconds_;
  size_t pushed_ = 0;
  size_t refused_ = 0;
};

// What happens at a given moment of a push.
class MomentTest : public testing::Test {
 protected:
  MomentTest() {
    WriteFile(source_ + "/f", "old", 0644);
    options_.threads = 1;
    options_.warn = [this](const std::string& warning) { warnings_.push_back(warning); };
  }

  void AtPack(const std::function<void()>& act) {
    options_.progress = [act](std::string_view phase, uint64_t, uint64_t) {
      if (phase == "pack") act();
    };
  }

  Tree Pulled() {
    Pull(reference_, dir_ / "target", {});
    return ReadTree(dir_ / "target");
  }

  TempDir dir_;
  std::string source_ = dir_ / "source";
  std::string reference_ = "oci:" + (dir_ / "layout") + ":v1";
  PushOptions options_;
  std::vector<std::string> warnings_;
};

TEST_F(MomentTest, ModeAndContentAreOfOneVersion) {
  WriteFile(dir_ / "next", "new", 0750);
  // Asked for when the walk has seen the mode, before the content is read.
  options_.filter = [this](std::string_view) {
    rename((dir_ / "next").c_str(), (source_ + "/f").c_str());
    return true;
  };
  Push(source_, reference_, options_);
  EXPECT_EQ(Pulled()["f"], (Node{EntryType::kFile, 0750, "new"}));
}

TEST_F(MomentTest, AChangeBetweenTheReadingsIsNoticed) {
  mkfifo((source_ + "/fifo").c_str(), 0644);
  int packed = 0;
  AtPack([&] {
    if (++packed == 1) WriteFile(source_ + "/f", "new");
  });
  Push(source_, reference_, options_);
  EXPECT_EQ(packed, 2);
  EXPECT_EQ(Pulled()["f"].text, "new");
  EXPECT_EQ(warnings_.size(), 1u) << "one for the fifo, however often it is met";
}

TEST_F(MomentTest, ALinkThatTakesADirectorysPlaceIsNotFollowed) {
  WriteFile(source_ + "/d/f", "inside");
  WriteFile(dir_ / "outside/f", "inside");  // its content would pass
  AtPack([this] {
    rename((source_ + "/d").c_str(), (dir_ / "old").c_str());
    [[maybe_unused]] int made = symlink("../outside", (source_ + "/d").c_str());
  });
  Push(source_, reference_, options_);
  Tree pulled = Pulled();
  EXPECT_EQ(pulled["d"], (Node{EntryType::kSymlink, 0, "../outside"}));
  EXPECT_EQ(pulled.size(), 2u);
}

TEST_F(MomentTest, AFileThatNeverRestsIsNamed) {
  Push(source_, reference_, options_);
  int packed = 0;
  AtPack([&] { WriteFile(source_ + "/f", std::to_string(++packed)); });
  WriteFile(source_ + "/f", "new");
  try {
    Push(source_, reference_, options_);
    ADD_FAILURE() << "it is not noticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kChanged);
    EXPECT_EQ(std::string(error.what()), source_ + "/f changed while it was read");
  }
  EXPECT_EQ(Pulled()["f"].text, "old") << "what was under the tag stays";
}

TEST_F(MovingTreeTest, AFileThatIsReplaced) {
  for (unsigned pause : {0, 500, 3000, 20000}) {
    Race({"", Way::kReplace, 3000, pause == 500}, pause);
  }
}

TEST_F(MovingTreeTest, AFileThatIsOverwritten) {
  for (unsigned pause : {0, 500, 3000, 20000}) {
    Race({"", Way::kInPlace, pause == 500 ? size_t{9000} : size_t{1'000'000}, true}, pause);
  }
}

TEST_F(MovingTreeTest, AFileThatVanishesAndComesBack) {
  for (unsigned pause : {0, 500, 3000, 20000}) {
    Race({"", Way::kVanish, 3000, false}, pause);
  }
}

TEST_F(MovingTreeTest, AFileThatTurnsIntoSomethingElse) {
  for (unsigned pause : {0, 500, 3000, 20000}) {
    Race({"", Way::kOtherKind, 3000, false}, pause);
  }
}

}  // namespace
}  // namespace kontext
