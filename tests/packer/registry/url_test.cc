#include "packer/registry/url.h"

#include <gtest/gtest.h>

#include <string>

#include "packer/error.h"

namespace kontext {
namespace {

TEST(UrlTest, ResolvesWhatARegistryGives) {
  struct Row {
    const char* base;
    const char* location;
    const char* resolved;
  };
  const Row rows[] = {
      {"https://r.io/v2/a/blobs/uploads/", "/v2/a/blobs/uploads/1?_state=x%2Fy",
       "https://r.io/v2/a/blobs/uploads/1?_state=x%2Fy"},
      {"https://r.io/v2/a/blobs/uploads/", "1?x=y", "https://r.io/v2/a/blobs/uploads/1?x=y"},
      {"https://r.io:8443/v2/", "//s.io/up", "https://s.io/up"},
      {"http://localhost:5000/v2/", "http://localhost:5000/u?a=b&c=d",
       "http://localhost:5000/u?a=b&c=d"},
      {"https://r.io/v2/", "https://user:pw@s.io/u#x", "https://s.io/u"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ResolveUrl(ParseUrl(row.base), row.location).text, row.resolved);
  }
}

TEST(UrlTest, RefusesOtherSchemes) {
  for (const char* text :
       {"ftp://r.io/", "file:///etc/passwd", "", "r.io", "http://", "https://./x"}) {
    EXPECT_THROW(ParseUrl(text), Error) << text;
  }
}

TEST(UrlTest, ToldApartByReach) {
  for (const char* host :
       {"localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "[::1]", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
    EXPECT_TRUE(IsPrivateHost(host)) << host;
  }
  for (const char* host : {"10.1.2.3",          "172.16.0.1",        "172.31.255.255",
                           "192.168.1.1",       "169.254.169.254",   "100.64.0.1",
                           "0.0.0.0",           "198.18.0.1",        "224.0.0.1",
                           "255.255.255.255",   "fd00::1",           "fe80::1",
                           "fec0::1",           "ff02::1",           "::ffff:10.0.0.1",
                           "::ffff:0:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::808:808",
                           "2002:a00:1::1",     "2001:0:1::1",       "::"}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
    EXPECT_TRUE(IsPrivateHost(host)) << host;
  }
  for (const char* host :
       {"r.io", "localhost.r.io", "128.0.0.1", "172.32.0.1", "172.15.0.1", "8.8.8.8", "2001:db8::1",
        "64:ff9b::8.8.8.8", "2002:808:808::1", "::ffff:8.8.8.8", "127.0.0.1.r.io"}) {
    EXPECT_FALSE(IsPrivateHost(host)) << host;
  }
}

TEST(UrlTest, RegistriesOnThisMachine) {
  for (const char* registry : {"localhost", "localhost:5000", "127.0.0.1:5000", "127.1:5000",
                               "0x7f000001", "[::1]", "[::1]:5000"}) {
    EXPECT_TRUE(IsLoopbackRegistry(registry)) << registry;
  }
  for (const char* registry : {"r.io", "r.io:5000", "127.0.0.1.r.io", "10.0.0.1:5000", "[fd00::1]",
                               "localhost.r.io:5000", "127"}) {
    EXPECT_FALSE(IsLoopbackRegistry(registry)) << registry;
  }
}

TEST(UrlTest, HopsThatAreNotTaken) {
  struct Row {
    const char* from;
    const char* to;
    bool redirect;
    bool upload;
  };
  const Row rows[] = {
      {"https://r.io/", "https://cdn.io/", true, true},
      {"https://r.io/", "http://cdn.io/", false, false},
      {"https://r.io/", "http://r.io/", false, false},
      {"http://r.io/", "https://r.io/", true, true},
      {"http://r.io:5000/", "http://r.io/", true, true},
      {"http://r.io/", "http://cdn.io/", true, false},
      {"https://r.io/", "https://169.254.169.254/", false, false},
      {"https://r.io/", "https://[fd00::1]/", false, false},
      {"https://r.io/", "https://localhost/", false, false},
      {"https://r.io/", "https://2130706433/", false, false},
      {"https://r.io/", "https://0x7f.1/", false, false},
      {"http://10.0.0.1/", "http://127.0.0.1/", false, false},
      {"http://10.0.0.1/", "http://10.0.0.1:9000/", true, true},
      {"https://10.0.0.1/", "https://10.0.0.2/", false, false},
      {"https://10.0.0.1/", "https://cdn.io/", true, true},
      {"http://localhost:5000/", "http://10.0.0.1/", false, false},
      {"https://r.io/", "https://[::ffff:10.0.0.1]/", false, false},
      {"https://10.0.0.1/", "https://[::ffff:a00:2]/", false, false},
      {"https://r.io/", "https://[64:ff9b::a9fe:a9fe]/", false, false},
      {"https://r.io/", "https://[64:ff9b::808:808]/", true, true},
      {"http://localhost:5000/", "http://127.0.0.1:9000/", true, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.from) + " to " + row.to);
    Url from = ParseUrl(row.from), to = ParseUrl(row.to);
    EXPECT_EQ(HopProblem(from, to) == nullptr, row.redirect);
    EXPECT_EQ(UploadHopProblem(from, to) == nullptr, row.upload);
  }
}

TEST(UrlTest, BlanksCredentialsForATrace) {
  EXPECT_EQ(RedactUrl("https://u:p@r.io/v2/?_state=secret&digest=sha256:ab&X-Sig=1"),
            "https://***@r.io/v2/?_state=***&digest=sha256:ab&X-Sig=***");
  EXPECT_EQ(RedactUrl("https://r.io/v2/a@b"), "https://r.io/v2/a@b");
  EXPECT_EQ(RedactUrl("nonsense"), "nonsense");
  EXPECT_EQ(RedactUrl("https://r.io/?a=b&&"), "https://r.io/?a=***&&");
  EXPECT_EQ(RedactUrl("//u:p@r.io/x"), "//***@r.io/x");
  EXPECT_EQ(RedactUrl("u:p@r.io/x//y"), "***@r.io/x//y");
  EXPECT_EQ(RedactUrl("/up//u@b"), "/up//u@b");
  EXPECT_EQ(RedactUrl("https://r.io/?secret&n=1;sig=2#access_token=3"),
            "https://r.io/?***&n=1;sig=***");
  EXPECT_EQ(RedactUrl("https://r.io/\x1b[31m\xc2\x9b x"), "https://r.io/%1B[31m%C2%9B%20x");
  EXPECT_LE(RedactUrl("https://r.io/" + std::string(65536, 'x')).size(), 1003u);
  try {
    ParseUrl("https://u:p@r.io:x/\x1b?sig=1");
    ADD_FAILURE() << "a URL";
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("\"https://***@r.io:x/%1B?sig=***\" is not"));
  }
  EXPECT_EQ(RedactUrl("https://r.io/?"), "https://r.io/?");
}

}  // namespace
}  // namespace kontext
