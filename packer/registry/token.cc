#include "packer/registry/token.h"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sstream>

#include "packer/error.h"
#include "packer/registry/curl_library.h"
#include "packer/registry/text.h"

namespace kontext {
namespace {

constexpr char kClientId[] = "kontext";
constexpr size_t kMaxToken = 64 * 1024;
constexpr double kLongest = 30 * 24 * 3600.0;

[[noreturn]] void Bad(const char* problem) {
  throw Error(ErrorKind::kFormat, fmt::format("the token server's answer {}", problem));
}

// A number; some write it as a text.
std::optional<double> SecondsOf(const rapidjson::Document& object, const char* name) {
  auto member = object.FindMember(name);
  if (member == object.MemberEnd()) return std::nullopt;
  double seconds = 0;
  if (member->value.IsNumber()) seconds = member->value.GetDouble();
  if (member->value.IsString()) seconds = std::atof(member->value.GetString());
  if (!(seconds > 0)) return std::nullopt;
  return std::min(seconds, kLongest);
}

// "2026-01-02T03:04:05.678Z"; an offset other than Z is not understood.
std::optional<time_t> Rfc3339(const std::string& text) {
  tm parts{};
  int read = 0;
  int count = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon,
                          &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &read);
  if (count != 6 || !text.ends_with('Z')) return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return timegm(&parts);
}

// How old a token is that the server had kept, by the server's own clock; ours may be off.
double AgeOf(const Response& answer, const rapidjson::Document& object) {
  auto date = answer.headers.find("date");
  std::optional<time_t> issued = Rfc3339(TextOf(object, "issued_at"));
  if (date == answer.headers.end() || !issued) return 0;
  time_t now = Curl().getdate(date->second.c_str(), nullptr);
  return now < 0 ? 0 : std::max(0.0, std::difftime(now, *issued));
}

// RFC 3986, section 2.3; ':', '/' and ',' may stand in a query and read better.
std::string Escape(std::string_view text) {
  constexpr std::string_view kPlain = "-._~:/,";
  std::string escaped;
  for (char c : text) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != kPlain.npos) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

struct Resource {
  std::string name;  // "repository:app"
  std::vector<std::string> actions;
};

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

void AddMissing(const std::string& action, std::vector<std::string>* actions) {
  if (std::find(actions->begin(), actions->end(), action) == actions->end()) {
    actions->push_back(action);
  }
}

void AddScopes(const std::string& scopes, std::vector<Resource>* resources) {
  for (const std::string& scope : Split(scopes, ' ')) {
    size_t colon = scope.rfind(':');
    if (colon == std::string::npos) continue;
    std::string name = scope.substr(0, colon);
    auto known = std::find_if(resources->begin(), resources->end(),
                              [&](const Resource& one) { return one.name == name; });
    if (known == resources->end()) known = resources->insert(known, {name, {}});
    for (const std::string& action : Split(scope.substr(colon + 1), ',')) {
      AddMissing(action, &known->actions);
    }
  }
}

}  // namespace

Token ParseToken(const Response& answer) {
  rapidjson::Document object;
  if (!ParseObject(answer.body, &object)) Bad("is no JSON object");
  Token token;
  token.value = TextOf(object, "token");
  if (token.value.empty()) token.value = TextOf(object, "access_token");
  if (token.value.empty()) Bad("has no token");
  // It becomes a header: nothing in it may end one.
  bool good =
      token.value.size() <= kMaxToken && std::all_of(token.value.begin(), token.value.end(),
                                                     [](char c) { return c > ' ' && c < 0x7f; });
  if (!good) Bad("has a token that no header can carry");
  double said = SecondsOf(object, "expires_in").value_or(60);
  double left = said - AgeOf(answer, object);
  // Nobody hands out what has run out: then it is a clock that is wrong.
  token.lifetime = std::chrono::seconds(static_cast<long>(left > 0 ? left : said));
  return token;
}

std::string UniteScopes(const std::string& own, const std::string& asked) {
  std::vector<Resource> resources;
  AddScopes(own, &resources);
  AddScopes(asked, &resources);
  std::string united;
  for (const Resource& resource : resources) {
    if (!united.empty()) united += ' ';
    united += resource.name + ':';
    for (size_t i = 0; i < resource.actions.size(); ++i) {
      united += (i == 0 ? "" : ",") + resource.actions[i];
    }
  }
  return united;
}

std::string ScopesOf(const std::string& scopes, const std::string& resource) {
  std::string found;
  for (const std::string& scope : Split(scopes, ' ')) {
    if (scope.substr(0, scope.rfind(':')) == resource) found += (found.empty() ? "" : " ") + scope;
  }
  return found;
}

std::string TokenUrl(const TokenRequest& request, const std::string& account) {
  std::string url = request.realm;
  auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    bool begun = url.find('?') != std::string::npos;
    if (!url.ends_with('?') && !url.ends_with('&')) url += begun ? '&' : '?';
    url += fmt::format("{}={}", name, Escape(value));
  };
  add("service", request.service);
  for (const std::string& scope : Split(request.scope, ' ')) add("scope", scope);
  add("account", account);
  add("client_id", kClientId);
  return url;
}

std::string TokenForm(const TokenRequest& request, const std::string& identity_token) {
  std::string form = fmt::format("grant_type=refresh_token&client_id={}", kClientId);
  if (!request.service.empty()) form += "&service=" + Escape(request.service);
  if (!request.scope.empty()) form += "&scope=" + Escape(request.scope);
  return form + "&refresh_token=" + Escape(identity_token);
}

}  // namespace kontext
