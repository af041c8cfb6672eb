#include "packer/registry/credential_helper.h"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <sys/wait.h>

#include <algorithm>

#include "packer/error.h"
#include "packer/registry/child_process.h"
#include "packer/registry/error_body.h"
#include "packer/registry/secrets.h"
#include "packer/registry/text.h"

namespace kontext {
namespace {

constexpr char kPrefix[] = "docker-credential-";
constexpr size_t kMaxOutput = 64 * 1024;
// What fits into a pipe at once.
constexpr size_t kMaxInput = 64 * 1024;

// What helpers print when they have nothing for a server; that is no failure.
constexpr std::string_view kNothing[] = {"credentials not found in native keychain",
                                         "no credentials server URL", "no credentials username"};

bool SaysNothingThere(const std::string& text) {
  return std::any_of(std::begin(kNothing), std::end(kNothing),
                     [&](std::string_view known) { return text.find(known) != text.npos; });
}

std::string FirstLine(const std::string& text) {
  std::string_view said = Trim(text);
  return QuoteLine(said.substr(0, said.find('\n')));
}

}  // namespace

CredentialHelper::CredentialHelper(const std::string& name, std::chrono::milliseconds timeout)
    : program_(kPrefix + name), timeout_(timeout) {
  bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c > ' ' && c != '/' && c != 0x7f;
  });
  if (!good) {
    throw Error(ErrorKind::kFormat,
                fmt::format("\"{}\" is no name of a credential helper", QuoteLine(name)));
  }
}

std::optional<Credentials> CredentialHelper::Get(const std::string& server) const {
  Outcome outcome = Run("get", server);
  if (outcome.code != 0) {
    if (SaysNothingThere(outcome.out) || SaysNothingThere(outcome.err)) return std::nullopt;
    Fail("get", outcome);
  }
  rapidjson::Document answer;
  if (!ParseObject(outcome.out, &answer)) {
    throw Error(ErrorKind::kFormat,
                fmt::format("credential helper {}: its answer is no JSON object", program_));
  }
  Credentials found;
  found.username = TextOf(answer, "Username");
  std::string secret = TextOf(answer, "Secret");
  (found.username == "<token>" ? found.identity_token : found.password) = secret;
  if (found.empty()) return std::nullopt;
  found.source = program_;
  return found;
}

void CredentialHelper::Store(const std::string& server, const std::string& username,
                             const std::string& secret) const {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> json(text);
  json.StartObject();
  auto add = [&](const char* name, const std::string& value) {
    json.Key(name);
    json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  };
  add("ServerURL", server);
  add("Username", username);
  add("Secret", secret);
  json.EndObject();
  Outcome outcome = Run("store", {text.GetString(), text.GetSize()});
  if (outcome.code == 0) return;
  // What it was given it may say again.
  for (std::string* said : {&outcome.out, &outcome.err}) *said = Blank(*said, {&secret, 1});
  Fail("store", outcome);
}

void CredentialHelper::Erase(const std::string& server) const {
  Outcome outcome = Run("erase", server);
  if (outcome.code == 0 || SaysNothingThere(outcome.out) || SaysNothingThere(outcome.err)) return;
  Fail("erase", outcome);
}

CredentialHelper::Outcome CredentialHelper::Run(const char* action,
                                                const std::string& input) const {
  auto fail = [&](const std::string& problem) {
    throw Error(ErrorKind::kIo,
                fmt::format("credential helper {} ({}): {}", program_, action, problem));
  };
  if (input.size() > kMaxInput) fail("the secret is too long for it");
  ChildResult child;
  try {
    child = RunChild({program_, action}, input, kMaxOutput, timeout_);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw;
    throw Error(ErrorKind::kNotFound,
                fmt::format("credential helper {} is not on PATH: install it, or take it out of "
                            "the file that names it",
                            program_));
  }
  if (child.timed_out) {
    fail(fmt::format("no answer within {:g} s; it was stopped",
                     static_cast<double>(timeout_.count()) / 1000));
  }
  if (child.too_long) fail(fmt::format("it says more than {} bytes", kMaxOutput));
  int code = WIFEXITED(child.status) ? WEXITSTATUS(child.status) : 128 + WTERMSIG(child.status);
  return {code, std::move(child.out), std::move(child.err)};
}

void CredentialHelper::Fail(const char* action, const Outcome& outcome) const {
  // By the protocol an error is on standard output; what looks like an answer is never shown.
  std::string said = FirstLine(outcome.err);
  if (said.empty() && outcome.out.find('{') == std::string::npos) said = FirstLine(outcome.out);
  throw Error(ErrorKind::kIo, fmt::format("credential helper {} ({}): {}{}exit code {}", program_,
                                          action, said, said.empty() ? "" : ", ", outcome.code));
}

}  // namespace kontext
