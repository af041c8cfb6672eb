// What a directory has of a listing, and what it lacks.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/tree/run.h"
#include "packer/plan/listing.h"
#include "packer/staging.h"

namespace kontext {

class Messages;

struct Lacking {
  // Parallel to listing.entries(): is the content of this file in its place, to stay there?
  std::vector<bool> in_place;
  // The first of the files that lack a content, by it, and how many there are.
  struct Need {
    const IndexEntry* file;
    size_t files;
  };
  std::map<Digest, Need> contents;
};

// Compares a directory with the listing, writing nothing. Does not take over `dir_fd`. Throws
// Error(kIo) through `messages` when that cannot be done.
Lacking FindLacking(tree::Run* run, const Messages& messages, const std::string& directory,
                    const Listing& listing, int dir_fd, unsigned jobs);

// Copies the contents that are lacking in one place and are there in another, under whatever name,
// to the staging area: a renamed file is not fetched.
void StageLocal(const Lacking& lacking, const Listing& listing, int dir_fd,
                const std::string& directory, Staging* staging);

}  // namespace kontext
