// Reads a tar stream: ustar (POSIX.1-1988) with PAX headers (POSIX.1-2001), of files, directories
// and symlinks: what a layer of an image may hold. The bytes may come from anybody.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kontext {

struct TarItem {
  enum class Type { kFile, kDir, kSymlink };
  Type type = Type::kFile;
  std::string path;    // without the slash at a directory's end
  std::string target;  // of a symlink
  uint32_t mode = 0;
  uint64_t size = 0;  // of a file; other types have no data
};

// Sees each item in order: Begin, the data of a file in pieces, End.
class TarVisitor {
 public:
  virtual ~TarVisitor() = default;
  virtual void Begin(const TarItem& item) = 0;
  virtual void Data(std::string_view bytes) = 0;
  virtual void End() = 0;
};

// Feed it the stream in pieces of any size. Memory: one header and its PAX records, which are
// bounded. Throws Error(kFormat), with the problem only: the caller knows the subject.
class TarReader {
 public:
  explicit TarReader(TarVisitor* visitor) : visitor_(visitor) {}

  void Feed(std::string_view bytes);
  // How much of a file's data comes next. Who can move on in the stream may leave it out: the
  // visitor then sees none of it.
  uint64_t DataLeft() const { return state_ == State::kData ? left_ : 0; }
  void SkipData();
  // Call at the end of the stream.
  void Finish() const;

 private:
  enum class State { kHeader, kData, kPadding, kRecords, kEnd };

  void TakeHeader(std::string_view block);
  void BeginItem(char type, std::string_view block);
  void TakeRecords();
  void TakeRecord(std::string_view key, std::string_view value);
  void EndPart();
  std::string_view TakeUpTo(std::string_view* bytes, uint64_t size);

  TarVisitor* visitor_;
  State state_ = State::kHeader;
  std::string pending_;   // of a header, or of PAX records
  uint64_t left_ = 0;     // of data or records
  uint64_t padding_ = 0;  // after them
  bool is_item_ = false;  // what is being read is one, not a PAX header
  bool is_global_ = false;
  // From the PAX header before the item.
  bool has_path_ = false, has_target_ = false, has_size_ = false;
  TarItem pax_;
};

}  // namespace kontext
