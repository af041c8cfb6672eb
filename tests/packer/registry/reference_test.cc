#include "packer/registry/reference.h"

#include <gtest/gtest.h>

#include <string>

#include "packer/error.h"

namespace kontext {
namespace {

const std::string kHex(64, 'a');
const std::string kDigest = "sha256:" + kHex;

struct GoodRow {
  std::string text;
  std::string registry;
  std::string repository;
  std::string tag;
  std::string digest;
  std::string shown;
};

TEST(ReferenceTest, ReadsRegistryReferences) {
  const std::string hub = "registry-1.docker.io";
  const GoodRow rows[] = {
      {"app", hub, "library/app", "latest", "", "docker.io/library/app:latest"},
      {"app:v1", hub, "library/app", "v1", "", "docker.io/library/app:v1"},
      {"team/app:v1", hub, "team/app", "v1", "", "docker.io/team/app:v1"},
      {"docker.io/app", hub, "library/app", "latest", "", "docker.io/library/app:latest"},
      {"registry-1.docker.io/app", hub, "library/app", "latest", "",
       "docker.io/library/app:latest"},
      {"index.docker.io/t/app", hub, "t/app", "latest", "", "docker.io/t/app:latest"},
      {"localhost/app", "localhost", "app", "latest", "", "localhost/app:latest"},
      {"localhost:5000/app:v1", "localhost:5000", "app", "v1", "", "localhost:5000/app:v1"},
      {"127.0.0.1:5000/t/app", "127.0.0.1:5000", "t/app", "latest", "",
       "127.0.0.1:5000/t/app:latest"},
      {"[::1]:5000/app:v1", "[::1]:5000", "app", "v1", "", "[::1]:5000/app:v1"},
      {"[fd00::12]/app", "[fd00::12]", "app", "latest", "", "[fd00::12]/app:latest"},
      {"docker://quay.io/t/app:v1", "quay.io", "t/app", "v1", "", "quay.io/t/app:v1"},
      {"quay.io/t/app@" + kDigest, "quay.io", "t/app", "", kDigest, "quay.io/t/app@" + kDigest},
      {"quay.io/t/app:v1@" + kDigest, "quay.io", "t/app", "", kDigest, "quay.io/t/app@" + kDigest},
      {"r.io/a__b/c-d---e/f.g_h:_X.y-Z", "r.io", "a__b/c-d---e/f.g_h", "_X.y-Z", "",
       "r.io/a__b/c-d---e/f.g_h:_X.y-Z"},
      {"app:" + std::string(128, 't'), hub, "library/app", std::string(128, 't'), "",
       "docker.io/library/app:" + std::string(128, 't')},
  };
  for (const GoodRow& row : rows) {
    SCOPED_TRACE(row.text);
    Reference reference = ParseReference(row.text);
    EXPECT_EQ(reference.destination, Destination::kRegistry);
    EXPECT_EQ(reference.registry, row.registry);
    EXPECT_EQ(reference.repository, row.repository);
    EXPECT_EQ(reference.tag, row.tag);
    EXPECT_EQ(reference.digest, row.digest);
    EXPECT_EQ(reference.ToString(), row.shown);
    EXPECT_EQ(ParseReference(row.shown).ToString(), row.shown);
  }
}

TEST(ReferenceTest, ReadsLayouts) {
  const GoodRow rows[] = {
      {"oci:out", "", "out", "latest", "", "oci:out:latest"},
      {"oci:out:v1", "", "out", "v1", "", "oci:out:v1"},
      {"oci:/a:b/out", "", "/a:b/out", "latest", "", "oci:/a:b/out:latest"},
      {"oci:/a:b/out:v1", "", "/a:b/out", "v1", "", "oci:/a:b/out:v1"},
      {"oci:UP/me@home:v1", "", "UP/me@home", "v1", "", "oci:UP/me@home:v1"},
      {"oci:out@" + kDigest, "", "out", "", kDigest, "oci:out@" + kDigest},
      {"oci:../out", "", "../out", "latest", "", "oci:../out:latest"},
  };
  for (const GoodRow& row : rows) {
    SCOPED_TRACE(row.text);
    Reference reference = ParseReference(row.text);
    EXPECT_EQ(reference.destination, Destination::kOciLayout);
    EXPECT_EQ(reference.registry, "");
    EXPECT_EQ(reference.repository, row.repository);
    EXPECT_EQ(reference.tag, row.tag);
    EXPECT_EQ(reference.digest, row.digest);
    EXPECT_EQ(reference.ToString(), row.shown);
  }
}

TEST(ReferenceTest, ReadsArchives) {
  struct Row {
    std::string text, file, name, tag, digest, shown;
  };
  const std::string app = "docker.io/library/app";
  const Row rows[] = {
      {"docker-archive:x.tar", "x.tar", "", "latest", "", "docker-archive:x.tar"},
      {"docker-archive:-", "-", "", "latest", "", "docker-archive:-"},
      {"docker-archive:/a@b/x.tar:app", "/a@b/x.tar", app, "latest", "",
       "docker-archive:/a@b/x.tar:" + app + ":latest"},
      {"docker-archive:x:r.io:5000/t/app:v1", "x", "r.io:5000/t/app", "v1", "",
       "docker-archive:x:r.io:5000/t/app:v1"},
      {"docker-archive:x@" + kDigest, "x", "", "", kDigest, "docker-archive:x@" + kDigest},
      {"docker-archive:x:app:v1@" + kDigest, "x", app, "", kDigest, "docker-archive:x@" + kDigest},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.text);
    Reference reference = ParseReference(row.text);
    EXPECT_EQ(reference.destination, Destination::kDockerArchive);
    EXPECT_EQ(reference.repository, row.file);
    EXPECT_EQ(reference.name, row.name);
    EXPECT_EQ(reference.tag, row.tag);
    EXPECT_EQ(reference.digest, row.digest);
    EXPECT_EQ(reference.ToString(), row.shown);
    EXPECT_EQ(ParseReference(row.shown).ToString(), row.shown);
  }
}

TEST(ReferenceTest, ReadsNamesOfADaemon) {
  Reference reference = ParseReference("docker-daemon:r.io:5000/t/app:v1");
  EXPECT_EQ(reference.destination, Destination::kDockerDaemon);
  EXPECT_EQ(reference.repository, "r.io:5000/t/app");
  EXPECT_EQ(reference.ToString(), "docker-daemon:r.io:5000/t/app:v1");
  EXPECT_FALSE(reference.SameRepository(reference));
  EXPECT_EQ(ParseReference("docker-daemon:app").ToString(),
            "docker-daemon:docker.io/library/app:latest");
  EXPECT_EQ(ParseReference("docker-daemon:app").Immutable(kDigest), "docker-daemon:" + kDigest);
  EXPECT_EQ(ParseReference("docker-daemon:" + kDigest).digest, kDigest);
  EXPECT_EQ(ParseReference("docker-daemon:" + kDigest).ToString(), "docker-daemon:" + kDigest);
}

TEST(ReferenceTest, ShowsTheImmutableForm) {
  EXPECT_EQ(ParseReference("localhost:5000/t/app:v1").Immutable(kDigest),
            "localhost:5000/t/app@" + kDigest);
  EXPECT_EQ(ParseReference("app:v1").Immutable(kDigest), "docker.io/library/app@" + kDigest);
  EXPECT_EQ(ParseReference("oci:out:v1").Immutable(kDigest), "oci:out@" + kDigest);
}

struct BadRow {
  std::string text;
  std::string reason;  // part of the message
};

TEST(ReferenceTest, RefusesNamingTextAndReason) {
  const BadRow rows[] = {
      {"", "it is empty"},
      {"docker://", "no repository"},
      {"quay.io/", "no repository"},
      {"quay.io/Team/app", "must be lower case"},
      {"App", "must be lower case"},
      {"quay.io/a//b", "empty component"},
      {"quay.io/a/", "empty component"},
      {"quay.io/a_-b", "cannot be part of a repository"},
      {"quay.io/a..b", "cannot be part of a repository"},
      {"quay.io/-a", "cannot be part of a repository"},
      {"quay.io/../x", "cannot be part of a repository"},
      {"quay.io/a b", "cannot be part of a repository"},
      {"quay.io/a:", "the tag after ':' is empty"},
      {"quay.io/a:-x", "the tag \"-x\""},
      {"quay.io/a:x y", "the tag \"x y\""},
      {"quay.io/a:" + std::string(129, 't'), "longer than 128"},
      {"quay.io/a@sha256:12", "what follows '@'"},
      {"quay.io/a@md5:" + kHex, "what follows '@'"},
      {"quay.io:0/a", "not a port number"},
      {"quay.io:65536/a", "not a port number"},
      {"quay.io:x/a", "not a port number"},
      {"-quay.io/a", "not a host name"},
      {"us_er.io/a", "not a host name"},
      {"user@quay.io/a", "what follows '@'"},
      {"[::1/a", "closing ']'"},
      {"[::1]x/a", "not a port number"},
      {"oci:", "names no directory"},
      {"oci::v1", "names no directory"},
      {"oci:out:", "the tag after ':' is empty"},
      {"oci:a:b:c", "may not hold ':'"},
      {"oci:a:b:c@" + kDigest, "may not hold ':'"},
      {"oci:a@sha256", "may not hold ':'"},
      {"docker-archive:", "names no file"},
      {"docker-archive::app", "names no file"},
      {"docker-archive:x.tar:", "no repository"},
      {"docker-archive:x.tar:App", "must be lower case"},
      {"docker-archive:x.tar:@0", "what follows '@'"},
      {"docker-archive:x.tar:app:", "the tag after ':' is empty"},
      {"docker-daemon:", "no repository"},
      {"docker-daemon:App", "must be lower case"},
      {"docker-daemon:app@" + kDigest, "has a tag, or an ID"},
      {"oci-archive:x", "oci-archive: is not a destination that this version writes"},
      {"https://quay.io/a", "https:// is not a destination that this version writes"},
      {"quay.io/" + std::string(250, 'a'), "longer than 255"},
  };
  for (const BadRow& row : rows) {
    SCOPED_TRACE(row.text);
    try {
      ParseReference(row.text);
      ADD_FAILURE() << "taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_NE(std::string(error.what()).find(row.reason), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("\"" + row.text + "\""), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace kontext
