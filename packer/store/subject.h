// Errors of parts that know only the reason get their subject.
#pragma once

#include <fmt/format.h>

#include <string>

#include "packer/error.h"

namespace kontext {

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
