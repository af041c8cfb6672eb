// Recreates the listing in the target, entry by entry.
#pragma once

#include "common/index_entry.h"
#include "common/tree/dir_node.h"
#include "common/tree/run.h"
#include "common/tree/temp_name.h"
#include "common/tree/workers.h"

namespace kontext::tree {

// Makes directories and symlinks itself, in the listing's order, and leaves files to the workers.
// Everything is reached from the target by single names, never through a symlink.
class TreeWriter {
 public:
  TreeWriter(Run* run, unsigned jobs) : run_(run), jobs_(jobs), workers_(DoFile, this) {}
  // Waits for the workers.
  ~TreeWriter();
  TreeWriter(const TreeWriter&) = delete;
  TreeWriter& operator=(const TreeWriter&) = delete;

  // Takes over `target_fd`. False: reported.
  bool Start(int target_fd);

  // A VisitEntry; `context` is the writer. False: reported, or the run is stopping.
  static bool Visit(void* context, const IndexEntry& entry);

  // Waits until all is in place and every directory has its mode. False: something failed, and
  // was reported, or the run is stopping.
  bool Finish();

 private:
  static void DoFile(void* self, FileJob* job, char* buffer);
  bool Put(const IndexEntry& entry);
  // Makes the entry's parent the current directory: it is, or is above, the one that was.
  bool MoveTo(std::string_view parent);
  bool PutDir(const IndexEntry& entry, const char* name);
  bool PutSymlink(const IndexEntry& entry, const char* name);
  bool WriteSymlink(const IndexEntry& entry, const char* name);
  bool PutFileLater(const IndexEntry& entry);
  void MoveUp();
  // Waits for files, and parks directories, until there is room for one more.
  void MakeRoom();
  void LeaveAll();

  Run* run_;
  unsigned jobs_;
  TempNames temps_;
  Workers workers_;
  DirNode* current_ = nullptr;  // a reference is held
};

}  // namespace kontext::tree
