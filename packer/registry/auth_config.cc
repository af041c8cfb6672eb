#include "packer/registry/auth_config.h"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <optional>

#include "packer/error.h"
#include "packer/registry/base64_text.h"
#include "packer/registry/error_body.h"
#include "packer/registry/json_edit.h"
#include "packer/registry/text.h"

namespace kontext {
namespace {

using rapidjson::Value;

// Docker's name for its own registry, in files and to helpers.
constexpr char kHubKey[] = "https://index.docker.io/v1/";
constexpr std::string_view kHubHosts[] = {"docker.io", "index.docker.io", "registry-1.docker.io"};

enum class Kind { kText, kObject };

// What says nothing may be null, or not there. Anything else of another kind is no file of Docker's
// or podman's, which refuse it as well.
void CheckKind(const Value& value, Kind kind, const std::string& name) {
  bool good = kind == Kind::kText ? value.IsString() : value.IsObject();
  if (good || value.IsNull()) return;
  throw Error(ErrorKind::kFormat, fmt::format("its \"{}\" is no {}", QuoteLine(name),
                                              kind == Kind::kText ? "text" : "object"));
}

// Null when there is none, or it says nothing.
const Value* Member(const Value& object, const char* name, Kind kind) {
  auto member = object.FindMember(name);
  if (member == object.MemberEnd()) return nullptr;
  CheckKind(member->value, kind, name);
  return member->value.IsNull() ? nullptr : &member->value;
}

rapidjson::Document ParseFile(std::string_view json) {
  rapidjson::Document document;
  if (Trim(json).empty()) json = "{}";
  if (!ParseObject(json, &document)) throw Error(ErrorKind::kFormat, "it is not a JSON object");
  Member(document, "credsStore", Kind::kText);
  for (const char* name : {"auths", "credHelpers"}) {
    const Value* members = Member(document, name, Kind::kObject);
    if (members == nullptr) continue;
    Kind kind = members == Member(document, "auths", Kind::kObject) ? Kind::kObject : Kind::kText;
    for (const auto& member : members->GetObject()) {
      CheckKind(member.value, kind, fmt::format("{}\" of \"{}", name, AsText(member.name)));
    }
  }
  return document;
}

// The key of an entry as "host[:port][/path]": a scheme is no part of it, nor is the path that
// stands behind one ("https://index.docker.io/v1/"), nor an API version.
std::string Normalize(const std::string& key) {
  std::string name = key;
  bool url = RemoveScheme(&name);
  while (name.ends_with('/')) name.pop_back();
  size_t slash = std::min(name.find('/'), name.size());
  std::string path = name.substr(slash);
  if (url || path == "/v1" || path == "/v2") path.clear();
  return RegistryName(name.substr(0, slash)) + path;
}

// "r/a/b", "r/a", "r".
std::vector<std::string> Names(const std::string& registry, const std::string& repository) {
  std::string name = RegistryName(registry);
  size_t host = name.size();
  if (!repository.empty()) name += '/' + repository;
  std::vector<std::string> names = {name};
  while (name.size() > host) {
    name.resize(std::max(name.rfind('/'), host));
    names.push_back(name);
  }
  return names;
}

// The member whose key comes to `name`; one that is spelled as Docker does goes before others.
const Value* FindKey(const Value* object, const std::string& name, std::string* key = nullptr) {
  if (object == nullptr) return nullptr;
  const Value* found = nullptr;
  for (const auto& member : object->GetObject()) {
    std::string text = AsText(member.name);
    bool exact = text == AuthKey(name);
    if (Normalize(text) != name || (found != nullptr && !exact)) continue;
    found = &member.value;
    if (key != nullptr) *key = text;
    if (exact) break;
  }
  return found;
}

Credentials ReadEntry(const Value& entry, const std::string& name) {
  Credentials found;
  found.username = TextOf(entry, "username");
  found.password = TextOf(entry, "password");
  found.identity_token = TextOf(entry, "identitytoken");
  found.registry_token = TextOf(entry, "registrytoken");
  std::string auth = TextOf(entry, "auth");
  if (auth.empty()) return found;
  std::optional<std::string> decoded = DecodeBase64(auth);
  size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) {
    throw Error(ErrorKind::kFormat, "the \"auth\" of " + name + " is not user:password in Base64");
  }
  found.username = decoded->substr(0, colon);
  found.password = decoded->substr(colon + 1);
  while (found.password.ends_with('\0')) found.password.pop_back();  // old Docker padded with NUL
  return found;
}

}  // namespace

std::string RegistryName(const std::string& registry) {
  bool hub = std::find(std::begin(kHubHosts), std::end(kHubHosts), registry) != std::end(kHubHosts);
  return hub ? "docker.io" : registry;
}

std::string AuthKey(const std::string& registry) {
  return RegistryName(registry) == "docker.io" ? kHubKey : registry;
}

std::vector<AuthCandidate> FindAuth(std::string_view json, const std::string& registry,
                                    const std::string& repository) {
  rapidjson::Document file = ParseFile(json);
  std::vector<AuthCandidate> candidates;
  auto add_helper = [&](const std::string& helper, const std::string& server) {
    if (!helper.empty()) candidates.push_back({helper, server, {}});
  };
  for (const std::string& name : Names(registry, repository)) {
    std::string key;
    const Value* helper = FindKey(Member(file, "credHelpers", Kind::kObject), name, &key);
    if (helper != nullptr) add_helper(AsText(*helper), key);
    if (name == RegistryName(registry)) add_helper(TextOf(file, "credsStore"), AuthKey(registry));
    const Value* entry = FindKey(Member(file, "auths", Kind::kObject), name);
    if (entry == nullptr) continue;
    Credentials found = ReadEntry(*entry, name);
    if (!found.empty()) candidates.push_back({"", "", found});
  }
  return candidates;
}

std::string HelperFor(std::string_view json, const std::string& registry) {
  rapidjson::Document file = ParseFile(json);
  const Value* helper = FindKey(Member(file, "credHelpers", Kind::kObject), RegistryName(registry));
  if (helper != nullptr && helper->IsString()) return AsText(*helper);
  return TextOf(file, "credsStore");
}

std::string WithAuth(const std::string& json, const std::string& registry,
                     const std::string& entry) {
  std::string without = WithoutAuth(Trim(json).empty() ? "{}\n" : json, registry);
  return SetMember(without, {"auths", AuthKey(registry)}, entry);
}

std::string WithoutAuth(const std::string& json, const std::string& registry) {
  std::string result = json;
  std::string key;
  while (true) {
    rapidjson::Document file = ParseFile(result);
    const Value* auths = Member(file, "auths", Kind::kObject);
    if (FindKey(auths, RegistryName(registry), &key) == nullptr) return result;
    std::string shorter = RemoveMember(result, {"auths", key});
    // A member of a second "auths", which no reader looks at.
    if (shorter == result) return result;
    result = shorter;
  }
}

std::string AuthEntry(const std::string& username, const std::string& password) {
  return "{\"auth\": \"" + EncodeBase64(username + ':' + password) + "\"}";
}

}  // namespace kontext
