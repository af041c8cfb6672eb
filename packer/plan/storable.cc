#include "packer/plan/storable.h"

#include <algorithm>

#include "common/index_writer.h"
#include "common/path.h"

namespace kontext {
namespace {

// PATH_MAX is 4,096; a runtime unpacks below a folder of its own.
constexpr size_t kMaxStoredPath = 3072;
constexpr std::string_view kWhiteoutPrefix = ".wh.";

}  // namespace

bool IsStorable(std::string_view path) {
  if (path.size() > kMaxStoredPath || !IsUtf8(path)) return false;
  for (size_t begin = 0; begin <= path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    std::string_view name = path.substr(begin, end - begin);
    if (name.starts_with(kWhiteoutPrefix)) return false;
    if (name.size() + kWhiteoutPrefix.size() > kMaxName) return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace kontext
