#include "common/tree/file_job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <new>

#include "common/path.h"

namespace kontext::tree {
namespace {

// Copies with a terminator and moves `*out` behind it.
std::string_view Keep(std::string_view text, char** out) {
  char* kept = *out;
  if (!text.empty()) memcpy(kept, text.data(), text.size());
  kept[text.size()] = '\0';
  *out += text.size() + 1;
  return std::string_view(kept, text.size());
}

}  // namespace

FileJob* FileJob::New(const IndexEntry& entry) {
  size_t cost = sizeof(FileJob) + entry.path.size() + entry.at.size() + 2;
  void* memory = malloc(cost);
  if (memory == nullptr) return nullptr;
  FileJob* job = new (memory) FileJob{};
  char* texts = static_cast<char*>(memory) + sizeof(FileJob);
  job->fd = -1;
  job->mode = entry.mode;
  job->size = entry.size;
  job->sha256 = entry.sha256;
  job->path = Keep(entry.path, &texts);
  job->at = Keep(entry.at, &texts);
  job->name = NameOf(job->path).data();
  job->cost = cost;
  return job;
}

void FileJob::Delete(FileJob* job) {
  if (job->fd >= 0) close(job->fd);
  free(job);
}

}  // namespace kontext::tree
