#include "packer/registry/manifest_deletion.h"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include "packer/error.h"
#include "packer/registry/error_body.h"

namespace kontext {
namespace {

// To look at each costs a request; a repository with more wants a digest.
constexpr size_t kMaxTags = 1000;
constexpr uint64_t kMaxTagList = uint64_t{1} << 20;

// Of a tag's deletion: the registry takes digests alone, as docker-registry 2 does, or deletes not
// at all, which its answer for the digest will tell.
bool IsUnsupported(const Response& answer) {
  return answer.status == 400 || answer.status == 405 || answer.status == 501;
}

Response SendDelete(const Endpoint& endpoint, const std::string& tag_or_digest) {
  Request request;
  request.method = "DELETE";
  request.url = endpoint.ManifestUrl(tag_or_digest);
  return endpoint.Send(request, ManifestSubject(tag_or_digest));
}

std::vector<std::string> ListTags(const Endpoint& endpoint, const std::string& subject) {
  Request request;
  request.method = "GET";
  request.url = endpoint.TagsUrl(kMaxTags);
  request.max_body = kMaxTagList;
  Response answer = endpoint.Send(request, subject);
  if (!IsSuccess(answer.status)) endpoint.Refuse(answer, subject);
  std::vector<std::string> tags;
  try {
    tags = ReadTagList(answer.body);
  } catch (const Error& error) {
    endpoint.Fail(error.kind(), subject, error.what());
  }
  if (tags.size() > kMaxTags || !HeaderOf(answer, "link").empty()) {
    endpoint.Fail(ErrorKind::kRegistry, subject,
                  "the registry deletes by digest only, and the repository has too many tags to "
                  "look whether another one has it: name the digest, REPO@sha256:…, to remove it "
                  "under every tag");
  }
  return tags;
}

void CheckUnshared(const Endpoint& endpoint, const std::string& tag, const std::string& digest,
                   const FindDigest& find) {
  std::string subject = ManifestSubject(tag);
  for (const std::string& other : ListTags(endpoint, subject)) {
    if (other == tag || find(other) != digest) continue;
    endpoint.Fail(ErrorKind::kRegistry, subject,
                  fmt::format("the registry deletes by digest only, and the tag {} is the same "
                              "image: name the digest, REPO@{}, to remove both",
                              endpoint.Quote(other), digest));
  }
}

}  // namespace

std::vector<std::string> ReadTagList(std::string_view json) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject()) {
    throw Error(ErrorKind::kFormat, "the list of tags is not a JSON object");
  }
  std::vector<std::string> tags;
  const rapidjson::Value& answer = document;
  auto list = answer.FindMember("tags");
  // Null where there is none any more.
  if (list == answer.MemberEnd() || !list->value.IsArray()) return tags;
  for (const rapidjson::Value& tag : list->value.GetArray()) {
    if (tag.IsString()) tags.emplace_back(tag.GetString(), tag.GetStringLength());
  }
  return tags;
}

bool DeleteManifest(const Endpoint& endpoint, const std::string& tag_or_digest,
                    const FindDigest& find) {
  std::optional<std::string> digest = find(tag_or_digest);
  if (!digest) return false;
  Response answer = SendDelete(endpoint, tag_or_digest);
  if (*digest != tag_or_digest && IsUnsupported(answer)) {
    CheckUnshared(endpoint, tag_or_digest, *digest, find);
    answer = SendDelete(endpoint, *digest);
  }
  if (IsSuccess(answer.status)) return true;
  if (answer.status == 404) return false;
  if (answer.status == 405 && answer.hint.empty()) {
    answer.hint =
        "the registry is read-only, or deleting is switched off in it (docker-registry: "
        "storage.delete.enabled, or REGISTRY_STORAGE_DELETE_ENABLED=true)";
  }
  endpoint.Refuse(answer, ManifestSubject(tag_or_digest));
}

}  // namespace kontext
