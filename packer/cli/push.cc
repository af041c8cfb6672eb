#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "packer/cli/build_flags.h"
#include "packer/cli/command.h"
#include "packer/cli/json_writer.h"
#include "packer/cli/progress.h"
#include "packer/one_line.h"

namespace kontext::cli {
namespace po = boost::program_options;

namespace {

using Texts = std::vector<std::string>;

std::map<std::string, std::string> Pairs(const po::variables_map& values, const char* option) {
  std::map<std::string, std::string> pairs;
  if (values.count(option) == 0) return pairs;
  for (const std::string& text : values[option].as<Texts>()) {
    size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(ErrorKind::kUsage,
                  fmt::format("--{} {}: not of the form KEY=VALUE", option, text));
    }
    std::string key = text.substr(0, equals);
    if (!pairs.emplace(key, text.substr(equals + 1)).second) {
      throw Error(ErrorKind::kUsage, fmt::format("--{} {}: {} is given twice", option, text, key));
    }
  }
  return pairs;
}

std::string FailureJson(const std::string& reference, const Error& failure) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  json.StartObject();
  PutText(&json, "ref", reference);
  PutText(&json, "error", OneLine(failure.what()));
  json.EndObject();
  return std::string(out.GetString(), out.GetSize()) + '\n';
}

std::string Json(const std::string& reference, const PushResult& result) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> json(out);
  json.StartObject();
  auto text = [&](const char* key, const std::string& value) {
    json.Key(key);
    json.String(value.c_str());
  };
  auto number = [&](const char* key, uint64_t value) {
    json.Key(key);
    json.Uint64(value);
  };
  text("ref", reference);
  text("reference", result.reference);
  text("digest", result.digest);
  text("tree", result.tree);
  json.Key("changed");
  json.Bool(result.outcome == Outcome::kPushed);
  number("files", result.files);
  number("bytes", result.bytes);
  number("uploaded_bytes", result.uploaded_bytes);
  number("segments_kept", result.segments_kept);
  number("segments_written", result.segments_written);
  json.Key("seconds");
  json.Double(result.seconds);
  json.EndObject();
  return std::string(out.GetString(), out.GetSize()) + '\n';
}

std::string Count(uint64_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

// `subject`: which of several it is, "REF: ".
void Summarize(const std::string& subject, const PushResult& result) {
  if (result.outcome == Outcome::kNoChange) {
    return Say(subject + fmt::format("no change: {}, nothing sent", Count(result.files, "file")));
  }
  Say(subject + fmt::format("{}, {}: sent {} in {}, kept {}, {:.1f} s", Count(result.files, "file"),
                            HumanBytes(result.bytes), HumanBytes(result.uploaded_bytes),
                            Count(result.segments_written, "new segment"), result.segments_kept,
                            result.seconds));
}

po::options_description PushFlags() {
  po::options_description flags;
  flags.add_options()("directory", po::value<std::string>(), "the same as DIR");
  flags.add_options()("tag", po::value<Texts>(), "the same as REF; repeatable");
  // With or without a value: the original tool wrote --rebase=false.
  flags.add_options()("rebase", po::value<bool>(),
                      "build on the image under the tag (this is the default)");
  AddBuildFlags(&flags);
  flags.add_options()("label", po::value<Texts>(), "KEY=VALUE into the image's labels; repeatable");
  flags.add_options()("annotation", po::value<Texts>(),
                      "KEY=VALUE into the index's annotations; repeatable");
  flags.add_options()("platform", po::value<Texts>(),
                      "linux/amd64 or linux/arm64; repeatable (default: both; of an archive: this "
                      "machine's)");
  flags.add_options()("compression", po::value<std::string>(),
                      "gzip or zstd, of the layers that are written (default: gzip)");
  flags.add_options()("json", "print a result object instead of each reference");
  return flags;
}

Compression ReadCompression(const po::variables_map& values) {
  if (values.count("compression") == 0) return Compression::kGzip;
  const std::string& name = values["compression"].as<std::string>();
  if (name == "gzip") return Compression::kGzip;
  if (name == "zstd") return Compression::kZstd;
  throw Error(ErrorKind::kUsage, fmt::format("--compression {}: there are gzip and zstd", name));
}

// The argument is in its place or behind its flag, not in both.
void CheckTwice(const po::variables_map& values, const std::string& place,
                const std::string& flag) {
  if (values.count(place) == 0 || values.count(flag) == 0) return;
  throw Error(ErrorKind::kUsage, fmt::format("both {} and --{} are given", place, flag));
}

struct Places {
  std::string directory;
  Texts references;
};

// Beside --directory every argument is a REF.
Places ReadPlaces(const Command& command, const po::variables_map& values) {
  CheckTwice(values, "REF", "tag");
  Places places;
  bool flag = values.count("directory") > 0;
  if (flag) CheckTwice(values, "DIR", "tag");
  places.directory = Required(command, values, flag ? "directory" : "DIR");
  bool shifted = flag && values.count("DIR") > 0;
  if (shifted) places.references.push_back(Required(command, values, "DIR"));
  const char* name = values.count("tag") > 0 ? "tag" : "REF";
  if (shifted && values.count(name) == 0) return places;
  Texts others = RequiredList(command, values, name);
  places.references.insert(places.references.end(), others.begin(), others.end());
  return places;
}

PushOptions ReadOptions(const po::variables_map& values, const std::vector<po::option>& given) {
  PushOptions options = CommonOptions(values);
  ReadBuildFlags(values, given, &options);
  bool rebase = values.count("rebase") == 0 || values["rebase"].as<bool>();
  if (!options.rebase && values.count("rebase") > 0 && rebase) {
    throw Error(ErrorKind::kUsage, "--clean and --rebase are both given");
  }
  options.rebase = options.rebase && rebase;
  options.labels = Pairs(values, "label");
  options.annotations = Pairs(values, "annotation");
  options.compression = ReadCompression(values);
  if (values.count("platform") > 0) options.platforms = values["platform"].as<Texts>();
  return options;
}

// Prints what became of each reference. Gives the exit code.
int Report(const Texts& references, const std::vector<PushedTo>& all, bool json, bool quiet) {
  int code = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const PushResult& result = all[i].result;
    std::string text;
    if (all[i].failure) {
      code = 1;
      Say(all[i].failure->what());
      if (json) text = FailureJson(references[i], *all[i].failure);
    } else {
      text = json ? Json(references[i], result) : result.reference + '\n';
    }
    if (result.on_stdout) {
      PrintAside(text);
    } else {
      Print(text);
    }
    if (quiet || all[i].failure) continue;
    Summarize(all.size() > 1 ? references[i] + ": " : "", result);
  }
  return code;
}

}  // namespace

int RunPush(const Command& command, const std::vector<std::string>& arguments) {
  po::variables_map values;
  std::vector<std::string> spelled = arguments;
  // An optional value would take the next word for its own.
  std::replace(spelled.begin(), spelled.end(), std::string("--rebase"),
               std::string("--rebase=true"));
  std::vector<po::option> given;
  if (!Parse(command, spelled, PushFlags(), {"DIR", "REF..."}, &values, &given)) return 0;
  Places places = ReadPlaces(command, values);
  PushOptions options = ReadOptions(values, given);
  bool quiet = values.count("quiet") > 0;
  bool json = values.count("json") > 0;
  std::vector<PushedTo> all;
  {
    ProgressLine line(!quiet);
    options.progress = [&](const char* phase, uint64_t done, uint64_t total) {
      line.Show(phase, done, total);
    };
    all = PushToAll(places.directory, places.references, options);
  }
  // Of a single one the failure is all that there is to say.
  if (all.size() == 1 && all.front().failure) throw Error(*all.front().failure);
  return Report(places.references, all, json, quiet);
}

}  // namespace kontext::cli
