// All that reads JSON documents: a head, those of an image, and what a registry or a user's
// settings say.
#include "common/head.h"
#include "common/index_writer.h"
#include "packer/image/image.h"
#include "packer/registry/auth_config.h"
#include "packer/registry/error_body.h"
#include "packer/registry/json_edit.h"
#include "packer/registry/secrets.h"
#include "packer/registry/token.h"
#include "packer/store/layout_index.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/index_text.h"

namespace kontext {
namespace {

// Empty when it is no head.
std::string HeadAgain(std::string text) {
  Head head;
  text.push_back('x');  // the byte that ParseHead may write
  if (ParseHead(text.data(), text.size() - 1, &head) != nullptr) return {};
  Require(head.segment_count > 0 && head.segment_count <= kMaxSegments, "a head has segments");
  std::string written;
  WriteHead(head, AppendTo(&written));
  return written;
}

void CheckHead(const std::string& text) {
  std::string written = HeadAgain(text);
  if (!written.empty()) Require(HeadAgain(written) == written, "a head reads as written");
}

// Reads and writes a document twice; the second time must not change it.
template <typename Document>
void CheckDocument(const std::string& json, Document (*read)(std::string_view),
                   std::string (*write)(const Document&)) {
  Document document;
  if (!Accepts([&] { document = read(json); })) return;
  std::string written = write(document);
  Require(Accepts([&] { document = read(written); }), "a document that was written can be read");
  Require(write(document) == written, "a document reads as written");
}

void CheckErrorBody(const std::string& body) {
  RegistryError error = ParseErrorBody(body);
  constexpr size_t kLongestMessage = 200;
  Require(error.message.size() <= kLongestMessage, "a message is short");
  Require(IsUtf8(error.message), "a message is UTF-8");
  for (char c : error.message) {
    Require(static_cast<unsigned char>(c) >= ' ' && c != 0x7f, "a message is one line");
  }
}

void CheckSecrets(const std::string& body) {
  // One that bodies hold, escaped or not.
  const std::string secrets[] = {"user", body.substr(0, 8)};
  std::string shown = Blank(body, secrets);
  Require(shown.find(secrets[0]) == std::string::npos, "a secret is blanked");
  Require(Blank(shown, {secrets, 1}) == shown, "what was blanked is blank");
}

void CheckToken(const std::string& body) {
  Response answer;
  answer.status = 200;
  answer.headers["date"] = "Tue, 01 Jan 1980 00:00:00 GMT";
  answer.body = body;
  Token token;
  if (Accepts([&] { token = ParseToken(answer); })) Require(!token.value.empty(), "a token is one");
}

void CheckEdit(const std::string& json) {
  const JsonPath path = {"a", "b"};
  std::string set;
  if (!Accepts([&] { set = SetMember(json, path, "1"); })) return;
  std::string twice;
  Require(Accepts([&] { twice = SetMember(set, path, "1"); }) && twice == set,
          "setting a member twice changes nothing");
  std::string removed;
  Require(Accepts([&] { removed = RemoveMember(set, path); }), "what was set can be removed");
  Require(RemoveMember(removed, path) == removed, "what was removed is gone");
}

void CheckAuth(const std::string& json) {
  const std::string registry = "r.example:5000";
  Accepts([&] { FindAuth(json, registry, "team/app"); });
  Accepts([&] { HelperFor(json, registry); });
  std::string with;
  if (!Accepts([&] { with = WithAuth(json, registry, AuthEntry("user", "word")); })) return;
  Accepts([&] { FindAuth(with, registry, ""); });
  std::string without;
  Require(Accepts([&] { without = WithoutAuth(with, registry); }), "an entry can be removed");
  Require(WithoutAuth(without, registry) == without, "an entry that was removed is gone");
}

void CheckLayout(const std::string& json) {
  Accepts([&] { FindTag(json, "v1"); });
  Descriptor manifest;
  manifest.media_type = kMediaTypeIndex;
  manifest.digest = "sha256:" + HexOf(Sha("x"));
  manifest.size = 1;
  std::string tagged;
  if (!Accepts([&] { tagged = WithTag(json, manifest, "v1"); })) return;
  std::optional<Descriptor> found;
  Require(Accepts([&] { found = FindTag(tagged, "v1"); }) && found.has_value() &&
              found->digest == manifest.digest,
          "a tag that was set is found");
}

}  // namespace
}  // namespace kontext

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontext;
  std::string json(TextOf(data, size));
  CheckHead(json);
  CheckDocument(json, &ReadConfig, &WriteConfig);
  CheckDocument(json, &ReadManifest, &WriteManifestJson);
  CheckDocument(json, &ReadIndex, &WriteIndexJson);
  CheckErrorBody(json);
  CheckSecrets(json);
  CheckToken(json);
  CheckEdit(json);
  CheckAuth(json);
  CheckLayout(json);
  return 0;
}
