// Builds unpacked images in a temporary directory, and runs the extractor's commands on them.
#pragma once

#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "common/head.h"
#include "common/index_writer.h"
#include "common/path.h"
#include "common/sha256.h"
#include "extractor/commands.h"

namespace kontext::extractor {

namespace fs = std::filesystem;

inline ByteSink SinkTo(std::string* text) {
  return {text, [](void* out, const char* data, size_t size) {
            static_cast<std::string*>(out)->append(data, size);
          }};
}

inline void WriteText(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string ReadText(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline std::string HexOf(const std::string& text) {
  std::string hex(Digest::kHexLength, '\0');
  FormatHex(HashOf(text.data(), text.size()), hex.data());
  return hex;
}

struct PathLess {
  bool operator()(const std::string& a, const std::string& b) const {
    return ComparePaths(a, b) < 0;
  }
};

// A context of one segment.
class ImageBuilder {
 public:
  struct Item {
    EntryType type;
    uint32_t mode;
    std::string text;  // a file's content, a symlink's target
    std::string at;
  };

  void File(const std::string& path, const std::string& text, uint32_t mode = 0644) {
    items_[path] = {EntryType::kFile, mode, text, ""};
  }
  // Content in the objects folder.
  void Object(const std::string& path, const std::string& text) {
    items_[path] = {EntryType::kFile, 0644, text, std::string(kObjectsPath) + "/" + HexOf(text)};
  }
  void Dir(const std::string& path, uint32_t mode = 0755) {
    items_[path] = {EntryType::kDir, mode, "", ""};
  }
  void Link(const std::string& path, const std::string& target) {
    items_[path] = {EntryType::kSymlink, 0, target, ""};
  }
  // Adjusts an item in a way that the functions above would not.
  Item& operator[](const std::string& path) { return items_[path]; }

  // Writes it below `root`, which is emptied first.
  void Write(const fs::path& root) {
    fs::remove_all(root);
    fs::create_directories(root / "var/run/kontext");
    std::string index;
    std::string listing;
    head_ = Head{};
    for (const auto& [path, item] : items_) Add(root, path, item, &index, &listing);
    head_.segment_count = 1;
    head_.segments[0] = HashOf(index.data(), index.size());
    head_.tree = HashOf(listing.data(), listing.size());
    index_path_ = root / "var/lib/kontext/segments" / (HexOf(index) + ".jsonl");
    WriteText(index_path_, index);
    std::string head;
    WriteHead(head_, SinkTo(&head));
    WriteText(root / "var/lib/kontext/manifest.json", head);
  }
  const Head& head() const { return head_; }
  const fs::path& index_path() const { return index_path_; }

 private:
  void Add(const fs::path& root, const std::string& path, const Item& item, std::string* index,
           std::string* listing) {
    IndexEntry entry;
    entry.type = item.type;
    entry.path = path;
    entry.mode = item.mode;
    if (item.type == EntryType::kDir) ++head_.dirs;
    if (item.type == EntryType::kSymlink) {
      entry.target = item.text;
      ++head_.symlinks;
    }
    if (item.type == EntryType::kFile) {
      entry.at = item.at;
      entry.size = item.text.size();
      entry.sha256 = HashOf(item.text.data(), item.text.size());
      ++head_.files;
      head_.bytes += entry.size;
      // An absolute `at` is already a place in the image.
      fs::path place = root / "var/run/kontext" / (item.at.empty() ? path : item.at);
      if (item.at.starts_with(kObjectsPath)) place = root / item.at.substr(1);
      if (PathProblem(path) == nullptr) WriteText(place, item.text);
    }
    WriteIndexLine(entry, SinkTo(index));
    WriteListingLine(entry, SinkTo(listing));
  }

  std::map<std::string, Item, PathLess> items_;
  Head head_;
  fs::path index_path_;
};

// A temporary directory with an image root and a target in it.
class ExtractorTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "kontext-extractor-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
    root_ = dir_ / "root";
    target_ = dir_ / "target";
  }
  void TearDown() override {
    std::error_code error;
    for (fs::recursive_directory_iterator i(dir_, error), end; !error && i != end;) {
      if (i->is_directory() && !i->is_symlink()) chmod(i->path().c_str(), 0700);
      i.increment(error);
    }
    fs::remove_all(dir_, error);
  }

  // Gives the exit status; messages() and output() then have what was said.
  int Do(Command command, bool prune = false) {
    std::string root = root_.string();
    std::string target = target_.string();
    Args args;
    args.command = command;
    args.root = root.c_str();
    args.target = target.c_str();
    args.prune = prune;
    args.jobs = 3;
    FILE* messages = tmpfile();
    FILE* output = tmpfile();
    int messages_fd = fileno(messages);
    tree::Report report(tree::TextToFd(&messages_fd), kLinePrefix);
    int status = RunCommand(args, &report, fileno(output));
    messages_ = Drain(messages);
    output_ = Drain(output);
    return status;
  }
  int Extract() {
    image_.Write(root_);
    return Do(Command::kExtract);
  }

  static std::string Drain(FILE* file) {
    std::string text;
    rewind(file);
    for (int c = getc(file); c != EOF; c = getc(file)) text.push_back(static_cast<char>(c));
    fclose(file);
    return text;
  }

  std::string Text(const std::string& path) const { return ReadText(target_ / path); }
  struct stat Stat(const std::string& path) const {
    struct stat st = {};
    lstat((target_ / path).c_str(), &st);
    return st;
  }
  unsigned Mode(const std::string& path) const { return Stat(path).st_mode & 07777; }
  bool Exists(const std::string& path) const {
    return fs::exists(fs::symlink_status(target_ / path));
  }
  bool Said(const std::string& text) const { return messages_.find(text) != std::string::npos; }
  // No path of the target but those of directories and links?
  size_t FilesInTarget() const {
    size_t count = 0;
    if (!fs::exists(target_)) return 0;
    for (const auto& entry : fs::recursive_directory_iterator(target_)) {
      count += entry.is_regular_file() && !entry.is_symlink();
    }
    return count;
  }

  ImageBuilder image_;
  fs::path dir_, root_, target_;
  std::string messages_, output_;
};

}  // namespace kontext::extractor
