// A program that uses the installed library, as another project would.
// usage: consumer DIRECTORY REFERENCE
#include <iostream>
#include <string>

#include "packer/kontext.h"

namespace {

int Fail(const std::string& what) {
  std::cerr << what << "\n";
  return 1;
}

bool ListsPath(const std::string& tag, const std::string& path) {
  bool found = false;
  kontext::List(tag, {}, false, [&](std::string_view line) {
    found = found || line.substr(0, path.size()) == path;
  });
  return found;
}

int Run(const std::string& directory, const std::string& tag) {
  if (kontext::kBasePath != "/var/run/kontext") return Fail("kBasePath");
  if (kontext::kManifestPath != "/var/lib/kontext/manifest.json") return Fail("kManifestPath");
  kontext::PushResult first = kontext::BuildImage(directory, tag, true);
  if (first.outcome != kontext::Outcome::kPushed) return Fail("the first push was no push");
  kontext::PushResult second = kontext::BuildImage(directory, tag, true);
  if (second.outcome != kontext::Outcome::kNoChange) return Fail("the second push was one");
  if (second.digest != first.digest) return Fail("the digest changed");
  auto filter = [](std::string_view path) { return path != "left_out"; };
  kontext::PushResult third = kontext::BuildImageWithFilter(directory, tag, true, filter);
  if (third.outcome != kontext::Outcome::kPushed) return Fail("the filter changed nothing");
  if (ListsPath(tag, "left_out") || !ListsPath(tag, "kept")) return Fail("the filter did not hold");
  try {
    kontext::BuildImage(directory + "/none", tag, false);
  } catch (const kontext::Error&) {
    return 0;
  }
  return Fail("no Error for a directory that is not there");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return Fail("usage: consumer DIRECTORY REFERENCE");
  return Run(argv[1], argv[2]);
}
