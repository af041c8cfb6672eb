#include "packer/registry/secrets.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "packer/registry/base64_text.h"

namespace kontext {
namespace {

constexpr size_t kShortest = 4;  // shorter ones stand in any text
constexpr std::string_view kBlanked = "***";

// A text as somebody reads it who knows its escapes. bytes[i] stands in the text from at[i] up to
// at[i + 1].
struct Reading {
  std::string bytes;
  std::vector<size_t> at;

  void Add(std::string_view more, size_t where) {
    bytes += more;
    at.insert(at.end(), more.size(), where);
  }
};

std::optional<uint32_t> Hex(std::string_view digits) {
  uint32_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::string Utf8(uint32_t c) {
  auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xc0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xe0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | c >> 18), tail(12), tail(6), tail(0)};
}

struct Escaped {
  std::string meaning;
  size_t size;  // of the escape
};

// "\u0041": four digits, or twice that for what lies beyond them (RFC 8259, section 7).
std::optional<Escaped> ReadUnicode(std::string_view rest) {
  auto unit = [&](size_t begin) -> std::optional<uint32_t> {
    bool there = rest.size() >= begin + 6 && rest.substr(begin, 2) == "\\u";
    return there ? Hex(rest.substr(begin + 2, 4)) : std::nullopt;
  };
  std::optional<uint32_t> first = unit(0);
  if (!first) return std::nullopt;
  std::optional<uint32_t> second = unit(6);
  bool pair = *first >> 10 == 0x36 && second && *second >> 10 == 0x37;
  if (!pair) return Escaped{Utf8(*first), 6};
  return Escaped{Utf8(0x10000 + ((*first & 0x3ff) << 10 | (*second & 0x3ff))), 12};
}

std::optional<Escaped> ReadJson(std::string_view rest) {
  if (rest.size() < 2 || rest[0] != '\\') return std::nullopt;
  if (rest[1] == 'u') return ReadUnicode(rest);
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  size_t which = kNames.find(rest[1]);
  if (which == kNames.npos) return std::nullopt;
  return Escaped{std::string(1, kMeanings[which]), 2};
}

std::optional<Escaped> ReadPercent(std::string_view rest) {
  if (rest.size() < 3 || rest[0] != '%') return std::nullopt;
  std::optional<uint32_t> value = Hex(rest.substr(1, 2));
  if (!value) return std::nullopt;
  return Escaped{std::string(1, static_cast<char>(*value)), 3};
}

template <typename Read>
Reading Decode(const Reading& text, Read read) {
  Reading decoded;
  for (size_t i = 0; i < text.bytes.size();) {
    std::optional<Escaped> found = read(std::string_view(text.bytes).substr(i));
    decoded.Add(found ? found->meaning : std::string(1, text.bytes[i]), text.at[i]);
    i += found ? found->size : 1;
  }
  decoded.at.push_back(text.at.back());
  return decoded;
}

using Span = std::pair<size_t, size_t>;

void Find(const Reading& reading, std::string_view secret, std::vector<Span>* found) {
  for (size_t i = 0; (i = reading.bytes.find(secret, i)) != std::string::npos; i += secret.size()) {
    size_t end = i + secret.size();
    // All of an escape that means several bytes, where the secret ends within it.
    while (end + 1 < reading.at.size() && reading.at[end] == reading.at[end - 1]) ++end;
    found->emplace_back(reading.at[i], reading.at[end]);
  }
}

std::string Replace(const std::string& text, std::vector<Span> spans) {
  std::sort(spans.begin(), spans.end());
  std::string result;
  size_t done = 0;
  for (auto [begin, end] : spans) {
    if (end <= done) continue;
    if (begin >= done) result.append(text, done, begin - done).append(kBlanked);
    done = end;
  }
  return result.append(text, done);
}

}  // namespace

std::string Blank(std::string text, std::span<const std::string> secrets) {
  Reading plain;
  for (size_t i = 0; i < text.size(); ++i) plain.Add(std::string_view(text).substr(i, 1), i);
  plain.at.push_back(text.size());
  Reading json = Decode(plain, ReadJson);
  const Reading readings[] = {plain, json, Decode(json, ReadJson), Decode(plain, ReadPercent),
                              Decode(json, ReadPercent)};
  std::vector<Span> found;
  for (const std::string& secret : secrets) {
    if (secret.size() < kShortest) continue;
    for (const Reading& reading : readings) Find(reading, secret, &found);
  }
  return found.empty() ? text : Replace(text, std::move(found));
}

void SecretList::Add(const std::string& secret) {
  std::lock_guard<std::mutex> lock(mutex_);
  bool known = std::find(secrets_.begin(), secrets_.end(), secret) != secrets_.end();
  if (!known) secrets_.push_back(secret);
}

std::string SecretList::Hide(std::string text) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return Blank(std::move(text), secrets_);
}

std::vector<std::string> SecretsOfUrl(std::string_view url) {
  size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  size_t at = url.rfind('@'), colon = url.find(':');
  if (at == std::string_view::npos || colon > at) return {};
  std::string user_info(url.substr(0, at)), password(url.substr(colon + 1, at - colon - 1));
  auto decoded = [](std::string_view text) {
    std::string result;
    for (size_t i = 0; i < text.size();) {
      std::optional<Escaped> found = ReadPercent(text.substr(i));
      result += found ? found->meaning : std::string(1, text[i]);
      i += found ? found->size : 1;
    }
    return result;
  };
  return {user_info, password, decoded(password), EncodeBase64(decoded(user_info))};
}

}  // namespace kontext
