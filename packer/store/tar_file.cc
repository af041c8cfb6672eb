#include "packer/store/tar_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "packer/error.h"
#include "packer/pack/tar_reader.h"

namespace kontext {
namespace {

constexpr uint64_t kBlock = 512;
constexpr size_t kMaxMembers = 100'000;  // of an image: three for each layer, in some programs' way

// Keeps the item that the last header told of.
class HeaderVisitor : public TarVisitor {
 public:
  void Begin(const TarItem& item) override {
    if (item.type == TarItem::Type::kFile) begun = item;
  }
  void Data(std::string_view) override {}
  void End() override {}

  TarItem begun;
};

}  // namespace

TarFile::TarFile(UniqueFd file) {
  struct stat info;
  if (fstat(file.get(), &info) != 0) {
    throw Error(ErrorKind::kIo, std::generic_category().message(errno));
  }
  uint64_t size = static_cast<uint64_t>(info.st_size);
  file_ = OwnFileBlob(std::move(file), size);
  HeaderVisitor visitor;
  TarReader reader(&visitor);
  for (uint64_t at = 0; at < size;) {
    char block[kBlock];
    // What is read ends where a block does.
    size_t got = file_->Open(at)->Read(block, kBlock - at % kBlock);
    at += got;
    reader.Feed({block, got});
    if (!visitor.begun.path.empty()) {
      if (members_.size() == kMaxMembers)
        throw Error(ErrorKind::kFormat, "it has too many members");
      members_[std::exchange(visitor.begun.path, {})] = {at, visitor.begun.size};
    }
    at += reader.DataLeft();
    reader.SkipData();
  }
  reader.Finish();
}

std::unique_ptr<BlobSource> TarFile::Find(const std::string& path) const {
  auto member = members_.find(path);
  if (member == members_.end()) return nullptr;
  return PartOf(*file_, member->second.offset, member->second.size);
}

std::string TarFile::Read(const std::string& path, uint64_t max_size) const {
  std::unique_ptr<BlobSource> member = Find(path);
  if (member == nullptr) throw Error(ErrorKind::kNotFound, fmt::format("it has no {}", path));
  if (member->size() > max_size) {
    throw Error(ErrorKind::kFormat, fmt::format("{} is longer than {} bytes", path, max_size));
  }
  std::string bytes(member->size(), '\0');
  std::unique_ptr<BlobReader> reader = member->Open(0);
  size_t done = 0;
  while (size_t got = reader->Read(bytes.data() + done, bytes.size() - done)) done += got;
  if (done < bytes.size()) throw Error(ErrorKind::kFormat, path + " is cut short");
  return bytes;
}

}  // namespace kontext
