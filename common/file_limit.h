// How many files may be open.
#pragma once

namespace kontext {

// As many as the system allows this process: each file under way takes one, and so may the
// directory that it is in.
void RaiseFileLimit();

}  // namespace kontext
