// Which paths a layer can hold under their own name.
#pragma once

#include <string_view>

namespace kontext {

// False for what a tar reader or a runtime would refuse or take for something else: names that are
// not UTF-8, that begin with ".wh.", or are too long once a runtime has put its own folder in front
// or ".wh." before a name. Such a file's content goes to the objects folder; such a directory or
// symlink lives in the index alone.
bool IsStorable(std::string_view path);

}  // namespace kontext
