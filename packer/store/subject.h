// Errors of parts that know only the reason get their subject.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "packer/error.h"

namespace kontext {

// What errno says.
inline std::string ErrnoText() { return std::generic_category().message(errno); }

// Runs `action`; an Error of it becomes one of the same kind that says "SUBJECT: REASON".
template <typename Action>
auto WithSubject(const std::string& subject, Action action) -> decltype(action()) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", subject, error.what()));
  }
}

}  // namespace kontext
