#include "packer/registry/curl_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "packer/error.h"

namespace kontext {
namespace {

// The same since libcurl 7.16.0 (2006).
constexpr char kFileName[] = "libcurl.so.4";

[[noreturn]] void Fail(const char* problem) {
  throw Error(
      ErrorKind::kIo,
      fmt::format(
          "libcurl, which talks to registries, cannot be loaded: {}; Debian has it in libcurl4",
          problem));
}

class Loader {
 public:
  Loader() : library_(dlopen(kFileName, RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) Fail(dlerror());
  }

  template <typename Function>
  void Find(const char* name, Function* function) const {
    void* symbol = dlsym(library_, name);
    if (symbol == nullptr) Fail(dlerror());
    *function = reinterpret_cast<Function>(symbol);
  }

 private:
  void* library_;  // never closed: its functions are used until the program ends
};

CurlLibrary Load() {
  Loader loader;
  CurlLibrary curl{};
  loader.Find("curl_easy_cleanup", &curl.easy_cleanup);
  loader.Find("curl_easy_getinfo", &curl.easy_getinfo);
  loader.Find("curl_easy_init", &curl.easy_init);
  loader.Find("curl_easy_perform", &curl.easy_perform);
  loader.Find("curl_easy_reset", &curl.easy_reset);
  loader.Find("curl_easy_setopt", &curl.easy_setopt);
  loader.Find("curl_easy_strerror", &curl.easy_strerror);
  loader.Find("curl_free", &curl.free);
  loader.Find("curl_getdate", &curl.getdate);
  loader.Find("curl_global_init", &curl.global_init);
  loader.Find("curl_multi_add_handle", &curl.multi_add_handle);
  loader.Find("curl_multi_cleanup", &curl.multi_cleanup);
  loader.Find("curl_multi_info_read", &curl.multi_info_read);
  loader.Find("curl_multi_init", &curl.multi_init);
  loader.Find("curl_multi_perform", &curl.multi_perform);
  loader.Find("curl_multi_poll", &curl.multi_poll);
  loader.Find("curl_multi_remove_handle", &curl.multi_remove_handle);
  loader.Find("curl_multi_wakeup", &curl.multi_wakeup);
  loader.Find("curl_slist_append", &curl.slist_append);
  loader.Find("curl_slist_free_all", &curl.slist_free_all);
  loader.Find("curl_url", &curl.url);
  loader.Find("curl_url_cleanup", &curl.url_cleanup);
  loader.Find("curl_url_get", &curl.url_get);
  loader.Find("curl_url_set", &curl.url_set);
  loader.Find("curl_url_strerror", &curl.url_strerror);
  loader.Find("curl_version_info", &curl.version_info);
  // Wanted once a process, before any other thread calls it.
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) Fail("it does not start");
  return curl;
}

}  // namespace

const CurlLibrary& Curl() {
  static const CurlLibrary curl = Load();
  return curl;
}

}  // namespace kontext
