#include "extractor/commands.h"

#include <errno.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/file_limit.h"
#include "common/index_writer.h"
#include "common/tree/dir_open.h"
#include "common/tree/prune.h"
#include "common/tree/run.h"
#include "common/tree/verify.h"
#include "common/tree/workers.h"
#include "common/tree/writer.h"
#include "extractor/image.h"
#include "extractor/signals.h"

namespace kontext::extractor {
namespace {

using tree::Line;
using tree::Report;
using tree::Run;

void SayTotals(const Head& head, const char* target, Line& line) {
  line.Count(head.files, "file", "files").Text(", ");
  line.Count(head.dirs, "directory", "directories").Text(", ");
  line.Count(head.symlinks, "symlink", "symlinks").Text(" (").Bytes(head.bytes).Text(") in ");
  line.Name(target);
}

int Open(const Args& args, bool create, Report* report) {
  int fd = tree::OpenTarget(args.target, create);
  if (fd < 0) report->Error(args.target, "cannot be opened", errno);
  return fd;
}

bool Extract(const Args& args, Run* run, Image* image) {
  UniqueFd target(Open(args, true, &run->report()));
  if (!target.valid()) return false;
  if (args.prune && image->IsWithin(target.get())) {
    run->report().Error(args.target, "holds the image itself: --prune would remove it");
    return false;
  }
  {
    tree::TreeWriter writer(run, tree::JobsToUse(args.jobs));
    if (!writer.Start(target.release())) return false;
    bool all = image->ForEach(tree::TreeWriter::Visit, &writer);
    if (!writer.Finish() || !all) return false;
  }
  if (args.prune) {
    target.reset(Open(args, false, &run->report()));
    if (!target.valid() || !tree::Prune(run, image->Entries(), target.release())) return false;
  }
  if (args.quiet) return true;
  run->report().Say([&](Line& line) {
    SayTotals(image->head(), args.target, line);
    line.Text(", ").Number(run->written.Load()).Text(" written, verified");
  });
  return true;
}

// As diff(1) has them.
constexpr int kSame = 0;
constexpr int kDifferent = 1;
constexpr int kTrouble = 2;

// Tells and counts them.
struct Differences {
  Report* out;
  Report* trouble;
  const char* target;
  tree::Atomic<uint64_t> count{0};
  tree::Atomic<uint64_t> unreadable{0};

  static void Take(void* self, const tree::Difference& difference) {
    Differences* all = static_cast<Differences*>(self);
    bool unreadable = difference.kind == tree::DifferenceKind::kUnreadable;
    (unreadable ? all->unreadable : all->count).Add(1);
    (unreadable ? all->trouble : all->out)->Say([&](Line& line) {
      line.Name(all->target).Text("/");
      tree::Describe(difference, &line);
    });
  }
};

int Compare(const Args& args, Run* run, Image* image, int out_fd) {
  UniqueFd target(Open(args, false, &run->report()));
  if (!target.valid()) return kTrouble;
  Report out(tree::TextToFd(&out_fd), "");
  Differences found{&out, &run->report(), args.target};
  tree::DifferenceSink sink{&found, Differences::Take};
  unsigned jobs = tree::JobsToUse(args.jobs);
  if (!tree::Verify(run, image->Entries(), target.release(), jobs, sink)) return kTrouble;
  uint64_t differences = found.count.Load();
  bool unreadable = found.unreadable.Load() > 0;
  int result = unreadable ? kTrouble : differences == 0 ? kSame : kDifferent;
  if (args.quiet) return result;
  run->report().Say([&](Line& line) {
    if (result == kSame) {
      SayTotals(image->head(), args.target, line);
      line.Text(", verified");
    } else {
      line.Name(args.target).Text(": ").Count(differences, "difference", "differences");
      if (unreadable) line.Text(", not all could be read");
    }
  });
  return result;
}

bool PrintEntry(void* out, const IndexEntry& entry) {
  auto write = [](void* line, const char* data, size_t size) {
    static_cast<Line*>(line)->Text(std::string_view(data, size));
  };
  WriteListingLine(entry, ByteSink{out, write});
  return static_cast<Line*>(out)->good();
}

bool List(Report* report, Image* image, int out_fd) {
  Line out(tree::TextToFd(&out_fd));
  bool all = image->ForEach(PrintEntry, &out);
  if (out.Flush()) return all;
  report->Error("listing", "cannot be written", errno);
  return false;
}

int Dispatch(const Args& args, Report* report, int out_fd) {
  Image image(report);
  if (!image.Open(args.root) || !image.Check())
    return args.command == Command::kVerify ? kTrouble : 1;
  Run run({.report = report,
           .target = args.target,
           .content = image.Contents(),
           .owner = args.owner,
           .is_stopped = [](void*) { return StopSignal() != 0; }});
  switch (args.command) {
    case Command::kVerify:
      return Compare(args, &run, &image, out_fd);
    case Command::kList:
      return List(report, &image, out_fd) ? 0 : 1;
    default:
      return Extract(args, &run, &image) ? 0 : 1;
  }
}

}  // namespace

int RunCommand(const Args& args, tree::Report* report, int out_fd) {
  RaiseFileLimit();
  int result = Dispatch(args, report, out_fd);
  int signal = StopSignal();
  if (result == 0 || signal == 0) return result;
  report->Say(
      [&](Line& line) { line.Text("stopped by signal ").Number(static_cast<uint64_t>(signal)); });
  return 128 + signal;
}

}  // namespace kontext::extractor
