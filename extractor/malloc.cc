// malloc(3) for the in-image program: a sixth of the size of musl's, which would be an eighth of
// the whole. It serves what this program does: a few threads, small pieces of like sizes that
// come and go, and a few large buffers.

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

namespace {

// Before each piece. Pieces are powers of two, header included; freed ones wait in a list of their
// size. From kLargeShift on each is a mapping of its own and goes back to the kernel.
struct alignas(16) Header {
  size_t size;
  Header* next;
};

constexpr unsigned kMinShift = 5;
constexpr unsigned kLargeShift = 14;
constexpr size_t kChunk = 256 * 1024;  // what small pieces are cut from

Header* free_lists[kLargeShift];
char* chunk;
size_t chunk_left;
char locked;

// Held for a few instructions at a time: waiting for it is no matter.
class Lock {
 public:
  Lock() {
    while (__atomic_test_and_set(&locked, __ATOMIC_ACQUIRE)) sched_yield();
  }
  ~Lock() { __atomic_clear(&locked, __ATOMIC_RELEASE); }
};

void* Map(size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

Header* Cut(size_t size) {
  if (chunk_left < size) {
    // What is left of the old chunk is lost: less than one piece, of 256 KiB.
    void* memory = Map(kChunk);
    if (memory == nullptr) return nullptr;
    chunk = static_cast<char*>(memory);
    chunk_left = kChunk;
  }
  Header* header = reinterpret_cast<Header*>(chunk);
  chunk += size;
  chunk_left -= size;
  return header;
}

unsigned ShiftFor(size_t size) {
  unsigned shift = kMinShift;
  while (shift < kLargeShift && (size_t{1} << shift) < size) ++shift;
  return shift;
}

Header* HeaderOf(void* memory) { return static_cast<Header*>(memory) - 1; }

// Not spelled malloc: the compiler knows what that does and would make calloc call itself.
void* Allocate(size_t wanted) {
  if (wanted > PTRDIFF_MAX) {
    errno = ENOMEM;
    return nullptr;
  }
  size_t size = wanted + sizeof(Header);
  unsigned shift = ShiftFor(size);
  Header* header = nullptr;
  if (shift == kLargeShift) {
    header = static_cast<Header*>(Map(size));
  } else {
    size = size_t{1} << shift;
    Lock lock;
    header = free_lists[shift];
    if (header != nullptr) {
      free_lists[shift] = header->next;
    } else {
      header = Cut(size);
    }
  }
  if (header == nullptr) {
    errno = ENOMEM;
    return nullptr;
  }
  header->size = size;
  return header + 1;
}

}  // namespace

extern "C" {

void* malloc(size_t size) { return Allocate(size); }

void free(void* memory) {
  if (memory == nullptr) return;
  Header* header = HeaderOf(memory);
  unsigned shift = ShiftFor(header->size);
  if (shift == kLargeShift) {
    munmap(header, header->size);
    return;
  }
  Lock lock;
  header->next = free_lists[shift];
  free_lists[shift] = header;
}

void* realloc(void* memory, size_t wanted) {
  size_t old = memory == nullptr ? 0 : HeaderOf(memory)->size - sizeof(Header);
  if (memory != nullptr && wanted <= old) return memory;
  void* grown = Allocate(wanted);
  if (grown == nullptr) return nullptr;
  if (old != 0) memcpy(grown, memory, old);
  free(memory);
  return grown;
}

void* calloc(size_t count, size_t size) {
  size_t total = 0;
  if (__builtin_mul_overflow(count, size, &total)) {
    errno = ENOMEM;
    return nullptr;
  }
  void* memory = Allocate(total);
  if (memory != nullptr) memset(memory, 0, total);
  return memory;
}

}  // extern "C"
