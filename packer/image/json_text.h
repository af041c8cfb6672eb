// What RapidJSON does not look at in a JSON text.
#pragma once

#include <string_view>

namespace kontext {

// Does a text that RapidJSON has taken for JSON hold the second half of a surrogate pair, such as
// \udc00, without the first one? RapidJSON gives three bytes for it that are not UTF-8, and so
// would write what it does not read.
bool HasLoneSurrogate(std::string_view json);

}  // namespace kontext
