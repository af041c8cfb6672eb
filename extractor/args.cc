#include "extractor/args.h"

#include <stdint.h>
#include <string.h>

#include "common/tree/workers.h"

namespace kontext::extractor {

const std::string_view kHelpText =
    "usage: kontext-extractor [extract] [options]   recreate the directory in the target\n"
    "       kontext-extractor verify [options]      compare the target, write nothing\n"
    "       kontext-extractor list                  print what the image holds, as JSON Lines\n"
    "\n"
    "  --target DIR      where the directory is (default /workspace); also --output_dir\n"
    "  --prune           extract: remove what is in the target but not in the image\n"
    "  --owner UID:GID   extract: give target and entries to this user and group\n"
    "  --jobs N          threads, 1 to 32 (default: the number of CPUs, at most 4)\n"
    "  --root DIR        read the image below DIR (an unpacked image) instead of /\n"
    "  --quiet           no closing line\n"
    "  --help, --version\n"
    "\n"
    "exit status: 0 done and verified, 1 failed, 2 usage, 128+N stopped by signal N;\n"
    "of verify: 0 same, 1 different (each difference a line on stdout), 2 trouble\n";

namespace {

enum Option : unsigned {
  kTarget = 1,
  kPrune = 2,
  kOwner = 4,
  kJobs = 8,
  kQuiet = 16,
  kRoot = 32,
  kHelp = 64,
  kVersion = 128,
};

struct OptionName {
  std::string_view name;
  Option option;
  bool has_value;
};

constexpr OptionName kOptions[] = {
    {"--target", kTarget, true},    {"--output_dir", kTarget, true}, {"--prune", kPrune, false},
    {"--owner", kOwner, true},      {"--jobs", kJobs, true},         {"--quiet", kQuiet, false},
    {"--root", kRoot, true},        {"--help", kHelp, false},        {"-h", kHelp, false},
    {"--version", kVersion, false},
};

struct CommandName {
  std::string_view name;
  Command command;
  unsigned options;  // those that go with it
};

constexpr CommandName kCommands[] = {
    {"extract", Command::kExtract, kTarget | kPrune | kOwner | kJobs | kQuiet | kRoot},
    {"verify", Command::kVerify, kTarget | kJobs | kQuiet | kRoot},
    {"list", Command::kList, kQuiet | kRoot},
};

bool ParseNumber(std::string_view text, uint64_t max, uint64_t* out) {
  if (text.empty() || text.size() > 10) return false;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  *out = value;
  return value <= max;
}

bool ParseOwner(std::string_view text, tree::Owner* owner) {
  // The highest id means "leave as it is" to chown(2).
  constexpr uint64_t kMaxId = 0xFFFFFFFE;
  size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  uint64_t uid = 0;
  uint64_t gid = 0;
  if (!ParseNumber(text.substr(0, colon), kMaxId, &uid)) return false;
  if (!ParseNumber(text.substr(colon + 1), kMaxId, &gid)) return false;
  *owner = tree::Owner{true, static_cast<uid_t>(uid), static_cast<gid_t>(gid)};
  return true;
}

// Null, or what is wrong with the value. `value` is null for options without one.
const char* Apply(Option option, const char* value, Args* args) {
  uint64_t number = 0;
  switch (option) {
    case kTarget:
      args->target = value;
      return *value == '\0' ? "needs a directory" : nullptr;
    case kRoot:
      args->root = value;
      return *value == '\0' ? "needs a directory" : nullptr;
    case kOwner:
      return ParseOwner(value, &args->owner) ? nullptr : "needs UID:GID, two numbers";
    case kJobs:
      if (!ParseNumber(value, tree::kMaxJobs, &number) || number == 0)
        return "needs a number, 1 to 32";
      args->jobs = static_cast<unsigned>(number);
      return nullptr;
    case kPrune:
      args->prune = true;
      return nullptr;
    case kQuiet:
      args->quiet = true;
      return nullptr;
    case kHelp:
      args->command = Command::kHelp;
      return nullptr;
    case kVersion:
      args->command = Command::kVersion;
      return nullptr;
  }
  return "is not an option";
}

const OptionName* FindOption(std::string_view name) {
  for (const OptionName& option : kOptions) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

bool Refuse(std::string_view argument, std::string_view what, UsageProblem* problem) {
  *problem = UsageProblem{argument, what};
  return false;
}

// Takes argv[*at] and, if its value is apart, the next one. Adds to `used`.
bool TakeOption(int argc, const char* const* argv, int* at, unsigned* used, Args* args,
                UsageProblem* problem) {
  const char* text = argv[*at];
  const char* equals = strchr(text, '=');
  std::string_view name =
      equals ? std::string_view(text, static_cast<size_t>(equals - text)) : text;
  const OptionName* option = FindOption(name);
  if (option == nullptr) return Refuse(text, "unknown option", problem);
  if (*used & option->option) return Refuse(name, "is given twice", problem);
  const char* value = equals ? equals + 1 : nullptr;
  if (!option->has_value && value != nullptr) return Refuse(name, "takes no value", problem);
  if (option->has_value && value == nullptr) {
    if (*at + 1 >= argc) return Refuse(name, "needs a value", problem);
    value = argv[++*at];
  }
  const char* wrong = Apply(option->option, value, args);
  if (wrong != nullptr) return Refuse(name, wrong, problem);
  *used |= option->option;
  return true;
}

const CommandName* FindCommand(std::string_view name) {
  for (const CommandName& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

}  // namespace

bool ParseArgs(int argc, const char* const* argv, Args* args, UsageProblem* problem) {
  const CommandName* command = nullptr;
  unsigned used = 0;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') {
      if (!TakeOption(argc, argv, &i, &used, args, problem)) return false;
      continue;
    }
    if (command != nullptr) return Refuse(argv[i], "unexpected argument", problem);
    command = FindCommand(argv[i]);
    if (command == nullptr) return Refuse(argv[i], "unknown command", problem);
  }
  if (used & (kHelp | kVersion)) return true;
  if (command == nullptr) command = &kCommands[0];
  args->command = command->command;
  for (const OptionName& option : kOptions) {
    if ((used & option.option) && !(command->options & option.option)) {
      return Refuse(option.name, "does not go with this command", problem);
    }
  }
  return true;
}

}  // namespace kontext::extractor
