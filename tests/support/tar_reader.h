// A strict tar reader of its own: what our writer may write (ustar and PAX 'x' headers), no more.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace kontext {

struct TarEntry {
  char type = 0;
  std::string path;
  std::string target;
  uint64_t mode = 0, uid = 0, gid = 0, mtime = 0;
  uint64_t size = 0;
  std::string data;
  bool pax = false;
  std::string owner;  // user and group names, joined
};

class TarReader {
 public:
  explicit TarReader(std::string_view bytes, bool headers_only = false)
      : rest_(bytes), headers_only_(headers_only) {}

  // Throws when anything is wrong.
  std::vector<TarEntry> All() {
    std::vector<TarEntry> entries;
    while (!rest_.empty() && rest_[0] != '\0') entries.push_back(Next());
    if (!headers_only_ && rest_ != std::string(1024, '\0')) Fail("bad end");
    return entries;
  }

 private:
  [[noreturn]] static void Fail(const std::string& what) { throw std::runtime_error(what); }

  static uint64_t Octal(std::string_view field) {
    uint64_t value = 0;
    size_t i = 0;
    for (; i < field.size() && field[i] >= '0' && field[i] <= '7'; ++i) {
      value = value * 8 + static_cast<uint64_t>(field[i] - '0');
    }
    if (i == 0 || (i < field.size() && field[i] != '\0' && field[i] != ' ')) Fail("bad number");
    return value;
  }

  static std::string Text(std::string_view field) {
    return std::string(field.substr(0, field.find('\0')));
  }

  static void CheckSum(std::string_view block) {
    uint64_t sum = 0;
    for (size_t i = 0; i < block.size(); ++i) {
      sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(block[i]);
    }
    if (Octal(block.substr(148, 8)) != sum) Fail("bad checksum");
  }

  std::string_view Take(size_t size) {
    if (rest_.size() < size) Fail("cut short");
    std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  TarEntry Header() {
    std::string_view block = Take(512);
    CheckSum(block);
    if (block.substr(257, 8) != std::string_view("ustar\00000", 8)) Fail("no ustar");
    TarEntry entry;
    entry.type = block[156];
    entry.path = Text(block.substr(0, 100));
    entry.target = Text(block.substr(157, 100));
    entry.mode = Octal(block.substr(100, 8));
    entry.uid = Octal(block.substr(108, 8));
    entry.gid = Octal(block.substr(116, 8));
    entry.size = Octal(block.substr(124, 12));
    entry.mtime = Octal(block.substr(136, 12));
    entry.owner = Text(block.substr(265, 32)) + Text(block.substr(297, 32));
    return entry;
  }

  std::string Data(uint64_t size) {
    std::string data(Take(size));
    for (char c : Take((512 - size % 512) % 512)) {
      if (c != '\0') Fail("bad padding");
    }
    return data;
  }

  // "LENGTH KEY=VALUE\n", one after the other.
  static std::map<std::string, std::string> Records(std::string_view text) {
    std::map<std::string, std::string> records;
    while (!text.empty()) {
      size_t length = std::stoul(std::string(text.substr(0, text.find(' '))));
      if (length > text.size() || text[length - 1] != '\n') Fail("bad PAX length");
      std::string_view record = text.substr(0, length - 1);
      record.remove_prefix(record.find(' ') + 1);
      size_t equals = record.find('=');
      records[std::string(record.substr(0, equals))] = record.substr(equals + 1);
      text.remove_prefix(length);
    }
    return records;
  }

  TarEntry Next() {
    TarEntry entry = Header();
    if (entry.type == 'x') {
      std::map<std::string, std::string> records = Records(Data(entry.size));
      entry = Header();
      entry.pax = true;
      if (records.count("path")) entry.path = records["path"];
      if (records.count("linkpath")) entry.target = records["linkpath"];
      if (records.count("size")) entry.size = std::stoull(records["size"]);
    }
    if (entry.type != '0' && entry.type != '2' && entry.type != '5') Fail("bad type");
    if (!headers_only_) entry.data = Data(entry.size);
    return entry;
  }

  std::string_view rest_;
  bool headers_only_;
};

}  // namespace kontext
