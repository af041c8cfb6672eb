#include "packer/store/archive_output.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/fd.h"
#include "packer/error.h"
#include "packer/leftover.h"
#include "packer/pack/unnamed_file.h"
#include "packer/store/subject.h"
#include "packer/temp_file.h"

namespace kontext {
namespace {

std::string FolderOf(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

class FileOutput : public ArchiveOutput {
 public:
  explicit FileOutput(std::string path) : path_(std::move(path)), file_(FolderOf(path_)) {
    RemoveLeftoversIn(FolderOf(path_));
  }
  void Write(std::string_view bytes) override { file_.Write(bytes.data(), bytes.size()); }
  void Commit() override { file_.Commit(path_); }

 private:
  std::string path_;
  TempFile file_;
};

class SpoolOutput : public ArchiveOutput {
 public:
  explicit SpoolOutput(std::function<void(int, uint64_t)> use)
      : use_(std::move(use)), file_(OpenUnnamedFile()) {}

  void Write(std::string_view bytes) override {
    if (!WriteAll(file_.get(), bytes.data(), bytes.size())) {
      throw Error(ErrorKind::kIo, "a temporary file: " + std::generic_category().message(errno) +
                                      "; set TMPDIR to a folder with room");
    }
    size_ += bytes.size();
  }

  void Commit() override { use_(file_.get(), size_); }

 private:
  std::function<void(int, uint64_t)> use_;
  UniqueFd file_;
  uint64_t size_ = 0;
};

}  // namespace

std::string ResolvedPath(const std::string& path) {
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

std::unique_ptr<ArchiveOutput> ReplaceFile(const std::string& path) {
  std::string real = ResolvedPath(path);
  return WithSubject("folder " + FolderOf(real),
                     [&] { return std::make_unique<FileOutput>(real); });
}

std::unique_ptr<ArchiveOutput> Spool(std::function<void(int, uint64_t)> use) {
  return std::make_unique<SpoolOutput>(std::move(use));
}

}  // namespace kontext
