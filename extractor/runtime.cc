// What libstdc++'s headers need of its library, which is not linked. Each means a bug of ours.

#include <stdlib.h>

namespace std {

// basic_string_view::substr past the end.
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...) { abort(); }

}  // namespace std
