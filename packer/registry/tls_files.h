// What a host's folder in certs.d holds, as docker and podman know it (containers-certs.d(5)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kontext {

struct TlsFiles {
  std::vector<std::string> authorities;  // *.crt: trusted beside the system's
  std::string certificate;               // NAME.cert, and its NAME.key; empty: none
  std::string key;
};

// ~/.config/containers/certs.d, /etc/containers/certs.d, /etc/docker/certs.d.
std::vector<std::string> TlsFolders();

// The files for a host from the first of `folders` that has a folder HOST:PORT, or HOST where the
// port is the scheme's own. Throws Error(kUsage) for a certificate without its key or the reverse.
TlsFiles FindTlsFiles(const std::vector<std::string>& folders, std::string_view host,
                      std::string_view port);

// The certificates of these PEM files, one after the other. Throws Error(kUsage) that names one
// which cannot be read, is larger than 8 MiB or holds none.
std::string ReadPemFiles(const std::vector<std::string>& paths);

}  // namespace kontext
