#include "common/path.h"

#include <stdint.h>
#include <string.h>

namespace kontext {
namespace {

// '/' sorts first, then the other bytes in their order.
int Rank(char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; }

const char* ComponentProblem(std::string_view name) {
  if (name.empty()) return "empty component";
  if (name == "." || name == "..") return "a '.' or '..' component";
  if (name.size() > kMaxName) return "a component over 255 bytes";
  return nullptr;
}

}  // namespace

int ComparePaths(std::string_view a, std::string_view b) {
  size_t shared = a.size() < b.size() ? a.size() : b.size();
  size_t i = 0;
  // Neighbours in a listing share most of their length: eight bytes at a time.
  for (uint64_t x, y; shared - i >= sizeof(x); i += sizeof(x)) {
    memcpy(&x, a.data() + i, sizeof(x));
    memcpy(&y, b.data() + i, sizeof(y));
    if (x != y) break;
  }
  while (i < shared && a[i] == b[i]) ++i;
  if (i < shared) return Rank(a[i]) - Rank(b[i]);
  if (a.size() == b.size()) return 0;
  return a.size() < b.size() ? -1 : 1;
}

const char* PathProblem(std::string_view path) {
  if (path.empty()) return "empty path";
  if (path.size() > kMaxPath) return "path too long";
  if (path[0] == '/') return "absolute path";
  if (path.find('\0') != std::string_view::npos) return "NUL byte";
  for (size_t begin = 0; begin <= path.size();) {
    size_t end = path.find('/', begin);
    if (end == std::string_view::npos) end = path.size();
    if (const char* problem = ComponentProblem(path.substr(begin, end - begin))) return problem;
    begin = end + 1;
  }
  return nullptr;
}

}  // namespace kontext
