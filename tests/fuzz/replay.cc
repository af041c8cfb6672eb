// Runs a fuzz target over the files of a corpus: the test of a target where there is no libFuzzer.
//
// usage: TARGET_fuzz FOLDER
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/fuzz.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  size_t inputs = 0;
  for (const auto& item : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream file(item.path(), std::ios::binary);
    std::string input(std::istreambuf_iterator<char>(file), {});
    if (!file) {
      std::fprintf(stderr, "%s: cannot be read\n", item.path().c_str());
      return 1;
    }
    // Before it is run, so that the last line of a test that fails names the input.
    std::printf("%s\n", item.path().filename().c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
    ++inputs;
  }
  std::printf("%zu inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
