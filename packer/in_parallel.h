// The same work for many things, several at once.
#pragma once

#include <cstddef>
#include <functional>

namespace kontext {

// Calls work(0) to work(count - 1), each once, in that order but up to `threads` at a time; with
// one thread in the caller's own. Returns when all have ended. The first exception is thrown on;
// nothing is begun after it.
void InParallel(size_t count, size_t threads, const std::function<void(size_t)>& work);

}  // namespace kontext
