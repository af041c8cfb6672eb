#include "packer/cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace kontext::cli {
namespace {

struct Glyph {
  size_t bytes;
  size_t columns;
};

// Unicode's EastAsianWidth.txt, classes W and F, in large.
constexpr struct {
  char32_t first, last;
} kWide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97c},
             {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
             {0xffe0, 0xffe6},   {0x16fe0, 0x18cff}, {0x1b000, 0x1b2ff}, {0x1f300, 0x1f64f},
             {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

Glyph First(std::string_view text) {
  auto lead = static_cast<unsigned char>(text[0]);
  size_t bytes = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
  if (bytes == 1 || bytes > text.size()) return {1, 1};
  char32_t code = lead & (0x7fU >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return {1, 1};
    code = code << 6 | (next & 0x3fU);
  }
  bool wide = std::any_of(std::begin(kWide), std::end(kWide), [&](const auto& range) {
    return code >= range.first && code <= range.last;
  });
  return {bytes, wide ? 2U : 1U};
}

bool IsSet(const char* value) { return value != nullptr && *value != '\0'; }

}  // namespace

std::string Grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string Narrow(uint64_t number, size_t columns) {
  std::string text = Grouped(number);
  if (text.size() <= columns) return text;
  constexpr char kUnits[] = {'k', 'M', 'G', 'T', 'P', 'E'};
  double value = static_cast<double>(number) / 1000;
  size_t unit = 0;
  // From 999.5 on, no decimal would be left and the whole would be rounded up.
  while (value >= 999.5 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  int decimals = value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}{}", value, decimals, kUnits[unit]);
}

size_t Columns(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    Glyph glyph = First(text);
    columns += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return columns;
}

std::string KeepEnd(std::string_view text, size_t columns) {
  constexpr std::string_view kMark = "...";
  size_t width = Columns(text);
  if (width <= columns) return std::string(text);
  while (!text.empty() && width + kMark.size() > columns) {
    Glyph glyph = First(text);
    width -= glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return std::string(kMark).append(text);
}

std::string Wrapped(std::string_view text, size_t columns, std::string_view between) {
  std::string wrapped;
  size_t used = 0;
  while (!text.empty()) {
    Glyph glyph = First(text);
    if (used + glyph.columns > columns) {
      wrapped += between;
      used = 0;
    }
    wrapped += text.substr(0, glyph.bytes);
    used += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return wrapped;
}

bool IsUtf8Locale(const char* lc_all, const char* lc_ctype, const char* lang) {
  const char* value = IsSet(lc_all) ? lc_all : IsSet(lc_ctype) ? lc_ctype : IsSet(lang) ? lang : "";
  std::string name;
  for (char c : std::string_view(value)) {
    if (c != '-') name += (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name.find("utf8") != std::string::npos;
}

std::string Bar(uint64_t layer_bytes, uint64_t live_bytes, bool utf8) {
  if (layer_bytes == 0) return "";
  size_t columns = 1;
  for (uint64_t size = layer_bytes / 1000; size > 1 && columns < kBarColumns; size /= 2) ++columns;
  double share =
      static_cast<double>(std::min(live_bytes, layer_bytes)) / static_cast<double>(layer_bytes);
  auto live = static_cast<size_t>(share * static_cast<double>(columns) + 0.5);
  if (live_bytes > 0) live = std::max<size_t>(live, 1);
  std::string bar;
  for (size_t i = 0; i < columns; ++i) {
    bar += i < live ? (utf8 ? "\u2588" : "#") : (utf8 ? "\u2591" : ".");
  }
  return bar;
}

}  // namespace kontext::cli
