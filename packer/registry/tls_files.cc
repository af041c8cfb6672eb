#include "packer/registry/tls_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "packer/error.h"

namespace kontext {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxPem = uintmax_t{8} << 20;
constexpr size_t kMaxFiles = 1000;
constexpr char kPemBegin[] = "-----BEGIN ";

std::vector<fs::path> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator entry(folder, error), end;
  if (error) {
    throw Error(ErrorKind::kUsage, fmt::format("{}: {}", folder.string(), error.message()));
  }
  for (; entry != end && files.size() < kMaxFiles; entry.increment(error)) {
    files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

[[noreturn]] void FailPair(const fs::path& there, const fs::path& missing) {
  throw Error(ErrorKind::kUsage, fmt::format("{} is there without {}: both are needed for a client "
                                             "certificate",
                                             there.string(), missing.filename().string()));
}

TlsFiles Collect(const fs::path& folder) {
  TlsFiles found;
  std::error_code ignored;
  for (const fs::path& file : FilesIn(folder)) {
    fs::path extension = file.extension(), other = file;
    if (extension == ".crt") found.authorities.push_back(file.string());
    if (extension == ".key" && !fs::exists(other.replace_extension(".cert"), ignored)) {
      FailPair(file, other);
    }
    if (extension != ".cert") continue;
    if (!fs::exists(other.replace_extension(".key"), ignored)) FailPair(file, other);
    if (!found.certificate.empty()) continue;  // one is all that a connection can show
    found.certificate = file.string();
    found.key = other.string();
  }
  return found;
}

}  // namespace

std::vector<std::string> TlsFolders() {
  std::vector<std::string> folders;
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') {
    folders.push_back(std::string(home) + "/.config/containers/certs.d");
  }
  folders.insert(folders.end(), {"/etc/containers/certs.d", "/etc/docker/certs.d"});
  return folders;
}

TlsFiles FindTlsFiles(const std::vector<std::string>& folders, std::string_view host,
                      std::string_view port) {
  bool ipv6 = host.find(':') != std::string_view::npos;
  std::string name = ipv6 ? fmt::format("[{}]", host) : std::string(host);
  for (const std::string& folder : folders) {
    for (const std::string& spelling : {fmt::format("{}:{}", name, port), name}) {
      if (spelling == name && port != "443") continue;
      std::error_code ignored;
      fs::path path = fs::path(folder) / spelling;
      if (fs::is_directory(path, ignored)) return Collect(path);
    }
  }
  return {};
}

std::string ReadPemFiles(const std::vector<std::string>& paths) {
  std::string pem;
  for (const std::string& path : paths) {
    std::error_code error;
    uintmax_t size = fs::file_size(path, error);
    std::ifstream file(path, std::ios::binary);
    if (error || !file) {
      throw Error(ErrorKind::kUsage,
                  fmt::format("{}: cannot read certificates: {}", path,
                              error ? error.message() : std::generic_category().message(errno)));
    }
    if (size > kMaxPem) throw Error(ErrorKind::kUsage, path + ": too large for certificates");
    std::string content(std::istreambuf_iterator<char>(file), {});
    if (content.find(kPemBegin) == content.npos) {
      throw Error(ErrorKind::kUsage, path + ": it holds no certificate in PEM form");
    }
    pem += content + '\n';
  }
  return pem;
}

}  // namespace kontext
