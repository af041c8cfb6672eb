#include "packer/session.h"

namespace kontext {

Session::Session(const std::string& text, const PushOptions& options)
    : reference(ParseReference(text)) {
  StoreOptions store_options;
  store_options.insecure_http = options.insecure_http;
  if (options.trace) {
    store_options.trace = [trace = options.trace](std::string_view line) {
      trace(std::string(line));
    };
  }
  store_options.user_agent = std::string("kontext/") + Version();
  store = OpenStore(reference, store_options);
}

void Session::RequireTag() const {
  if (reference.digest.empty()) return;
  throw Error(ErrorKind::kUsage, reference.ToString() + " has a digest: give a tag to push to");
}

}  // namespace kontext
