#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "packer/cli/command.h"
#include "packer/cli/json_writer.h"
#include "packer/cli/text.h"
#include "packer/one_line.h"

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

constexpr std::string_view kAbout =
    "\nSegments come newest first, as they lie on each other; with --json, bottom to\n"
    "top. Sizes are compressed. Live is about what the image still needs of a layer,\n"
    "dead the rest; age is the number of pushes since the one that wrote it. A bar\n"
    "has a column for each doubling of the layer's size, from 1 kB (one column) to\n"
    "524 MB (twenty); its full part is live.\n";

constexpr size_t kLabel = 8;

void PrintField(std::string_view label, std::string_view text) {
  std::string between = '\n' + std::string(kLabel, ' ');
  Print(fmt::format("{:<{}}{}\n", label, kLabel, Wrapped(text, kLineColumns - kLabel, between)));
}

std::string Count(uint64_t n, const char* one, const char* many) {
  return Narrow(n, 13) + ' ' + (n == 1 ? one : many);
}

void PrintHead(const std::string& name, const ImageReport& report) {
  PrintField("image", OneLine(name));
  PrintField("digest", report.digest);
  PrintField("tree", report.tree);
  PrintField("holds", Count(report.files, "file", "files") + ", " +
                          Count(report.dirs, "directory", "directories") + ", " +
                          Count(report.symlinks, "symlink", "symlinks") + ", " +
                          HumanBytes(report.bytes));
  PrintField("layers", fmt::format("{}, of which {}", Grouped(report.layers),
                                   Count(report.segments.size(), "segment", "segments")));
  PrintField("stored", fmt::format("{}: {} live, {} dead", HumanBytes(report.stored_bytes),
                                   HumanBytes(report.live_bytes), HumanBytes(report.dead_bytes)));
  PrintField("pushes", report.pushes > 0 ? Grouped(report.pushes) : "unknown");
  if (report.mirror) PrintField("mirror", "every file is at its own path");
}

void PrintSegment(const SegmentReport& segment, bool utf8) {
  constexpr size_t kEntries = 9, kAge = 5;
  std::string line =
      fmt::format("{:<12}{:>10}{:>10}{:>10} {:>{}} {:>{}}  ", segment.digest.substr(7, 12),
                  HumanBytes(segment.layer_bytes), HumanBytes(segment.live_bytes),
                  HumanBytes(segment.dead_bytes), Narrow(segment.entries, kEntries), kEntries,
                  segment.age ? Narrow(*segment.age, kAge) : "-", kAge);
  Print(line + Bar(segment.layer_bytes, segment.live_bytes, utf8) + '\n');
}

void PrintReport(const std::string& name, const ImageReport& report) {
  PrintHead(name, report);
  if (report.segments.empty()) return;
  Print(fmt::format("\n{:<12}{:>10}{:>10}{:>10} {:>9} {:>5}\n", "newest first", "layer", "live",
                    "dead", "entries", "age"));
  bool utf8 = IsUtf8Locale(std::getenv("LC_ALL"), std::getenv("LC_CTYPE"), std::getenv("LANG"));
  for (auto segment = report.segments.rbegin(); segment != report.segments.rend(); ++segment) {
    PrintSegment(*segment, utf8);
  }
}

void PutKnown(JsonWriter* json, const char* key, bool known, uint64_t number) {
  if (known) return PutNumber(json, key, number);
  json->Key(key);
  json->Null();
}

void PutSegment(JsonWriter* json, const SegmentReport& segment) {
  json->StartObject();
  PutText(json, "index", segment.digest);
  PutText(json, "layer", segment.layer);
  PutNumber(json, "layer_bytes", segment.layer_bytes);
  PutNumber(json, "live_bytes", segment.live_bytes);
  PutNumber(json, "dead_bytes", segment.dead_bytes);
  PutNumber(json, "content_bytes", segment.bytes);
  PutNumber(json, "entries", segment.entries);
  PutKnown(json, "push", segment.push > 0, segment.push);
  PutKnown(json, "age", segment.age.has_value(), segment.age.value_or(0));
  json->EndObject();
}

std::string Json(const ImageReport& report) {
  rapidjson::StringBuffer out;
  JsonWriter json(out);
  json.StartObject();
  PutText(&json, "reference", report.reference);
  PutText(&json, "digest", report.digest);
  PutText(&json, "tree", report.tree);
  PutBool(&json, "mirror", report.mirror);
  PutKnown(&json, "pushes", report.pushes > 0, report.pushes);
  PutNumber(&json, "files", report.files);
  PutNumber(&json, "dirs", report.dirs);
  PutNumber(&json, "symlinks", report.symlinks);
  PutNumber(&json, "bytes", report.bytes);
  PutNumber(&json, "layers", report.layers);
  PutNumber(&json, "stored_bytes", report.stored_bytes);
  PutNumber(&json, "live_bytes", report.live_bytes);
  PutNumber(&json, "dead_bytes", report.dead_bytes);
  json.Key("segments");
  json.StartArray();
  for (const SegmentReport& segment : report.segments) PutSegment(&json, segment);
  json.EndArray();
  json.EndObject();
  return std::string(out.GetString(), out.GetSize()) + '\n';
}

}  // namespace

int RunInspect(const Command& command, const std::vector<std::string>& arguments) {
  po::options_description flags;
  flags.add_options()("json", "print one object, with exact numbers");
  po::variables_map values;
  if (!Parse(command, arguments, flags, {"REF"}, &values)) return Print(kAbout), 0;
  std::string name = Required(command, values, "REF");
  ImageReport report = Inspect(name, CommonOptions(values));
  if (values.count("json") > 0) {
    Print(Json(report));
  } else {
    PrintReport(name, report);
  }
  return 0;
}

}  // namespace kontext::cli
