// How many files may be open.
#pragma once

namespace kontext {

// As many as the system allows this process: going through a tree takes a descriptor for each
// directory on the way down, and one for each file under way.
void RaiseFileLimit();

}  // namespace kontext
