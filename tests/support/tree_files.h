// A tree model as files and back. By handles alone: a path of the model may be longer than a system
// call takes.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/fd.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tree_model.h"

namespace kontext {

inline void Need(bool done, const std::string& what) {
  if (!done) throw std::runtime_error(what + ": " + std::strerror(errno));
}

inline UniqueFd OpenDirectory(int at, const std::string& name) {
  UniqueFd fd(openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  Need(fd.valid(), name);
  return fd;
}

// The directory that `path` lies in.
inline UniqueFd OpenParent(const std::string& root, std::string_view path) {
  UniqueFd dir = OpenDirectory(AT_FDCWD, root);
  for (std::string_view rest = ParentOf(path); !rest.empty();) {
    size_t end = std::min(rest.find('/'), rest.size());
    dir = OpenDirectory(dir.get(), std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return dir;
}

inline std::vector<std::string> NamesIn(int dir) {
  std::vector<std::string> names;
  DIR* stream = fdopendir(OpenDirectory(dir, ".").release());
  Need(stream != nullptr, "fdopendir");
  while (const dirent* entry = readdir(stream)) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(stream);
  return names;
}

// Removes what is there, if anything, with all below.
inline void RemoveTree(int dir, const std::string& name) {
  if (unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT) return;
  Need(errno == EISDIR || errno == EPERM, name);
  Need(fchmodat(dir, name.c_str(), 0700, 0) == 0, name);
  UniqueFd below = OpenDirectory(dir, name);
  for (const std::string& inner : NamesIn(below.get())) RemoveTree(below.get(), inner);
  Need(unlinkat(dir, name.c_str(), AT_REMOVEDIR) == 0, name);
}

// Writes what is not zero: long runs of zeros become holes.
inline void WriteContent(int fd, std::string_view text) {
  constexpr size_t kPage = 4096;
  Need(ftruncate(fd, static_cast<off_t>(text.size())) == 0, "ftruncate");
  for (size_t at = 0; at < text.size(); at += kPage) {
    std::string_view page = text.substr(at, kPage);
    if (page.find_first_not_of('\0') == std::string_view::npos) continue;
    Need(pwrite(fd, page.data(), page.size(), static_cast<off_t>(at)) ==
             static_cast<ssize_t>(page.size()),
         "pwrite");
  }
}

// Makes what is not there yet.
inline void MakeNode(int dir, const std::string& name, const Node& node) {
  if (node.type == EntryType::kSymlink) {
    Need(symlinkat(node.text.c_str(), dir, name.c_str()) == 0, name);
  } else if (node.type == EntryType::kDir) {
    Need(mkdirat(dir, name.c_str(), 0700) == 0, name);
  } else {
    UniqueFd fd(openat(dir, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    Need(fd.valid(), name);
    WriteContent(fd.get(), node.text);
    Need(fchmod(fd.get(), node.mode) == 0, name);
  }
}

inline void ChmodPath(const std::string& root, const std::string& path, uint32_t mode) {
  UniqueFd dir = OpenParent(root, path);
  Need(fchmodat(dir.get(), std::string(NameOf(path)).c_str(), mode, 0) == 0, path);
}

// Makes `root` just this tree.
inline void Materialize(const Tree& tree, const std::string& root) {
  RemoveTree(AT_FDCWD, root);
  Need(mkdir(root.c_str(), 0755) == 0, root);
  std::string parent;
  UniqueFd dir = OpenDirectory(AT_FDCWD, root);
  for (const auto& [path, node] : tree) {
    if (ParentOf(path) != parent) {
      dir = OpenParent(root, path);
      parent = ParentOf(path);
    }
    MakeNode(dir.get(), std::string(NameOf(path)), node);
  }
  // Others than root must still be able to list them: what is below first.
  for (auto item = tree.rbegin(); item != tree.rend(); ++item) {
    if (item->second.type == EntryType::kDir) ChmodPath(root, item->first, item->second.mode);
  }
}

// Modes with which any user can walk the tree and remove it.
inline void MakeWalkable(Tree* tree) {
  for (auto& [path, node] : *tree) {
    if (node.type == EntryType::kDir) node.mode |= 0700;
    if (node.type == EntryType::kFile) node.mode |= 0400;
  }
}

// Carries an edit of the model out below `root`; `tree` is the model after it. Content of a file
// that was one before is written into that very file when `in_place`.
inline void ApplyEdit(const std::string& root, const Edit& edit, const Tree& tree, bool in_place) {
  UniqueFd dir = OpenParent(root, edit.path);
  std::string name(NameOf(edit.path));
  if (edit.kind == Edit::kRename) {
    UniqueFd to = OpenParent(root, edit.to);
    RemoveTree(to.get(), std::string(NameOf(edit.to)));
    std::string new_name(NameOf(edit.to));
    Need(renameat(dir.get(), name.c_str(), to.get(), new_name.c_str()) == 0, edit.path);
    return;
  }
  if (edit.kind == Edit::kRemove) return RemoveTree(dir.get(), name);
  const Node& node = tree.find(edit.path)->second;
  struct stat info = {};
  bool there = fstatat(dir.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
  bool same = there && ((S_ISDIR(info.st_mode) && node.type == EntryType::kDir) ||
                        (S_ISREG(info.st_mode) && node.type == EntryType::kFile && in_place));
  if (!same) {
    RemoveTree(dir.get(), name);
    MakeNode(dir.get(), name, node);
  } else if (node.type == EntryType::kFile && edit.kind == Edit::kSet) {
    Need(fchmodat(dir.get(), name.c_str(), 0600, 0) == 0, name);
    WriteContent(UniqueFd(openat(dir.get(), name.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC)).get(),
                 node.text);
  }
  if (node.type == EntryType::kSymlink) return;
  Need(fchmodat(dir.get(), name.c_str(), node.mode, 0) == 0, name);
}

namespace tree_files {

inline Node ReadNode(int dir, const std::string& name) {
  struct stat info = {};
  Need(fstatat(dir, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0, name);
  Node node;
  node.mode = info.st_mode & 07777;
  if (S_ISDIR(info.st_mode)) {
    node.type = EntryType::kDir;
  } else if (S_ISLNK(info.st_mode)) {
    node = {EntryType::kSymlink, 0, std::string(kMaxTarget + 1, '\0')};
    ssize_t n = readlinkat(dir, name.c_str(), node.text.data(), node.text.size());
    Need(n >= 0, name);
    node.text.resize(static_cast<size_t>(n));
  } else if (S_ISREG(info.st_mode)) {
    UniqueFd fd(openat(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    node.text.resize(static_cast<size_t>(info.st_size) + 1);
    ssize_t n = ReadUpTo(fd.get(), node.text.data(), node.text.size());
    Need(n >= 0, name);
    node.text.resize(static_cast<size_t>(n));
  } else {
    node.type = EntryType::kObject;  // of a kind that no context has
  }
  return node;
}

inline void ReadBelow(int dir, const std::string& prefix, Tree* tree) {
  for (const std::string& name : NamesIn(dir)) {
    Node node = ReadNode(dir, name);
    if (node.type == EntryType::kDir) {
      ReadBelow(OpenDirectory(dir, name).get(), prefix + name + '/', tree);
    }
    (*tree)[prefix + name] = node;
  }
}

}  // namespace tree_files

// What is below `root`: all that kontext promises to keep.
inline Tree ReadTree(const std::string& root) {
  Tree tree;
  tree_files::ReadBelow(OpenDirectory(AT_FDCWD, root).get(), "", &tree);
  return tree;
}

// The first differences, a line each; empty when the trees are equal.
inline std::string DifferencesOf(const Tree& want, const Tree& got) {
  constexpr size_t kShown = 200;
  auto describe = [](const Node& node) {
    return "type " + std::to_string(static_cast<int>(node.type)) + " mode " +
           std::to_string(node.mode) + ", " + std::to_string(node.text.size()) + " bytes " +
           node.text.substr(0, 20);
  };
  std::string text;
  for (const auto& [path, node] : want) {
    auto found = got.find(path);
    if (found != got.end() && found->second == node) continue;
    text += path.substr(0, kShown) + ": should be " + describe(node) +
            (found == got.end() ? ", is missing" : ", is " + describe(found->second)) + '\n';
  }
  for (const auto& [path, node] : got) {
    if (want.count(path) == 0) text += path.substr(0, kShown) + ": should not be there\n";
  }
  return text;
}

}  // namespace kontext
