#include "packer/pack/compressed_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "packer/error.h"
#include "packer/pack/unnamed_file.h"
#include "tests/support/gunzip.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"
#include "tests/support/zstd_text.h"

namespace kontext {
namespace {

struct Packed {
  std::string bytes;
  uint64_t first = 0;  // compressed size of the first member
  Digest digest{};
  Digest input{};
};

// `head` goes in a member of its own.
Packed Pack(const Codec& codec, std::string_view head, std::string_view rest, size_t threads,
            size_t piece) {
  UniqueFd file = OpenUnnamedFile();
  CompressedWriter out(file.get(), codec, threads);
  Packed packed;
  out.Write(head);
  out.EndMember();
  size_t blocks = (head.size() + codec.BlockSize() - 1) / codec.BlockSize();
  for (size_t i = 0; i < rest.size(); i += piece) out.Write(rest.substr(i, piece));
  packed.input = out.EndInput();
  out.Finish();
  packed.first = out.blocks()[blocks - 1].output;
  packed.bytes.resize(out.size());
  EXPECT_EQ(pread(file.get(), packed.bytes.data(), packed.bytes.size() + 1, 0),
            static_cast<ssize_t>(packed.bytes.size()));
  packed.digest = out.digest();
  return packed;
}

std::string SomeText() {
  Random random;
  std::string text = random.Text(2500000, "abcdef ");
  return text + random.Bytes(900000) + std::string(2000000, 'x');
}

constexpr Codec kCodecs[] = {
    {Compression::kGzip, 1}, {Compression::kGzip, 6}, {Compression::kZstd, 3}};

std::string Unpack(const Codec& codec, std::string_view bytes) {
  return codec.compression == Compression::kGzip ? Gunzip(bytes) : Unzstd(bytes);
}

TEST(CompressedWriterTest, UnpacksToWhatWentIn) {
  std::string text = SomeText();
  for (const Codec& codec : kCodecs) {
    Packed packed = Pack(codec, "the head", text, 2, 100000);
    EXPECT_TRUE(Unpack(codec, packed.bytes) == "the head" + text);
    EXPECT_EQ(packed.digest, Sha(packed.bytes));
    EXPECT_EQ(packed.input, Sha("the head" + text));
  }
}

TEST(CompressedWriterTest, ThreadsAndPiecesMakeNoDifference) {
  std::string text = SomeText();
  for (const Codec& codec : kCodecs) {
    Packed one = Pack(codec, "head", text, 1, text.size());
    for (size_t threads : {2, 3, 8, 100}) {
      for (size_t piece : {4096, 1048577}) {
        EXPECT_EQ(Pack(codec, "head", text, threads, piece).digest, one.digest)
            << threads << " " << piece;
      }
    }
  }
}

TEST(CompressedWriterTest, TheFirstMemberStandsAlone) {
  for (const Codec& codec : kCodecs) {
    for (size_t size : {1, 1000, 1048576, 1500000, 3000000}) {
      std::string head(size, 'h');
      Packed packed = Pack(codec, head, "rest", 2, 10);
      EXPECT_TRUE(Unpack(codec, packed.bytes.substr(0, packed.first)) == head) << size;
      EXPECT_EQ(Unpack(codec, packed.bytes.substr(packed.first)), "rest");
    }
  }
}

TEST(CompressedWriterTest, AFullDiskIsNamed) {
  UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  for (size_t threads : {1, 4}) {
    CompressedWriter out(full.get(), {}, threads);
    try {
      out.Write(SomeText());
      out.EndInput();
      out.Finish();
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace kontext
