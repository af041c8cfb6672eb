#include "packer/registry/credentials.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include "packer/error.h"
#include "tests/support/temp_dir.h"

namespace kontext {
namespace {

// A helper in sh, found on PATH: keeps what it is given in a file beside itself.
constexpr char kHelper[] = R"(#!/bin/sh
dir=$(dirname "$0")
case "$1" in
store) cat > "$dir/stored" ;;
get) read -r server
  case "$server" in
  none.io) echo 'credentials not found in native keychain'; exit 1 ;;
  bad.io) echo "keychain is locked" >&2; echo second line >&2; exit 3 ;;
  out.io) echo "said on standard output"; exit 1 ;;
  leak.io) echo '{"Username":"u","Secret":"leaked"}'; exit 1 ;;
  text.io) echo 'not JSON' ;;
  token.io) echo '{"ServerURL":"token.io","Username":"<token>","Secret":"identity"}' ;;
  empty.io) echo '{"Username":"","Secret":""}' ;;
  long.io) yes | head -c 1000000 ;;
  noisy.io) yes | head -c 1000000 >&2; echo '{"Username":"u","Secret":"noisy"}' ;;
  hang.io) exec sleep 100 ;;
  family.io) sleep 100 & echo $! > "$dir/left"; wait ;;
  left.io) sleep 100 & echo $! > "$dir/left"; echo '{"Username":"u","Secret":"left"}' ;;
  *) printf '{"Username":"u@%s","Secret":"s"}' "$server" ;;
  esac ;;
erase) read -r server; echo "$server" > "$dir/erased" ;;
esac
)";

class CredentialsTest : public testing::Test {
 protected:
  CredentialsTest() {
    WriteFile(dir_ / "bin/docker-credential-test", kHelper, 0755);
    const char* path = std::getenv("PATH");
    path_ = path == nullptr ? "" : path;
    setenv("PATH", (dir_ / "bin:" + path_).c_str(), 1);
  }
  ~CredentialsTest() override { setenv("PATH", path_.c_str(), 1); }

  CredentialStore Store() const {
    return CredentialStore({dir_ / "first/config.json", dir_ / "second.json"},
                           std::chrono::milliseconds(5000));
  }

  template <typename Action>
  std::string Failure(Action action) {
    try {
      action();
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }

  std::string Get(const std::string& server, int timeout = 5000) {
    std::optional<Credentials> found =
        CredentialHelper("test", std::chrono::milliseconds(timeout)).Get(server);
    if (!found) return "none";
    return found->username + ":" + found->password + found->identity_token;
  }

  static int Mode(const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 ? static_cast<int>(info.st_mode & 07777) : -1;
  }

  TempDir dir_;
  std::string path_;
};

TEST_F(CredentialsTest, PlacesInTheirOrder) {
  std::map<std::string, std::string> set = {{"HOME", "/h"}};
  auto places = [&] {
    std::string text;
    for (const std::string& file : AuthFiles([&](const char* name) { return set[name]; })) {
      text += file + ' ';
    }
    return text;
  };
  std::string run = "/run/containers/" + std::to_string(geteuid()) + "/auth.json ";
  EXPECT_EQ(places(), "/h/.docker/config.json " + run + "/h/.config/containers/auth.json ");
  set["REGISTRY_AUTH_FILE"] = "/r.json";
  set["DOCKER_CONFIG"] = "/d";
  set["XDG_RUNTIME_DIR"] = "/x";
  set["XDG_CONFIG_HOME"] = "/c";
  EXPECT_EQ(places(),
            "/r.json /d/config.json /x/containers/auth.json /c/containers/auth.json "
            "/h/.config/containers/auth.json ");
  set = {{"DOCKER_CONFIG", "/d"}};
  EXPECT_EQ(places(), "/d/config.json " + run);
}

TEST_F(CredentialsTest, TheFirstFileWithCredentialsCounts) {
  EXPECT_FALSE(Store().Find("r.io", "app"));
  WriteFile(dir_ / "second.json", R"({"auths":{"r.io":{"auth":"dTpw"},"q.io":{"auth":"dTpw"}}})");
  EXPECT_EQ(Store().Find("r.io", "app")->source, dir_ / "second.json");
  WriteFile(dir_ / "first/config.json", R"({"auths":{"r.io":{"auth":"dTpx"},"q.io":{}}})");
  EXPECT_EQ(Store().Find("r.io", "app")->password, "q");
  EXPECT_EQ(Store().Find("q.io", "app")->password, "p");
  WriteFile(dir_ / "first/config.json", "nonsense");
  EXPECT_EQ(Failure([&] { Store().Find("r.io", "app"); }),
            dir_ / "first/config.json: it is not a JSON object");
}

TEST_F(CredentialsTest, HelpersAnswer) {
  EXPECT_EQ(Get("r.io"), "u@r.io:s");
  EXPECT_EQ(Get("https://index.docker.io/v1/"), "u@https://index.docker.io/v1/:s");
  EXPECT_EQ(Get("token.io"), "<token>:identity");
  EXPECT_EQ(Get("none.io"), "none");
  EXPECT_EQ(Get("empty.io"), "none");
  EXPECT_EQ(Get("noisy.io"), "u:noisy");
}

TEST_F(CredentialsTest, HelpersThatFailAreNamed) {
  const std::string begin = "credential helper docker-credential-test (get): ";
  EXPECT_EQ(Failure([&] { Get("bad.io"); }), begin + "keychain is locked, exit code 3");
  EXPECT_EQ(Failure([&] { Get("out.io"); }), begin + "said on standard output, exit code 1");
  EXPECT_EQ(Failure([&] { Get("leak.io"); }), begin + "exit code 1");
  EXPECT_EQ(Failure([&] { Get("long.io"); }), begin + "it says more than 65536 bytes");
  EXPECT_EQ(Failure([&] { Get("hang.io", 100); }),
            begin + "no answer within 0.1 s; it was stopped");
  EXPECT_EQ(Failure([&] { Get("text.io"); }),
            "credential helper docker-credential-test: its answer is no JSON object");
  EXPECT_NE(Failure([] {
              CredentialHelper("no-such").Get("r.io");
            }).find("docker-credential-no-such is not on PATH"),
            std::string::npos);
  for (const char* name : {"", "../x", "a b", "a\nb"}) {
    EXPECT_NE(Failure([&] { CredentialHelper helper(name); }), "") << name;
  }
}

TEST_F(CredentialsTest, WhatAHelperLeavesBehindIsNotWaitedFor) {
  EXPECT_EQ(Get("left.io"), "u:left");
  kill(static_cast<pid_t>(std::stol(ReadFile(dir_ / "bin/left"))), SIGKILL);
}

TEST_F(CredentialsTest, AHelperIsEndedWithItsChildren) {
  EXPECT_NE(Failure([&] { Get("family.io", 2000); }).find("it was stopped"), std::string::npos);
  std::string stat = "/proc/" + std::to_string(std::stol(ReadFile(dir_ / "bin/left"))) + "/stat";
  auto runs = [&] {  // it may still wait for whoever counts it as ended
    std::string text;
    std::getline(std::ifstream(stat), text);
    return !text.empty() && text.find(") Z ") == std::string::npos;
  };
  for (int i = 0; i < 1000 && runs(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(runs());
}

TEST_F(CredentialsTest, AHelperOfAFileIsAsked) {
  WriteFile(dir_ / "second.json", R"({"credHelpers":{"r.io":"test","bad.io":"test"}})");
  EXPECT_EQ(Store().Find("r.io", "app")->source, "docker-credential-test");
  EXPECT_EQ(Failure([&] { Store().Find("bad.io", ""); }),
            dir_ /
                "second.json: credential helper docker-credential-test (get): keychain is "
                "locked, exit code 3");
  WriteFile(dir_ / "second.json", R"({"credsStore":"test","auths":{"none.io":{"auth":"dTpw"}}})");
  EXPECT_EQ(Store().Find("none.io", "app")->password, "p");
}

TEST_F(CredentialsTest, StoresInANewFile) {
  EXPECT_EQ(Store().Store("r.io", "u", "p"), dir_ / "first/config.json");
  EXPECT_EQ(Mode(dir_ / "first/config.json"), 0600);
  EXPECT_EQ(Mode(dir_ / "first"), 0700);
  EXPECT_EQ(Store().Find("r.io", "")->password, "p");
  EXPECT_TRUE(Store().Erase("r.io"));
  EXPECT_FALSE(Store().Erase("r.io"));
  EXPECT_FALSE(Store().Find("r.io", ""));
}

TEST_F(CredentialsTest, KeepsWhatElseAFileHolds) {
  const std::string before = "{\n  \"HttpHeaders\": {\"A\": 1.50},\n  \"auths\": {}\n}\n";
  WriteFile(dir_ / "real/config.json", before, 0644);
  std::filesystem::create_directory(dir_ / "first");
  std::filesystem::create_symlink("../real/config.json", dir_ / "first/config.json");
  Store().Store("r.io", "u", "p");
  EXPECT_TRUE(std::filesystem::is_symlink(dir_ / "first/config.json"));
  EXPECT_EQ(Mode(dir_ / "real/config.json"), 0600);
  std::string after = ReadFile(dir_ / "real/config.json");
  EXPECT_NE(after.find("\"HttpHeaders\": {\"A\": 1.50}"), std::string::npos);
  Store().Erase("r.io");
  EXPECT_EQ(ReadFile(dir_ / "real/config.json"), before);
  for (const auto& entry : std::filesystem::directory_iterator(dir_ / "real")) {
    EXPECT_EQ(entry.path().filename(), "config.json");
  }
}

TEST_F(CredentialsTest, FollowsASymlinkToNothing) {
  std::filesystem::create_directories(dir_ / "first");
  std::filesystem::create_symlink("../later.json", dir_ / "first/config.json");
  Store().Store("r.io", "u", "p");
  EXPECT_TRUE(std::filesystem::is_regular_file(dir_ / "later.json"));
  EXPECT_EQ(Store().Find("r.io", "")->password, "p");
}

TEST_F(CredentialsTest, ADamagedFileIsNotReplaced) {
  WriteFile(dir_ / "first/config.json", "{ \"auths\": ");
  EXPECT_EQ(Failure([&] { Store().Store("r.io", "u", "p"); }),
            dir_ / "first/config.json: it is not a JSON object");
  EXPECT_EQ(ReadFile(dir_ / "first/config.json"), "{ \"auths\": ");
}

TEST_F(CredentialsTest, StoresWithAHelper) {
  WriteFile(dir_ / "first/config.json", R"({"credHelpers":{"r.io":"test"}})");
  EXPECT_EQ(Store().Store("r.io", "u", "s3cret"), "docker-credential-test");
  EXPECT_EQ(ReadFile(dir_ / "bin/stored"),
            R"({"ServerURL":"r.io","Username":"u","Secret":"s3cret"})");
  EXPECT_EQ(ReadFile(dir_ / "first/config.json"),
            R"({"credHelpers":{"r.io":"test"},"auths":{"r.io":{}}})");
  EXPECT_TRUE(Store().Erase("r.io"));
  EXPECT_EQ(ReadFile(dir_ / "bin/erased"), "r.io\n");
  EXPECT_EQ(ReadFile(dir_ / "first/config.json"), R"({"credHelpers":{"r.io":"test"},"auths":{}})");
}

}  // namespace
}  // namespace kontext
