// The test vectors without a test framework: compiled for the other architecture and run under an
// emulator. With "--cpu", the CPU's instructions must be there. Exit code 1: a digest is wrong.
#include <stdio.h>
#include <string.h>

#include "common/sha256_cpu.h"
#include "tests/common/sha256_vectors.h"

namespace kontext {
namespace {

bool Check(const char* name, Sha256Blocks blocks) {
  bool right = true;
  for (const Sha256Vector& vector : kSha256Vectors) {
    Sha256 sha(blocks);
    for (size_t i = 0; i < vector.repeat; ++i) sha.Update(vector.text.data(), vector.text.size());
    char hex[Digest::kHexLength];
    FormatHex(sha.Finish(), hex);
    if (memcmp(hex, vector.hex, sizeof(hex)) == 0) continue;
    printf("%s: %s: %.64s\n", name, vector.name, hex);
    right = false;
  }
  return right;
}

int Run(bool needs_cpu) {
  bool right = Check("portable", &Sha256Portable) && Check("fastest", FastestSha256());
  Sha256Blocks cpu = CpuSha256();
  if (cpu == nullptr && needs_cpu) {
    printf("cpu: this CPU has no SHA-256 instructions\n");
    return 1;
  }
  if (cpu != nullptr) right = Check("cpu", cpu) && right;
  printf("sha256: %s, %s\n", right ? "right" : "wrong", cpu != nullptr ? "cpu" : "portable only");
  return right ? 0 : 1;
}

}  // namespace
}  // namespace kontext

int main(int argc, char** argv) { return kontext::Run(argc > 1 && strcmp(argv[1], "--cpu") == 0); }
