// The commands of the program: one file each, one line each in kCommands (commands.cc).
#pragma once

#include <boost/program_options.hpp>
#include <span>
#include <string>
#include <vector>

#include "packer/kontext.h"

namespace kontext::cli {

struct Command {
  const char* name;
  const char* usage;    // "push DIR REF"
  const char* summary;  // one line
  // Gets what follows the command's name. Returns the exit code; throws Error.
  int (*run)(const Command& command, const std::vector<std::string>& arguments);
  int trouble = 1;  // the exit code when it fails
};

std::span<const Command> Commands();

int RunPush(const Command& command, const std::vector<std::string>& arguments);
int RunBase(const Command& command, const std::vector<std::string>& arguments);
int RunPull(const Command& command, const std::vector<std::string>& arguments);
int RunVerify(const Command& command, const std::vector<std::string>& arguments);
int RunLs(const Command& command, const std::vector<std::string>& arguments);
int RunRm(const Command& command, const std::vector<std::string>& arguments);
int RunDiff(const Command& command, const std::vector<std::string>& arguments);
int RunInspect(const Command& command, const std::vector<std::string>& arguments);
int RunLogin(const Command& command, const std::vector<std::string>& arguments);
int RunLogout(const Command& command, const std::vector<std::string>& arguments);

// Options that every command has (--verbose, --quiet, --insecure-http, --insecure-tls, --retries,
// --timeout, --help) are added to `options`; `positional` names the arguments without a flag, in
// order; "REF..." at their end is one or more. `given`, when there, gets the options as they were
// given, in order. Throws Error(kUsage) that says what is wrong; prints the help and gives false
// when asked for it.
bool Parse(const Command& command, const std::vector<std::string>& arguments,
           boost::program_options::options_description options,
           const std::vector<std::string>& positional,
           boost::program_options::variables_map* values,
           std::vector<boost::program_options::option>* given = nullptr);

// The value of an argument that must be there. Throws Error(kUsage) that names it.
std::string Required(const Command& command, const boost::program_options::variables_map& values,
                     const std::string& name);

// The same for one that may be repeated.
std::vector<std::string> RequiredList(const Command& command,
                                      const boost::program_options::variables_map& values,
                                      const std::string& name);

// PushOptions from the options that every command has.
PushOptions CommonOptions(const boost::program_options::variables_map& values);

// Whoever reads our standard output hung up, as head does: not an error, but nothing is left to do.
struct HungUp {};

// Writes to standard output. Throws HungUp, or Error(kIo) when it fails otherwise: a full disk.
void Print(std::string_view text);
// A result that has to make way for something else on standard output: to standard error.
void PrintAside(std::string_view text);
// Call at the end: what could not be written is an error too.
void FlushOutput();

// Writes "kontext: LINE" to standard error as one line: control bytes are escaped. A standard error
// that cannot be written to is no reason to fail.
void Say(std::string_view line);

// "1.3 GB"
std::string HumanBytes(uint64_t bytes);

}  // namespace kontext::cli
