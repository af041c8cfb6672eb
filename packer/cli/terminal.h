// Asking the user at the terminal.
#pragma once

#include <string>

namespace kontext::cli {

// Is there somebody to ask?
bool CanAsk();

// Asks on the terminal and gives the line. A secret is not shown while it is typed. Throws
// Error(kUsage) when nothing is given or the terminal cannot be used.
std::string Ask(const std::string& question, bool secret);

}  // namespace kontext::cli
