#include "packer/store/daemon_client.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "common/fd.h"
#include "packer/error.h"
#include "packer/registry/curl_transport.h"
#include "packer/registry/url.h"

namespace kontext {
namespace {

constexpr char kUsualSocket[] = "unix:///var/run/docker.sock";
constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kTcp = "tcp://";
constexpr uint64_t kMaxInspect = uint64_t{4} << 20;
// A daemon says nothing while it unpacks a layer.
constexpr long kLongestSilence = 600;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

DaemonAddress ParseDockerHost(const std::string& docker_host) {
  DaemonAddress address;
  address.shown = docker_host.empty() ? kUsualSocket : docker_host;
  if (address.shown.starts_with(kUnix) && address.shown.size() > kUnix.size()) {
    address.socket = address.shown.substr(kUnix.size());
    address.url = "http://localhost";
    return address;
  }
  if (address.shown.starts_with(kTcp) && address.shown.size() > kTcp.size()) {
    address.url = "http://" + address.shown.substr(kTcp.size());
    while (address.url.ends_with('/')) address.url.pop_back();
    return address;
  }
  throw Error(ErrorKind::kUsage,
              fmt::format("DOCKER_HOST is {}: a daemon is spoken to by unix:// or tcp://; for "
                          "another, push to docker-archive:- and pipe it into docker load",
                          address.shown));
}

DaemonClient::DaemonClient(const StoreOptions& options)
    : address_(ParseDockerHost(Environment("DOCKER_HOST"))) {
  if (address_.socket.empty() && !Environment("DOCKER_TLS_VERIFY").empty()) {
    throw Error(ErrorKind::kUsage,
                "DOCKER_TLS_VERIFY is set: a daemon is not spoken to by TLS; push to "
                "docker-archive:- and pipe it into docker load");
  }
  CurlOptions curl;
  curl.user_agent = options.user_agent;
  curl.trace = options.trace;
  curl.stall_seconds = std::max(options.stall_seconds, kLongestSilence);
  curl.unix_socket = address_.socket;
  transport_ = NewCurlTransport(std::move(curl));
}

Response DaemonClient::Send(Request request, const std::string& path) {
  request.url = address_.url + path;
  if (!address_.socket.empty() && access(address_.socket.c_str(), W_OK) != 0) {
    std::string why = std::generic_category().message(errno);
    const char* hint = errno == EACCES ? "are you in the group docker?" : "is the daemon running?";
    throw Error(ErrorKind::kNetwork, fmt::format("{}: {}; {}", address_.shown, why, hint));
  }
  try {
    return transport_->Send(request);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNetwork) throw;
    throw Error(ErrorKind::kNetwork,
                fmt::format("{}: {}; is the daemon running?", address_.shown, error.what()));
  }
}

void DaemonClient::Refuse(const Response& answer) {
  throw Error(ErrorKind::kRegistry,
              fmt::format("the daemon answers {}: {}", answer.status, DaemonMessage(answer.body)));
}

std::optional<DaemonImage> DaemonClient::Inspect(const std::string& name) {
  Request request;
  request.method = "GET";
  request.max_body = kMaxInspect;
  Response answer = Send(std::move(request), fmt::format("/images/{}/json", name));
  if (answer.status == 404) return std::nullopt;
  if (!IsSuccess(answer.status)) Refuse(answer);
  return ReadDaemonImage(answer.body);
}

void DaemonClient::Load(const BlobSource& archive) {
  LoadAnswer said;
  Request request;
  request.method = "POST";
  request.headers.emplace_back("Content-Type", "application/x-tar");
  request.body = &archive;
  request.may_retry = false;
  request.sink = [&](std::string_view bytes) {
    said.Feed(bytes);
    return true;
  };
  // With its progress: so it is not silent for long.
  Response answer = Send(std::move(request), "/images/load?quiet=0");
  if (!IsSuccess(answer.status)) Refuse(answer);
  said.Finish();
  if (said.error().empty()) return;
  throw Error(ErrorKind::kRegistry, "the daemon does not load it: " + said.error());
}

void DaemonClient::Save(const std::string& name, int fd) {
  Request request;
  request.method = "GET";
  request.sink = [&](std::string_view bytes) {
    if (WriteAll(fd, bytes.data(), bytes.size())) return true;
    throw Error(ErrorKind::kIo, "a temporary file: " + std::generic_category().message(errno));
  };
  Response answer = Send(std::move(request), fmt::format("/images/{}/get", name));
  if (!IsSuccess(answer.status)) Refuse(answer);
}

bool DaemonClient::Remove(const std::string& name) {
  Request request;
  request.method = "DELETE";
  request.max_body = kMaxInspect;
  Response answer = Send(std::move(request), fmt::format("/images/{}", name));
  if (answer.status == 404) return false;
  if (!IsSuccess(answer.status)) Refuse(answer);
  return true;
}

}  // namespace kontext
