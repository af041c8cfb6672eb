#include "packer/cli/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "packer/error.h"

namespace kontext::cli {
namespace {

constexpr size_t kMaxLine = 4096;
constexpr char kInterrupt = 0x03;
constexpr char kEnd = 0x04;
constexpr char kKill = 0x15;
constexpr char kDelete = 0x7f;

// The terminal without echo; as it was when this ends. Keys that would stop the program come as
// bytes meanwhile, so that none leaves the terminal mute.
class Mute {
 public:
  explicit Mute(int fd) : fd_(fd) {
    if (tcgetattr(fd, &before_) != 0) throw Error(ErrorKind::kUsage, "the terminal cannot be used");
    termios mute = before_;
    mute.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    mute.c_cc[VMIN] = 1;
    mute.c_cc[VTIME] = 0;
    tcsetattr(fd, TCSAFLUSH, &mute);
  }
  ~Mute() { tcsetattr(fd_, TCSAFLUSH, &before_); }
  Mute(const Mute&) = delete;
  Mute& operator=(const Mute&) = delete;

 private:
  int fd_;
  termios before_;
};

void Write(const std::string& text) { (void)!write(STDERR_FILENO, text.data(), text.size()); }

char ReadByte() {
  char byte = kEnd;
  ssize_t got;
  do {
    got = read(STDIN_FILENO, &byte, 1);
  } while (got < 0 && errno == EINTR);
  return got == 1 ? byte : kEnd;
}

// What was typed up to the end of the line, and the byte that ended it.
std::string ReadLine(bool edit, char* end) {
  std::string line;
  while (true) {
    char byte = ReadByte();
    bool ends = byte == '\n' || byte == '\r' || byte == kEnd || (edit && byte == kInterrupt);
    if (ends) return *end = byte, line;
    if (edit && byte == kKill) {
      line.clear();
    } else if (edit && (byte == kDelete || byte == '\b')) {
      if (!line.empty()) line.pop_back();
    } else if (line.size() < kMaxLine) {
      line += byte;
    }
  }
}

}  // namespace

bool CanAsk() { return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0; }

std::string Ask(const std::string& question, bool secret) {
  std::string line;
  char end = 0;
  if (secret) {
    Mute mute(STDIN_FILENO);  // before the question: some type fast
    Write(question);
    line = ReadLine(true, &end);
  } else {
    Write(question);
    line = ReadLine(false, &end);
  }
  if (secret) Write("\n");
  if (end == kInterrupt) std::raise(SIGINT);
  if (line.empty()) throw Error(ErrorKind::kUsage, "nothing was given");
  return line;
}

}  // namespace kontext::cli
