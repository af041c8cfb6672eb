// Contents on their way into a directory: whole and compared, but not yet in their places.
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "common/digest.h"
#include "common/fd.h"
#include "common/tree/content_source.h"
#include "common/tree/temp_name.h"
#include "packer/hash.h"

namespace kontext {

// A folder with a temporary name inside the directory, so that a content gets to its place by a
// rename. It is held: who finds the one of a killed run removes it. Its own end removes it. Any
// number of threads may bring contents, each content one thread; folders in the folder keep them
// from waiting for each other.
class Staging {
 public:
  // `directory` is the name of `dir_fd`, which must stay open, for messages. Throws Error(kIo).
  Staging(int dir_fd, std::string directory);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // One content; it is there once committed. `subject` begins the message of an Error(kIo).
  class Object {
   public:
    Object(Staging* staging, const Digest& sha256, uint64_t size, std::string subject);
    ~Object();
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    void Write(std::string_view bytes);
    // False: what was written is not the content; it is thrown away.
    bool Commit();

   private:
    Staging* staging_;
    int folder_ = -1;
    Digest sha256_;
    uint64_t size_;
    std::string subject_;
    UniqueFd file_;
    Hasher hasher_;
    uint64_t written_ = 0;
  };

  bool Has(const Digest& sha256) const {
    std::lock_guard lock(mutex_);
    return staged_.count(sha256) > 0;
  }

  // For common/tree; any thread. Moving takes the content away: it must be needed only once.
  int Open(const Digest& sha256) const;
  bool Move(const Digest& sha256, int dir_fd, const char* name) const;

 private:
  static constexpr size_t kFolders = 16;

  // Gives its descriptor; -1: errno is set.
  int MakeFolder(const Digest& sha256);
  // -1: nothing is in it.
  int FolderOf(const Digest& sha256) const;

  int dir_fd_;
  std::string directory_;
  tree::TempNames names_;
  char name_[tree::TempNames::kSize];
  UniqueFd fd_;
  mutable std::mutex mutex_;  // guards what follows
  UniqueFd folders_[kFolders];
  std::set<Digest> staged_;
};

}  // namespace kontext
