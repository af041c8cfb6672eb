#include "packer/pack/gzip_writer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "packer/pack/temp_file.h"
#include "tests/support/gunzip.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

struct Packed {
  std::string bytes;
  uint64_t first = 0;  // compressed size of the first member
  Digest digest{};
  Digest input{};
};

// `head` goes in a member of its own.
Packed Pack(std::string_view head, std::string_view rest, size_t threads, size_t piece) {
  UniqueFd file = OpenTempFile();
  GzipWriter gzip(file.get(), 6, threads);
  Packed packed;
  gzip.Write(head);
  packed.first = gzip.EndMember();
  for (size_t i = 0; i < rest.size(); i += piece) gzip.Write(rest.substr(i, piece));
  gzip.Finish();
  packed.bytes.resize(gzip.size());
  EXPECT_EQ(pread(file.get(), packed.bytes.data(), packed.bytes.size() + 1, 0),
            static_cast<ssize_t>(packed.bytes.size()));
  packed.digest = gzip.digest();
  packed.input = gzip.input_digest();
  return packed;
}

std::string SomeText() {
  Random random;
  std::string text = random.Text(2500000, "abcdef ");
  return text + random.Bytes(900000) + std::string(2000000, 'x');
}

TEST(GzipWriterTest, InflatesToWhatWentIn) {
  std::string text = SomeText();
  Packed packed = Pack("the head", text, 2, 100000);
  EXPECT_TRUE(Gunzip(packed.bytes) == "the head" + text);
  EXPECT_EQ(packed.digest, Sha(packed.bytes));
  EXPECT_EQ(packed.input, Sha("the head" + text));
}

TEST(GzipWriterTest, ThreadsAndPiecesMakeNoDifference) {
  std::string text = SomeText();
  Packed one = Pack("head", text, 1, text.size());
  for (size_t threads : {2, 3, 8}) {
    for (size_t piece : {4096, 1048577}) {
      EXPECT_EQ(Pack("head", text, threads, piece).digest, one.digest) << threads << " " << piece;
    }
  }
}

TEST(GzipWriterTest, TheFirstMemberStandsAlone) {
  for (size_t size : {1, 1000, 1048576, 1500000}) {
    std::string head(size, 'h');
    Packed packed = Pack(head, "rest", 2, 10);
    EXPECT_TRUE(Gunzip(packed.bytes.substr(0, packed.first)) == head) << size;
    EXPECT_EQ(Gunzip(packed.bytes.substr(packed.first)), "rest");
  }
}

}  // namespace
}  // namespace kontext
