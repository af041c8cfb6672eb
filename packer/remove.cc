#include <deque>

#include "packer/kontext.h"
#include "packer/session.h"

namespace kontext {
namespace {

void RemoveOne(const Session& session) {
  if (session.store->Remove(session.Name())) return;
  throw Error(ErrorKind::kNotFound, session.reference.ToString() + ": there is no such image");
}

}  // namespace

std::vector<std::optional<Error>> Remove(const std::vector<std::string>& references,
                                         const PushOptions& options) {
  std::deque<Session> sessions;
  for (const std::string& reference : references) sessions.emplace_back(reference, options);
  std::vector<std::optional<Error>> failures;
  for (const Session& session : sessions) {
    failures.emplace_back();
    try {
      RemoveOne(session);
    } catch (const Error& error) {
      failures.back() = error;
    }
  }
  return failures;
}

}  // namespace kontext
