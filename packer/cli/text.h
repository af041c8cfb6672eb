// Text that fits a terminal of 80 columns. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kontext::cli {

inline constexpr size_t kLineColumns = 80;

// "5,600"
std::string Grouped(uint64_t number);

// Grouped as long as that is at most `columns` wide, else about: "12.3M". Five columns are enough.
std::string Narrow(uint64_t number, size_t columns);

// How wide a terminal shows UTF-8; a byte that is none takes one column.
size_t Columns(std::string_view text);

// The text if it fits, else "..." and as much of its end as does.
std::string KeepEnd(std::string_view text, size_t columns);

// The text in pieces of at most `columns`; at least one.
std::string Wrapped(std::string_view text, size_t columns, std::string_view between);

// Whether a locale of these values (null or empty: not set) has UTF-8. The first that is set
// counts.
bool IsUtf8Locale(const char* lc_all, const char* lc_ctype, const char* lang);

// A layer as a bar: a column for each doubling of its size, 1 kB being the first and 2^19 kB or
// more the last, so that a small one is seen beside a large one. The part that is live is full.
inline constexpr size_t kBarColumns = 20;
std::string Bar(uint64_t layer_bytes, uint64_t live_bytes, bool utf8);

}  // namespace kontext::cli
