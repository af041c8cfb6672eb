#include "packer/registry/no_proxy.h"

#include <gtest/gtest.h>

namespace kontext {
namespace {

TEST(NoProxyTest, ExceptsHostsAndWhatIsBelow) {
  struct Row {
    const char* list;
    const char* url;
    bool excepted;
  };
  const Row rows[] = {
      {"", "https://r.io/", false},
      {"*", "https://r.io/", true},
      {"r.io", "https://r.io/", true},
      {"R.IO.", "https://r.io/", true},
      {"r.io", "https://a.r.io/", true},
      {".r.io", "https://a.b.r.io/", true},
      {".r.io", "https://r.io/", true},
      {"*.r.io", "https://a.r.io/", true},
      {"r.io", "https://bar.io/", false},
      {"a.io, r.io", "https://r.io/", true},
      {"a.io r.io", "https://r.io/", true},
      {"r.io:443", "https://r.io/", true},
      {"r.io:5000", "https://r.io/", false},
      {"r.io:5000", "http://r.io:5000/", true},
      {"*:5000", "http://r.io:5000/", true},
      {"10.0.0.1:5000", "http://10.0.0.1:5000/", true},
      {"10.0.0.1:5000", "http://10.0.0.1/", false},
      {"fd00::1", "http://[fd00::1]:5000/", true},
      {"[fd00::1]", "http://[fd00::1]:5000/", true},
      {"[fd00::1]:5000", "http://[fd00::1]:5000/", true},
      {"[fd00::1]:5001", "http://[fd00::1]:5000/", false},
      {"10.0.0.0/8", "http://10.1.2.3:5000/", true},
      {"10.0.0.0/8", "http://11.1.2.3:5000/", false},
      {"10.16.0.0/12", "http://10.31.2.3/", true},
      {"10.16.0.0/12", "http://10.32.2.3/", false},
      {"0.0.0.0/0", "http://10.1.2.3/", true},
      {"0.0.0.0/0", "http://[fd00::1]/", false},
      {"0.0.0.0/0", "http://r.io/", false},
      {"10.1.2.3/32", "http://10.1.2.3/", true},
      {"10.0.0.0/33", "http://10.0.0.0/", false},
      {"10.0.0.0/", "http://10.0.0.0/", false},
      {"10.0.0.0/8x", "http://10.0.0.0/", false},
      {"fd00::/8", "http://[fd00::1]:5000/", true},
      {"fd00::/8", "http://[fe80::1]:5000/", false},
      {"2001:db8::/33", "http://[2001:db8:7fff::1]/", true},
      {"2001:db8::/33", "http://[2001:db8:8000::1]/", false},
      {"fd00::1/128", "http://[fd00::1]/", true},
      {"fd00::/129", "http://[fd00::]/", false},
      {"::/0", "http://[fd00::1]/", true},
      {",.,:,[,/,/8", "https://r.io/", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(IsExcepted(row.list, ParseUrl(row.url)), row.excepted) << row.list << " " << row.url;
  }
}

}  // namespace
}  // namespace kontext
