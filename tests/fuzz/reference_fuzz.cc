// References, URLs and challenges: the one line of an input is taken for each of them.
#include <cctype>

#include "packer/registry/challenge.h"
#include "packer/registry/reference.h"
#include "packer/registry/token.h"
#include "packer/registry/url.h"
#include "tests/fuzz/fuzz.h"

namespace kontext {
namespace {

bool SameName(const Reference& a, const Reference& b) {
  return a.destination == b.destination && a.registry == b.registry &&
         a.repository == b.repository &&
         (!a.digest.empty() || a.name == b.name);  // with a digest, a name says nothing
}

void CheckReference(const std::string& text) {
  Reference reference;
  if (!Accepts([&] { reference = ParseReference(text); })) return;
  // A daemon's images have an ID that needs no name.
  bool has_id = reference.destination == Destination::kDockerDaemon;
  bool is_id = has_id && !reference.digest.empty();
  Require(reference.repository.empty() == is_id, "a reference has a repository");
  Require(reference.tag.empty() != reference.digest.empty(), "a reference has a tag or a digest");
  Reference again;
  Require(Accepts([&] { again = ParseReference(reference.ToString()); }) &&
              SameName(again, reference) && again.tag == reference.tag &&
              again.digest == reference.digest,
          "a reference reads as it is written");
  const std::string digest = "sha256:" + std::string(64, 'a');
  Require(Accepts([&] { again = ParseReference(reference.Immutable(digest)); }) &&
              (has_id || again.repository == reference.repository) && again.digest == digest &&
              again.tag.empty(),
          "an immutable reference reads as it is written");
}

void CheckUrl(const Url& url) {
  Require(url.scheme == "http" || url.scheme == "https", "a URL is http or https");
  Require(!url.host.empty() && !url.port.empty(), "a URL has a host and a port");
  Url again;
  Require(Accepts([&] { again = ParseUrl(url.text); }) && again.text == url.text &&
              SameOrigin(again, url),
          "a URL reads as it is written");
  Require(HopProblem(url, url) == nullptr, "a URL may lead to itself");
  std::string redacted = RedactUrl(url.text);
  // A long one is cut, and says so.
  bool cut = redacted.ends_with("\u2026");
  Require(cut || RedactUrl(redacted) == redacted, "what is blanked stays blank");
  Require(!IsLoopbackHost(url.host) || IsPrivateHost(url.host), "loopback is private");
}

void CheckUrls(const std::string& text) {
  Url url;
  if (Accepts([&] { url = ParseUrl(text); })) CheckUrl(url);
  const Url base = ParseUrl("https://r.example:5000/v2/app/blobs/uploads/1?state=x");
  if (Accepts([&] { url = ResolveUrl(base, text); })) CheckUrl(url);
  RedactUrl(text);
}

std::string HeaderOf(const std::vector<Challenge>& challenges) {
  std::string header;
  for (const Challenge& challenge : challenges) {
    header += (header.empty() ? "" : ", ") + challenge.scheme;
    const char* before = " ";
    for (const auto& [name, value] : challenge.parameters) {
      header += before + name + "=\"";
      for (char c : value) header += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
      header += '"';
      before = ",";
    }
  }
  return header;
}

void CheckChallenges(const std::string& text) {
  std::vector<Challenge> challenges = ParseChallenges(text);
  Require(challenges.size() <= 16, "challenges are few");
  for (const Challenge& challenge : challenges) {
    Require(!challenge.scheme.empty() && challenge.parameters.size() <= 32, "a challenge is small");
    Require(FindChallenge(challenges, challenge.scheme) != nullptr, "a challenge is found");
  }
  std::string header = HeaderOf(challenges);
  if (header.size() > 16 * 1024) return;
  Require(HeaderOf(ParseChallenges(header)) == header, "challenges read as they are written");
}

void CheckScopes(const std::string& text) {
  std::string own = "repository:app:pull";
  std::string united = UniteScopes(own, text);
  Require(UniteScopes(united, text) == united, "what was added is there");
  ScopesOf(text, "repository:app");
}

}  // namespace
}  // namespace kontext

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontext;
  std::string text(TextOf(data, size));
  CheckReference(text);
  CheckUrls(text);
  CheckChallenges(text);
  CheckScopes(text);
  return 0;
}
