#include "packer/registry/tls_files.h"

#include <gtest/gtest.h>

#include <string>

#include "packer/error.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

class TlsFilesTest : public testing::Test {
 protected:
  TlsFiles Find(const char* host, const char* port) {
    return FindTlsFiles({dir_ / "missing", dir_ / "a", dir_ / "b"}, host, port);
  }

  std::string Failure() {
    try {
      Find("r.io", "443");
      return {};
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
  }

  TempDir dir_;
};

TEST_F(TlsFilesTest, FindsTheFolderOfAHost) {
  for (const char* name : {"r.io", "r.io:5000", "q.io:443", "[::1]:5000"}) {
    WriteFile(dir_ / ("b/" + std::string(name) + "/ca.crt"), "pem");
  }
  struct Row {
    const char* host;
    const char* port;
    const char* folder;  // null: none
  };
  const Row rows[] = {
      {"r.io", "443", "r.io"},      {"r.io", "5000", "r.io:5000"}, {"r.io", "5001", nullptr},
      {"q.io", "443", "q.io:443"},  {"::1", "5000", "[::1]:5000"}, {"::1", "443", nullptr},
      {"other.io", "443", nullptr},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.host) + " " + row.port);
    TlsFiles files = Find(row.host, row.port);
    ASSERT_EQ(files.authorities.size(), row.folder == nullptr ? 0u : 1u);
    if (row.folder != nullptr) {
      EXPECT_EQ(files.authorities[0], dir_ / ("b/" + std::string(row.folder) + "/ca.crt"));
    }
  }
}

TEST_F(TlsFilesTest, TheFirstFolderCounts) {
  WriteFile(dir_ / "b/r.io/ca.crt", "b");
  WriteFile(dir_ / "a/r.io/two.crt", "-----BEGIN 2");
  WriteFile(dir_ / "a/r.io/one.crt", "-----BEGIN 1");
  WriteFile(dir_ / "a/r.io/README", "no certificate");
  TlsFiles files = Find("r.io", "443");
  EXPECT_EQ(files.authorities,
            (std::vector<std::string>{dir_ / "a/r.io/one.crt", dir_ / "a/r.io/two.crt"}));
  EXPECT_EQ(files.certificate, "");
  EXPECT_EQ(ReadPemFiles(files.authorities), "-----BEGIN 1\n-----BEGIN 2\n");
  EXPECT_THROW(ReadPemFiles({dir_ / "a/r.io/none.crt"}), Error);
  EXPECT_THROW(ReadPemFiles({dir_ / "a"}), Error);
  EXPECT_THROW(ReadPemFiles({dir_ / "a/r.io/README"}), Error);
}

TEST_F(TlsFilesTest, AClientsPair) {
  WriteFile(dir_ / "a/r.io/me.cert", "c");
  EXPECT_NE(Failure().find("a/r.io/me.cert is there without me.key"), std::string::npos);
  WriteFile(dir_ / "a/r.io/me.key", "k");
  EXPECT_EQ(Find("r.io", "443").certificate, dir_ / "a/r.io/me.cert");
  EXPECT_EQ(Find("r.io", "443").key, dir_ / "a/r.io/me.key");
  WriteFile(dir_ / "a/r.io/alone.key", "k");
  EXPECT_NE(Failure().find("a/r.io/alone.key is there without alone.cert"), std::string::npos);
}

}  // namespace
}  // namespace kontext
