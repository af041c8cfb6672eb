#include "extractor/report.h"

#include <string.h>

namespace kontext::extractor {

void Report::Error(std::string_view path, std::string_view what, int error) {
  Say([&](Line& line) {
    line.Name(path).Text(": ").Text(what);
    if (error != 0) line.Text(": ").Text(strerror(error));
  });
}

}  // namespace kontext::extractor
