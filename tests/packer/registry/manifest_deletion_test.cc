// Tags and manifests are deleted, from registries that can and that cannot.
#include "packer/registry/manifest_deletion.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "packer/error.h"
#include "tests/packer/registry/fake_transport.h"

namespace kontext {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kOther = "sha256:" + std::string(64, 'b');

class ManifestDeletionTest : public testing::Test {
 protected:
  bool Run(const std::string& name) {
    FakeTransport transport(&script_);
    Endpoint endpoint(transport, ParseReference("127.0.0.1:5000/app:v1"), false, {});
    return DeleteManifest(endpoint, name, [&](const std::string& tag) {
      auto found = tags_.find(tag);
      return found == tags_.end() ? std::nullopt : std::optional(found->second);
    });
  }

  std::string Failure(const std::string& name) {
    try {
      Run(name);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  std::string Seen() const {
    std::string seen;
    for (const SeenRequest& request : script_.seen) {
      seen += request.method + ' ' + request.url.substr(request.url.find("/app/") + 5) + '\n';
    }
    return seen;
  }

  std::map<std::string, std::string> tags_ = {{"v1", kDigest}, {"v2", kOther}, {kDigest, kDigest}};
  Script script_;
};

TEST_F(ManifestDeletionTest, ByTag) {
  script_.steps = {{202, {}, ""}};
  EXPECT_TRUE(Run("v1"));
  EXPECT_EQ(Seen(), "DELETE manifests/v1\n");
}

TEST_F(ManifestDeletionTest, NotThere) {
  EXPECT_FALSE(Run("v3"));
  script_.steps = {{404, {}, ""}};
  EXPECT_FALSE(Run(kDigest));
}

TEST_F(ManifestDeletionTest, ByDigestWhereTagsCannotBeDeleted) {
  script_.steps = {{405, {}, R"({"errors":[{"code":"UNSUPPORTED"}]})"},
                   {200, {}, R"({"name":"app","tags":["v1","v2","gone"]})"},
                   {202, {}, ""}};
  EXPECT_TRUE(Run("v1"));
  EXPECT_EQ(Seen(),
            "DELETE manifests/v1\nGET tags/list?n=1000\nDELETE manifests/" + kDigest + "\n");
}

TEST_F(ManifestDeletionTest, NotWithAnotherTag) {
  tags_["v2"] = kDigest;
  script_.steps = {{400, {}, ""}, {200, {}, R"({"name":"app","tags":["v1","v2"]})"}};
  std::string said = Failure("v1");
  EXPECT_NE(said.find("the tag v2 is the same image"), std::string::npos) << said;
  EXPECT_NE(said.find(kDigest), std::string::npos) << said;
  EXPECT_EQ(script_.seen.size(), 2u);
}

TEST_F(ManifestDeletionTest, NotWithMoreTagsThanCanBeLookedAt) {
  script_.steps = {
      {400, {}, ""},
      {200, {{"link", "</v2/app/tags/list?last=v1>; rel=\"next\""}}, R"({"tags":[]})"}};
  std::string said = Failure("v1");
  EXPECT_NE(said.find("too many tags"), std::string::npos) << said;
}

TEST_F(ManifestDeletionTest, SwitchedOff) {
  script_.steps = {{405, {}, ""}, {200, {}, R"({"tags":["v1"]})"}, {405, {}, ""}};
  std::string said = Failure("v1");
  EXPECT_NE(said.find("REGISTRY_STORAGE_DELETE_ENABLED"), std::string::npos) << said;
  EXPECT_EQ(said.find("127.0.0.1:5000/app:v1: "), 0u) << said;
}

TEST(ReadTagListTest, Answers) {
  EXPECT_EQ(ReadTagList(R"({"name":"a","tags":["v1","v2"]})"),
            (std::vector<std::string>{"v1", "v2"}));
  EXPECT_TRUE(ReadTagList(R"({"name":"a","tags":null})").empty());
  EXPECT_TRUE(ReadTagList("{}").empty());
  for (const char* bad : {"", "[]", "<html>", "{\"tags\":"}) {
    EXPECT_THROW(ReadTagList(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace kontext
