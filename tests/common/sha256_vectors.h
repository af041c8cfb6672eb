// Test vectors of FIPS 180-4: NIST, "SHA Test Vectors for Hashing Byte-Oriented Messages" and the
// example file SHA256.pdf. Without GoogleTest, so that the cross-compiled self test has them too.
#pragma once

#include <stddef.h>

#include <string_view>

namespace kontext {

struct Sha256Vector {
  const char* name;
  std::string_view text;
  size_t repeat;
  const char* hex;
};

inline constexpr Sha256Vector kSha256Vectors[] = {
    {"empty", "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"448 bits", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"896 bits",
     "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
     "lmnopqrsmnopqrstnopqrstu",
     1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"a million a", "a", 1000000,
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

}  // namespace kontext
