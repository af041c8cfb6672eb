#include <fmt/format.h>

#include <algorithm>

#include "packer/cli/build_flags.h"
#include "packer/cli/command.h"
#include "packer/cli/json_writer.h"
#include "packer/cli/progress.h"
#include "packer/cli/text.h"
#include "packer/one_line.h"

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

constexpr int kSame = 0;
constexpr int kDifferent = 1;

constexpr std::string_view kAbout =
    "\nEach line tells what is different, how much content a push would send for it,\n"
    "before compression, and where; in brackets the size of what is not sent. Long\n"
    "paths lose their beginning, but not with --json.\n"
    "Exit codes: 0 the same, 1 different, 2 trouble.\n";

std::string Files(uint64_t files) { return Grouped(files) + (files == 1 ? " file" : " files"); }

// What the column of bytes does not tell.
std::string Note(const DiffEntry& entry) {
  std::string note;
  if (entry.type == "dir" && entry.kind == "moved") note = Files(entry.files);
  bool quiet = entry.kind == "mode" || entry.sent_bytes == entry.bytes;
  if (!quiet) note += (note.empty() ? "" : ", ") + HumanBytes(entry.bytes);
  return note.empty() ? note : " (" + note + ")";
}

std::string Shown(const DiffEntry& entry, const std::string& path) {
  return OneLine(path) + (entry.type == "dir" ? "/" : "");
}

void PrintEntry(const DiffEntry& entry) {
  std::string sent = entry.sent_bytes == 0 ? "-" : HumanBytes(entry.sent_bytes);
  std::string begin = fmt::format("{:<7} {:>9}  ", entry.kind, sent);
  std::string note = Note(entry);
  size_t room = kLineColumns - begin.size() - note.size();
  std::string path = Shown(entry, entry.path);
  if (!entry.from.empty()) {
    constexpr std::string_view kArrow = " -> ";
    std::string from = Shown(entry, entry.from);
    room -= kArrow.size();
    size_t half = room / 2;
    size_t spare = half - std::min(half, Columns(path));
    from = KeepEnd(from, room - half + spare);
    begin.append(from).append(kArrow);
    room -= Columns(from);
  }
  Print(begin + KeepEnd(path, room) + note + '\n');
}

std::string Json(const DiffReport& report) {
  rapidjson::StringBuffer out;
  JsonWriter json(out);
  json.StartObject();
  PutBool(&json, "same", report.Same());
  PutText(&json, "image", report.image);
  PutText(&json, "image_tree", report.image_tree);
  PutText(&json, "tree", report.tree);
  PutNumber(&json, "sent_bytes", report.sent_bytes);
  PutNumber(&json, "sent_again_bytes", report.sent_again_bytes);
  json.Key("entries");
  json.StartArray();
  for (const DiffEntry& entry : report.entries) {
    json.StartObject();
    PutText(&json, "kind", entry.kind);
    PutText(&json, "type", entry.type);
    PutPath(&json, "path", entry.path);
    if (!entry.from.empty()) PutPath(&json, "from", entry.from);
    PutNumber(&json, "files", entry.files);
    PutNumber(&json, "bytes", entry.bytes);
    PutNumber(&json, "sent_bytes", entry.sent_bytes);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return std::string(out.GetString(), out.GetSize()) + '\n';
}

void Summarize(const DiffReport& report) {
  if (report.entries.empty()) {
    Say(report.Same() ? "no change" : "no path is different");
  } else {
    Say(fmt::format("{} different, a push would send {} before compression",
                    Grouped(report.entries.size()) + (report.entries.size() == 1 ? " is" : " are"),
                    HumanBytes(report.sent_bytes)));
  }
  if (report.sent_again_bytes == 0) return;
  Say("also sent again, what earlier segments hold: " + HumanBytes(report.sent_again_bytes));
}

}  // namespace

int RunDiff(const Command& command, const std::vector<std::string>& arguments) {
  po::options_description flags;
  AddBuildFlags(&flags);
  flags.add_options()("json", "print one object: every difference, with exact bytes");
  po::variables_map values;
  std::vector<po::option> given;
  if (!Parse(command, arguments, flags, {"DIR", "REF"}, &values, &given)) return Print(kAbout), 0;
  std::string directory = Required(command, values, "DIR");
  std::string reference = Required(command, values, "REF");
  PushOptions options = CommonOptions(values);
  ReadBuildFlags(values, given, &options);
  DiffReport report;
  {
    ProgressLine line(values.count("quiet") == 0);
    options.progress = [&](const char* phase, uint64_t done, uint64_t total) {
      line.Show(phase, done, total);
    };
    report = Diff(directory, reference, options);
  }
  if (values.count("json") > 0) {
    Print(Json(report));
  } else {
    for (const DiffEntry& entry : report.entries) PrintEntry(entry);
  }
  if (values.count("quiet") == 0) Summarize(report);
  return report.Same() ? kSame : kDifferent;
}

}  // namespace kontext::cli
