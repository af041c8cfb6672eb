// A Docker daemon's HTTP interface (Docker Engine API), as far as images come and go.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "packer/registry/transport.h"
#include "packer/store/blob_source.h"
#include "packer/store/daemon_answer.h"
#include "packer/store/store.h"

namespace kontext {

// Where DOCKER_HOST says that the daemon is.
struct DaemonAddress {
  std::string shown;   // "unix:///var/run/docker.sock"
  std::string socket;  // its path; empty: none
  std::string url;     // "http://localhost", what paths are put behind
};

// `docker_host` empty: the usual socket. Throws Error(kUsage) for what we do not speak.
DaemonAddress ParseDockerHost(const std::string& docker_host);

// `name`: "docker.io/library/app:v1", or an image ID. Errors have the reason only.
class DaemonClient {
 public:
  // At DOCKER_HOST. Throws Error(kUsage) as ParseDockerHost.
  explicit DaemonClient(const StoreOptions& options);

  // Nothing when there is none.
  std::optional<DaemonImage> Inspect(const std::string& name);
  void Load(const BlobSource& archive);
  // The image as an archive, into `fd`.
  void Save(const std::string& name, int fd);
  // False when there is none.
  bool Remove(const std::string& name);

 private:
  Response Send(Request request, const std::string& path);
  [[noreturn]] static void Refuse(const Response& answer);

  DaemonAddress address_;
  std::unique_ptr<Transport> transport_;
};

}  // namespace kontext
