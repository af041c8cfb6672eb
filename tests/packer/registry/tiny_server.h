// An HTTP server on 127.0.0.1 that answers one connection after the other with given bytes.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace kontext {

// A socket that listens on a free port of 127.0.0.1.
inline int ListenOnLoopback(int* port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      listen(listener, 16) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("no socket to listen on");
  }
  *port = ntohs(address.sin_port);
  return listener;
}

class TinyServer {
 public:
  // Given the request's head, and its body as far as Content-Length says, returns the raw answer.
  using Handler = std::function<std::string(const std::string& request)>;

  // A connection is closed after so many answers, or an empty one.
  explicit TinyServer(Handler handler, int answers = 1)
      : handler_(std::move(handler)), answers_(answers) {
    listener_ = ListenOnLoopback(&port_);
    if (pipe(stop_) != 0) throw std::runtime_error("no pipe");
    thread_ = std::thread([this] { Serve(); });
  }

  ~TinyServer() {
    close(stop_[1]);
    thread_.join();
    close(stop_[0]);
    close(listener_);
  }

  std::string Url(const std::string& path, const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(port_) + path;
  }

 private:
  void Serve() {
    while (true) {
      pollfd waiting[] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
      if (poll(waiting, 2, -1) < 0 || waiting[1].revents != 0) return;
      int peer = accept(listener_, nullptr, nullptr);
      if (peer < 0) continue;
      for (int i = 0; i < answers_; ++i) {
        std::string request = ReadRequest(peer);
        if (request.empty() || !Answer(peer, handler_(request))) break;
      }
      close(peer);
    }
  }

  static bool Answer(int peer, const std::string& answer) {
    for (size_t sent = 0; sent < answer.size();) {
      ssize_t more = send(peer, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
      if (more <= 0) return false;
      sent += static_cast<size_t>(more);
    }
    return !answer.empty();
  }

  static std::string ReadRequest(int peer) {
    std::string request;
    size_t wanted = std::string::npos;
    char buffer[4096];
    while (request.size() < wanted) {
      ssize_t got = recv(peer, buffer, sizeof(buffer), 0);
      if (got <= 0) break;
      request.append(buffer, static_cast<size_t>(got));
      size_t head = request.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      size_t length = request.find("Content-Length: ");
      bool has_body = length != std::string::npos && length < head;
      wanted = head + 4 + (has_body ? std::strtoul(request.c_str() + length + 16, nullptr, 10) : 0);
    }
    return request;
  }

  Handler handler_;
  int answers_;
  int listener_ = -1;
  int stop_[2] = {-1, -1};
  int port_ = 0;
  std::thread thread_;
};

}  // namespace kontext
