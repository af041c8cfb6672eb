// Hints to the system about memory that is used all at once.
#pragma once

#include <cstddef>
#include <thread>

namespace kontext {

// Says that all of a buffer, not touched yet, is about to be used: where the system gives large
// pages to who asks, its first use costs a fault for 2 MiB instead of one for 4 KiB. A hint.
void UseLargePages(void* data, size_t size);

// The same, for a buffer that is used from its beginning to its end while this lives; its second
// half is made ready by another thread meanwhile. Where the host of a virtual machine gives memory
// only when it is touched, to fill 10 MB takes 40 ms, most of it for that.
class FirstUse {
 public:
  FirstUse(void* data, size_t size);

 private:
  std::jthread thread_;
};

// Gives the memory of the whole pages of a buffer back; what was there is lost.
void DropPages(const char* data, size_t size);

}  // namespace kontext
