#include "packer/pack/tar_writer.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace kontext {
namespace {

constexpr size_t kBlock = 512;
// POSIX ustar header: offset and length of each field.
struct Field {
  size_t offset;
  size_t length;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12},
    kMtime{136, 12}, kChecksum{148, 8}, kType{156, 1}, kLink{157, 100}, kMagic{257, 8};
// Largest number of eleven octal digits.
constexpr uint64_t kMaxOctalSize = (uint64_t{1} << 33) - 1;

void PutText(char* block, Field field, std::string_view text) {
  std::memcpy(block + field.offset, text.data(), std::min(text.size(), field.length));
}

void PutOctal(char* block, Field field, uint64_t value) {
  for (size_t i = field.length - 1; i-- > 0; value >>= 3) {
    block[field.offset + i] = static_cast<char>('0' + (value & 7));
  }
}

bool Fits(std::string_view text, Field field) {
  return text.size() <= field.length && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x80 && c != '\0';
         });
}

// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
std::string PaxRecord(std::string_view key, std::string_view value) {
  size_t rest = key.size() + value.size() + 3;
  size_t length = rest + std::to_string(rest).size();
  if (std::to_string(length).size() != std::to_string(rest).size()) ++length;
  return std::to_string(length).append(" ").append(key).append("=").append(value).append("\n");
}

}  // namespace

void TarWriter::WriteBlock(char type, std::string_view path, std::string_view target, uint32_t mode,
                           uint64_t size) {
  char block[kBlock] = {};
  PutText(block, kName, path);
  PutOctal(block, kMode, mode);
  PutOctal(block, kUid, 0);
  PutOctal(block, kGid, 0);
  PutOctal(block, kSize, std::min(size, kMaxOctalSize));
  PutOctal(block, kMtime, mtime_);
  block[kType.offset] = type;
  PutText(block, kLink, target);
  PutText(block, kMagic, std::string_view("ustar\00000", 8));
  std::memset(block + kChecksum.offset, ' ', kChecksum.length);
  uint64_t sum = 0;
  for (char c : block) sum += static_cast<unsigned char>(c);
  // Six digits, NUL, space.
  PutOctal(block, {kChecksum.offset, 7}, sum);
  block[kChecksum.offset + 6] = '\0';
  out_->Write({block, kBlock});
}

void TarWriter::WriteHeader(char type, std::string_view path, std::string_view target,
                            uint32_t mode, uint64_t size) {
  std::string records;
  if (!Fits(path, kName)) records += PaxRecord("path", path);
  if (!Fits(target, kLink)) records += PaxRecord("linkpath", target);
  if (size > kMaxOctalSize) records += PaxRecord("size", std::to_string(size));
  if (!records.empty()) {
    WriteBlock('x', "PaxHeader", "", 0644, records.size());
    out_->Write(records);
    WritePadding(records.size());
  }
  WriteBlock(type, path, target, mode, size);
}

void TarWriter::WritePadding(uint64_t size) {
  static constexpr char kZeros[kBlock] = {};
  size_t over = size % kBlock;
  if (over > 0) out_->Write({kZeros, kBlock - over});
}

void TarWriter::AddDir(std::string_view path, uint32_t mode) {
  WriteHeader('5', std::string(path) + '/', "", mode, 0);
}

void TarWriter::AddSymlink(std::string_view path, std::string_view target) {
  WriteHeader('2', path, target, 0777, 0);
}

void TarWriter::BeginFile(std::string_view path, uint32_t mode, uint64_t size) {
  WriteHeader('0', path, "", mode, size);
  file_size_ = size;
}

void TarWriter::Write(std::string_view bytes) { out_->Write(bytes); }

void TarWriter::EndFile() { WritePadding(file_size_); }

void TarWriter::AddFile(std::string_view path, uint32_t mode, std::string_view bytes) {
  BeginFile(path, mode, bytes.size());
  Write(bytes);
  EndFile();
}

void TarWriter::Finish() {
  static constexpr char kEnd[2 * kBlock] = {};
  out_->Write({kEnd, sizeof(kEnd)});
}

}  // namespace kontext
