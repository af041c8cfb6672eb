#include "extractor/commands.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/index_writer.h"
#include "extractor/dir_open.h"
#include "extractor/image.h"
#include "extractor/prune.h"
#include "extractor/run.h"
#include "extractor/signals.h"
#include "extractor/tree_writer.h"
#include "extractor/verify.h"
#include "extractor/workers.h"

namespace kontext::extractor {
namespace {

// A descriptor for each directory on the way down, and for each file under way.
void RaiseFileLimit() {
  rlimit limit;
  if (prlimit(0, RLIMIT_NOFILE, nullptr, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  prlimit(0, RLIMIT_NOFILE, &limit, nullptr);
}

void SayTotals(const Head& head, const char* target, Line& line) {
  line.Count(head.files, "file", "files").Text(", ");
  line.Count(head.dirs, "directory", "directories").Text(", ");
  line.Count(head.symlinks, "symlink", "symlinks").Text(" (").Bytes(head.bytes).Text(") in ");
  line.Name(target);
}

int Open(const Args& args, bool create, Report* report) {
  int fd = OpenTarget(args.target, create);
  if (fd < 0) report->Error(args.target, "cannot be opened", errno);
  return fd;
}

bool Extract(const Args& args, Run* run, Image* image) {
  UniqueFd target(Open(args, true, &run->report()));
  if (!target.valid()) return false;
  if (args.prune && HoldsImage(target.get(), *image)) {
    run->report().Error(args.target, "holds the image itself: --prune would remove it");
    return false;
  }
  {
    TreeWriter writer(run, JobsToUse(args.jobs));
    if (!writer.Start(target.release())) return false;
    bool all = image->ForEach(TreeWriter::Visit, &writer);
    if (!writer.Finish() || !all) return false;
  }
  if (args.prune) {
    target.reset(Open(args, false, &run->report()));
    if (!target.valid() || !Prune(run, image, target.release())) return false;
  }
  if (args.quiet) return true;
  run->report().Say([&](Line& line) {
    SayTotals(image->head(), args.target, line);
    line.Text(", ").Number(run->written.Load()).Text(" written, verified");
  });
  return true;
}

bool Compare(const Args& args, Run* run, Image* image) {
  UniqueFd target(Open(args, false, &run->report()));
  if (!target.valid()) return false;
  if (!Verify(run, image, target.release(), JobsToUse(args.jobs))) return false;
  uint64_t differences = run->differences.Load();
  if (args.quiet) return differences == 0;
  run->report().Say([&](Line& line) {
    if (differences == 0) {
      SayTotals(image->head(), args.target, line);
      line.Text(", verified");
    } else {
      line.Name(args.target).Text(": ").Count(differences, "difference", "differences");
    }
  });
  return differences == 0;
}

bool PrintEntry(void* out, const IndexEntry& entry) {
  auto write = [](void* line, const char* data, size_t size) {
    static_cast<Line*>(line)->Text(std::string_view(data, size));
  };
  WriteListingLine(entry, ByteSink{out, write});
  return static_cast<Line*>(out)->good();
}

bool List(Report* report, Image* image, int out_fd) {
  Line out(out_fd);
  bool all = image->ForEach(PrintEntry, &out);
  if (out.Flush()) return all;
  report->Error("listing", "cannot be written", errno);
  return false;
}

bool Dispatch(const Args& args, Report* report, int out_fd) {
  Image image(report);
  if (!image.Open(args.root) || !image.Check()) return false;
  Run run(report, &image, args.owner);
  switch (args.command) {
    case Command::kVerify:
      return Compare(args, &run, &image);
    case Command::kList:
      return List(report, &image, out_fd);
    default:
      return Extract(args, &run, &image);
  }
}

}  // namespace

int RunCommand(const Args& args, Report* report, int out_fd) {
  RaiseFileLimit();
  bool done = Dispatch(args, report, out_fd);
  int signal = StopSignal();
  if (done || signal == 0) return done ? 0 : 1;
  report->Say(
      [&](Line& line) { line.Text("stopped by signal ").Number(static_cast<uint64_t>(signal)); });
  return 128 + signal;
}

}  // namespace kontext::extractor
