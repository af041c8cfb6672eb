#include "packer/store/blob_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "packer/error.h"

namespace kontext {
namespace {

class MemoryReader : public BlobReader {
 public:
  explicit MemoryReader(std::string_view rest) : rest_(rest) {}
  size_t Read(char* out, size_t size) override {
    size = std::min(size, rest_.size());
    if (size > 0) memcpy(out, rest_.data(), size);
    rest_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view rest_;
};

class MemorySource : public BlobSource {
 public:
  explicit MemorySource(std::string bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  std::unique_ptr<BlobReader> Open(uint64_t offset) const override {
    return std::make_unique<MemoryReader>(
        std::string_view(bytes_).substr(std::min<uint64_t>(offset, bytes_.size())));
  }

 private:
  std::string bytes_;
};

class FileReader : public BlobReader {
 public:
  FileReader(int fd, uint64_t offset, uint64_t end) : fd_(fd), offset_(offset), end_(end) {}
  size_t Read(char* out, size_t size) override {
    size = std::min<uint64_t>(size, end_ - std::min(offset_, end_));
    ssize_t got;
    do {
      got = pread(fd_, out, size, static_cast<off_t>(offset_));
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
      throw Error(ErrorKind::kIo, fmt::format("reading what is to be stored: {}",
                                              std::generic_category().message(errno)));
    }
    offset_ += static_cast<uint64_t>(got);
    return static_cast<size_t>(got);
  }

 private:
  int fd_;
  uint64_t offset_;
  uint64_t end_;
};

class FileSource : public BlobSource {
 public:
  FileSource(int fd, uint64_t size) : fd_(fd), size_(size) {}
  uint64_t size() const override { return size_; }
  std::unique_ptr<BlobReader> Open(uint64_t offset) const override {
    return std::make_unique<FileReader>(fd_, offset, size_);
  }

 private:
  int fd_;
  uint64_t size_;
};

class OwnFileSource : public BlobSource {
 public:
  OwnFileSource(UniqueFd file, uint64_t size) : file_(std::move(file)), size_(size) {}
  uint64_t size() const override { return size_; }
  std::unique_ptr<BlobReader> Open(uint64_t offset) const override {
    return std::make_unique<FileReader>(file_.get(), offset, size_);
  }

 private:
  UniqueFd file_;
  uint64_t size_;
};

class PartReader : public BlobReader {
 public:
  PartReader(std::unique_ptr<BlobReader> whole, uint64_t left)
      : whole_(std::move(whole)), left_(left) {}
  size_t Read(char* out, size_t size) override {
    size_t got = whole_->Read(out, std::min<uint64_t>(size, left_));
    left_ -= got;
    return got;
  }

 private:
  std::unique_ptr<BlobReader> whole_;
  uint64_t left_;
};

class PartSource : public BlobSource {
 public:
  PartSource(const BlobSource& whole, uint64_t offset, uint64_t size)
      : whole_(whole), offset_(offset), size_(size) {}
  uint64_t size() const override { return size_; }
  std::unique_ptr<BlobReader> Open(uint64_t offset) const override {
    offset = std::min(offset, size_);
    return std::make_unique<PartReader>(whole_.Open(offset_ + offset), size_ - offset);
  }

 private:
  const BlobSource& whole_;
  uint64_t offset_;
  uint64_t size_;
};

}  // namespace

std::unique_ptr<BlobSource> MemoryBlob(std::string bytes) {
  return std::make_unique<MemorySource>(std::move(bytes));
}

std::unique_ptr<BlobSource> FileBlob(int fd, uint64_t size) {
  return std::make_unique<FileSource>(fd, size);
}

std::unique_ptr<BlobSource> OwnFileBlob(UniqueFd file, uint64_t size) {
  return std::make_unique<OwnFileSource>(std::move(file), size);
}

std::unique_ptr<BlobSource> PartOf(const BlobSource& whole, uint64_t offset, uint64_t size) {
  return std::make_unique<PartSource>(whole, offset, size);
}

}  // namespace kontext
