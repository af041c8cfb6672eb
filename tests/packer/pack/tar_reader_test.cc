#include "packer/pack/tar_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "packer/error.h"
#include "packer/pack/tar_writer.h"
#include "tests/support/random.h"

namespace kontext {
namespace {

struct TextWriter : ByteWriter {
  std::string text;
  void Write(std::string_view bytes) override { text += bytes; }
};

struct Found {
  TarItem item;
  std::string data;
};

struct Collector : TarVisitor {
  std::vector<Found> all;
  bool open = false;
  void Begin(const TarItem& item) override {
    EXPECT_FALSE(open);
    open = true;
    all.push_back({item, ""});
  }
  void Data(std::string_view bytes) override { all.back().data += bytes; }
  void End() override { open = false; }
};

std::vector<Found> ReadAll(std::string_view tar, size_t piece) {
  Collector collector;
  TarReader reader(&collector);
  for (; !tar.empty(); tar.remove_prefix(std::min(piece, tar.size()))) {
    reader.Feed(tar.substr(0, piece));
  }
  reader.Finish();
  return collector.all;
}

std::string Problem(std::string_view tar) {
  try {
    ReadAll(tar, 1000);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFormat);
    return error.what();
  }
}

std::string Example() {
  TextWriter out;
  TarWriter tar(&out, 0);
  tar.AddDir("a", 0755);
  tar.AddFile("a/empty", 0644, "");
  tar.AddFile("a/" + std::string(200, 'x'), 0600, std::string(700, 'y'));
  tar.AddSymlink("a/link", std::string(300, 't'));
  tar.AddFile("a/\xc3\xa9", 0644, std::string(512, 'z'));
  tar.Finish();
  return out.text;
}

// Of one entry, whose header `change` alters before its checksum is put right.
template <typename Change>
std::string With(Change change, const std::string& data = "") {
  TextWriter out;
  TarWriter tar(&out, 0);
  tar.AddFile("file", 0644, data);
  tar.Finish();
  change(&out.text);
  std::fill_n(out.text.begin() + 148, 8, ' ');
  unsigned sum = 0;
  for (size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(out.text[i]);
  char digits[8];
  snprintf(digits, sizeof digits, "%06o", sum);
  std::copy_n(digits, 7, out.text.begin() + 148);
  return out.text;
}

void Put(std::string* tar, size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), tar->begin() + static_cast<long>(at));
}

TEST(TarReaderTest, SizesAround8GiB) {
  constexpr uint64_t kLimit = uint64_t{8} << 30;
  for (uint64_t size : {kLimit - 1, kLimit, kLimit + 1, uint64_t{1} << 50}) {
    TextWriter out;
    TarWriter(&out, 0).BeginFile("a", 0644, size);
    Collector collector;
    TarReader(&collector).Feed(out.text);
    ASSERT_EQ(collector.all.size(), 1u);
    EXPECT_EQ(collector.all[0].item.size, size);
  }
}

TEST(TarReaderTest, ReadsWhatIsWrittenInAnyPieces) {
  std::string tar = Example();
  for (size_t piece : {size_t{1}, size_t{7}, size_t{511}, size_t{512}, size_t{513}, tar.size()}) {
    std::vector<Found> all = ReadAll(tar, piece);
    ASSERT_EQ(all.size(), 5u);
    EXPECT_EQ(all[0].item.path, "a");
    EXPECT_EQ(all[0].item.type, TarItem::Type::kDir);
    EXPECT_EQ(all[0].item.mode, 0755u);
    EXPECT_EQ(all[1].data, "");
    EXPECT_EQ(all[2].item.path, "a/" + std::string(200, 'x'));
    EXPECT_EQ(all[2].item.size, 700u);
    EXPECT_EQ(all[2].data, std::string(700, 'y'));
    EXPECT_EQ(all[3].item.type, TarItem::Type::kSymlink);
    EXPECT_EQ(all[3].item.target, std::string(300, 't'));
    EXPECT_EQ(all[4].item.path, "a/\xc3\xa9");
    EXPECT_EQ(all[4].data, std::string(512, 'z'));
  }
}

TEST(TarReaderTest, AnyCutIsNoticed) {
  std::string tar = Example();
  // One block of zeros is enough of an end.
  for (size_t size = 0; size <= tar.size() - 1024; ++size) {
    ASSERT_NE(Problem(tar.substr(0, size)), "") << size;
  }
  EXPECT_EQ(Problem(tar), "");
  EXPECT_NE(Problem(tar + "x"), "");
}

TEST(TarReaderTest, RefusesWhatNoLayerHolds) {
  EXPECT_EQ(Problem(With([](std::string*) {})), "");
  for (char type : {'1', '3', '4', '6', '7', 'L', 'K', 'S', 'V'}) {
    EXPECT_NE(Problem(With([&](std::string* tar) { (*tar)[156] = type; })), "") << type;
  }
  EXPECT_NE(Problem(With([](std::string* tar) { Put(tar, 257, "nomagic"); })), "");
  EXPECT_NE(Problem(With([](std::string* tar) { Put(tar, 124, "99999999999"); })), "");
  EXPECT_NE(Problem(With([](std::string* tar) { Put(tar, 124, "\x80\xff\xff\xff\xff\xff"); })), "");
  EXPECT_NE(Problem(With([](std::string* tar) { Put(tar, 124, std::string(12, ' ')); })), "");
  EXPECT_NE(Problem(With([](std::string* tar) { Put(tar, 0, std::string(4, '\0')); })), "");
  // A directory with data.
  EXPECT_NE(Problem(With([](std::string* tar) { (*tar)[156] = '5'; }, "data")), "");
  std::string wrong_sum = With([](std::string*) {});
  wrong_sum[0] = 'x';
  EXPECT_NE(Problem(wrong_sum), "");
}

TEST(TarReaderTest, RefusesBadPaxRecords) {
  auto pax = [](const std::string& records) {
    return With([](std::string* tar) { (*tar)[156] = 'x'; }, records);
  };
  for (const char* records : {"x", "5 a=b", "99 path=x\n", "0 path=x\n", "1 path=x\n", "9 pathxx\n",
                              "-9 path=x\n", "18446744073709551617 path=x\n", "10 size=-1\n",
                              "28 size=99999999999999999999\n", "26 size=9223372036854775807\n"}) {
    // The archive ends without an entry for them, which is fine; so the last two need one.
    std::string tar = pax(records);
    tar.resize(1024);
    EXPECT_NE(Problem(tar + With([](std::string*) {})), "") << records;
  }
  std::string long_one = With([](std::string* tar) {
    (*tar)[156] = 'x';
    Put(tar, 124, "00777777777");
  });
  EXPECT_NE(Problem(long_one), "");
}

// Whatever comes in, the answer is items or an Error.
TEST(TarReaderTest, SurvivesRandomDamage) {
  Random random;
  std::string good = Example();
  for (int round = 0; round < 20000; ++round) {
    std::string tar = good;
    for (size_t flips = 1 + random.Below(4); flips > 0; --flips) {
      tar[random.Below(tar.size())] = static_cast<char>(random.Bits());
    }
    tar.resize(random.Below(tar.size() + 1));
    Problem(tar);
  }
}

}  // namespace
}  // namespace kontext
