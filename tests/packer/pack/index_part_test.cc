#include "packer/pack/index_part.h"

#include <gtest/gtest.h>

#include <string>

#include "packer/error.h"
#include "packer/pack/tar_writer.h"
#include "tests/support/gunzip.h"
#include "tests/support/index_text.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

struct StringWriter : ByteWriter {
  void Write(std::string_view bytes) override { text.append(bytes); }
  std::string text;
};

const std::string kLines = LineOf(DirEntry("a")) + LineOf(FileEntry("a/b", "1"));

std::string Tar(const std::string& lines, const Digest& name, const std::string& rest) {
  StringWriter out;
  TarWriter tar(&out, 0);
  for (const char* dir : {"var", "var/lib", "var/lib/kontext", "var/lib/kontext/segments"}) {
    tar.AddDir(dir, 0755);
  }
  tar.AddFile("var/lib/kontext/segments/" + HexOf(name) + ".jsonl", 0644, lines);
  tar.AddFile("var/run/kontext/data", 0644, rest);
  tar.Finish();
  return out.text;
}

// The index, or "Error: …".
std::string Read(std::string_view bytes, size_t piece, size_t* fed = nullptr) {
  try {
    IndexPartReader reader(Sha(kLines));
    size_t done = 0;
    bool more = true;
    while (more && done < bytes.size()) {
      more = reader.Feed(bytes.substr(done, piece));
      done += piece;
    }
    if (fed != nullptr) *fed = done;
    return reader.Take();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFormat);
    return std::string("Error: ") + error.what();
  }
}

TEST(IndexPartTest, InPiecesOfAnySizeCompressedOrNot) {
  std::string tar = Tar(kLines, Sha(kLines), "rest");
  for (const std::string& layer :
       {tar, Gzip(tar), Gzip(tar.substr(0, 700)) + Gzip(tar.substr(700))}) {
    for (size_t piece : {size_t{1}, size_t{13}, size_t{1000}, size_t{1} << 20}) {
      EXPECT_EQ(Read(layer, piece), kLines) << piece;
    }
  }
}

TEST(IndexPartTest, HangsUpEarly) {
  Random random;
  std::string layer = Gzip(Tar(kLines, Sha(kLines), random.Bytes(3 << 20)));
  size_t fed = 0;
  EXPECT_EQ(Read(layer, 4096, &fed), kLines);
  EXPECT_LT(fed, 256u * 1024);
}

TEST(IndexPartTest, EveryCutIsRefused) {
  std::string tar = Tar(kLines, Sha(kLines), "rest");
  size_t index_end = 5 * 512 + kLines.size();
  for (size_t size = 0; size < index_end; ++size) {
    ASSERT_EQ(Read(std::string_view(tar).substr(0, size), 512).rfind("Error", 0), 0u) << size;
  }
  std::string layer = Gzip(tar);
  EXPECT_EQ(Read(std::string_view(layer).substr(0, layer.size() / 3), 10).rfind("Error", 0), 0u);
}

TEST(IndexPartTest, WhatIsNotTheLayerIsRefused) {
  std::string changed = kLines;
  changed[20] ^= 1;
  std::string good = Gzip(Tar(kLines, Sha(kLines), "rest"));
  std::string flipped = good;
  flipped[good.size() / 4] ^= 0x55;
  StringWriter dirs;
  TarWriter tar(&dirs, 0);
  for (int i = 0; i < 1000; ++i) tar.AddDir("var", 0755);
  const std::pair<const char*, std::string> kCases[] = {
      {"a changed index", Tar(changed, Sha(kLines), "")},
      {"another index", Tar(changed, Sha(changed), "")},
      {"too far from the beginning", dirs.text + Tar(kLines, Sha(kLines), "")},
      {"no tar", std::string(4096, 'x')},
      {"text", Gzip("hello, this is no tar archive" + std::string(1000, ' '))},
      {"nothing", ""},
      {"zeros", std::string(4096, '\0')},
      {"empty gzip", Gzip("")},
      {"gzip's first byte alone", "\x1f" + std::string(100, 'x')},
      {"damaged gzip", flipped},
  };
  for (const auto& [name, layer] : kCases) {
    EXPECT_EQ(Read(layer, 100).rfind("Error: ", 0), 0u) << name;
  }
}

}  // namespace
}  // namespace kontext
