// Where bytes go: the one interface between the tar writer, the compressor and a file.
#pragma once

#include <string_view>

namespace kontext {

class ByteWriter {
 public:
  virtual ~ByteWriter() = default;
  // Throws Error(kIo).
  virtual void Write(std::string_view bytes) = 0;
};

}  // namespace kontext
