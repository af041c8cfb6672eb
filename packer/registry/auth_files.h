// Where docker and podman keep credentials, and how such a file is read and replaced.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kontext {

// Gives a variable of the environment; empty when it is not set.
using Environment = std::function<std::string(const char* name)>;

// The files that may hold credentials, the first to look into first; none of them need exist. The
// first is the one that a login writes to. REGISTRY_AUTH_FILE, then Docker's config.json (in
// DOCKER_CONFIG or ~/.docker), then podman's auth.json (containers-auth.json(5)).
std::vector<std::string> AuthFiles(const Environment& environment);

// Of the process.
std::vector<std::string> AuthFiles();

// The content, at most 4 MiB; nothing when there is no such file, or it may not be read. Throws
// Error(kIo) or Error(kFormat) that names it.
std::optional<std::string> ReadAuthFile(const std::string& path);

// Replaces the file's content by what `edit` makes of it ("" when there is none yet): at once, or
// not at all. It is readable by its owner alone afterwards; missing folders are made, a symlink is
// followed, an owner is kept. Nothing is written when nothing changes. Two at once wait for each
// other. Throws Error that names the file.
void EditAuthFile(const std::string& path,
                  const std::function<std::string(const std::string&)>& edit);

}  // namespace kontext
