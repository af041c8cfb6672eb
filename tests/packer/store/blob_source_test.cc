#include "packer/store/blob_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "packer/error.h"

namespace kontext {
namespace {

std::string Read(const BlobSource& source, uint64_t offset, size_t piece = 3) {
  std::string bytes, buffer(piece, '\0');
  std::unique_ptr<BlobReader> reader = source.Open(offset);
  while (size_t got = reader->Read(buffer.data(), piece)) bytes.append(buffer, 0, got);
  return bytes;
}

TEST(BlobSourceTest, MemoryFileAndPartReadAlike) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(tmpfile(), fclose);
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(write(fileno(file.get()), "0123456789rest", 14), 14);
  std::unique_ptr<BlobSource> larger = MemoryBlob("..0123456789..");
  std::unique_ptr<BlobSource> sources[] = {
      MemoryBlob("0123456789"), FileBlob(fileno(file.get()), 10), PartOf(*larger, 2, 10)};
  for (const auto& source : sources) {
    EXPECT_EQ(source->size(), 10u);
    EXPECT_EQ(Read(*source, 0), "0123456789");
    EXPECT_EQ(Read(*source, 0, 100), "0123456789");
    EXPECT_EQ(Read(*source, 4), "456789");
    EXPECT_EQ(Read(*source, 10), "");
    EXPECT_EQ(Read(*source, 11), "");
  }
}

TEST(BlobSourceTest, AFailingFileIsAnError) { EXPECT_THROW(Read(*FileBlob(-1, 10), 0), Error); }

}  // namespace
}  // namespace kontext
