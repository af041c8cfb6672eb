#include "packer/session.h"

#include "packer/registry/url.h"

namespace kontext {

Session::Session(const std::string& text, const PushOptions& options, Access access)
    : reference(ParseReference(text)) {
  StoreOptions store_options;
  store_options.insecure_http = options.insecure_http;
  store_options.insecure_tls = options.insecure_tls;
  store_options.writes = access == Access::kWrite;
  store_options.retries = options.retries;
  store_options.stall_seconds = options.timeout_seconds;
  store_options.trace = TraceOf(options);
  store_options.warn = options.warn;
  store_options.user_agent = UserAgent();
  if (reference.destination == Destination::kRegistry) {
    WarnOfInsecurity(reference.registry, options);
  }
  if (options.cache) cache.emplace(CacheDir::DefaultFolder(), options.trace);
  store = OpenStore(reference, store_options);
}

void Session::RequireTag() const {
  if (reference.digest.empty()) return;
  throw Error(ErrorKind::kUsage, reference.ToString() + " has a digest: give a tag to push to");
}

void WarnOfInsecurity(const std::string& registry, const PushOptions& options) {
  if (!options.warn) return;
  bool local = IsLoopbackRegistry(registry);
  if (options.insecure_http && !local) {
    options.warn(registry +
                 ": --insecure-http: everybody on the way can read and change what is sent, "
                 "credentials included");
  }
  if (options.insecure_tls && !(options.insecure_http && !local)) {
    options.warn(registry +
                 ": --insecure-tls: certificates are not checked; whoever answers gets what is "
                 "sent, credentials included");
  }
}

std::function<void(std::string_view)> TraceOf(const PushOptions& options) {
  if (!options.trace) return nullptr;
  return [trace = options.trace](std::string_view line) { trace(std::string(line)); };
}

std::string UserAgent() { return std::string("kontext/") + Version(); }

}  // namespace kontext
