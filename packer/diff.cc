#include <deque>
#include <span>
#include <utility>

#include "packer/earlier.h"
#include "packer/hash.h"
#include "packer/kontext.h"
#include "packer/plan/compare.h"
#include "packer/plan/plan.h"
#include "packer/session.h"
#include "packer/source_tree.h"

namespace kontext {
namespace {

const char* NameOf(ChangeKind kind) {
  constexpr const char* kNames[] = {"added",  "changed", "removed", "moved",
                                    "copied", "mode",    "type",    "target"};
  return kNames[static_cast<size_t>(kind)];
}

const char* NameOf(EntryType type) {
  return type == EntryType::kFile ? "file" : type == EntryType::kDir ? "dir" : "symlink";
}

// Marks the entries of a listing whose content the parts of a segment store. All are in the order
// of paths.
std::vector<bool> StoredEntries(std::span<const Segment> parts, const Listing& listing) {
  const std::vector<IndexEntry>& entries = listing.entries();
  std::vector<bool> stored(entries.size());
  size_t entry = 0;
  for (const Segment& part : parts) {
    for (size_t line : part.stored) {
      while (entries[entry].path != part.lines[line].path) ++entry;
      stored[entry] = true;
    }
  }
  return stored;
}

struct Sending {
  std::vector<bool> stored;  // of each entry: a push sends its content because no segment has it
  uint64_t bytes = 0;        // that a push sends in all
};

Sending WhatIsSent(const std::vector<OldSegment>& old, const Listing& next, bool mirror) {
  PlanOptions plan_options;
  plan_options.mirror = mirror;
  Plan plan = MakePlan(old, next, plan_options);
  std::vector<const SegmentLines*> lines;
  lines.reserve(old.size());
  for (const OldSegment& segment : old) lines.push_back(segment.lines);
  Delta on_all = ComputeDelta(Merged(lines), next, mirror);
  std::vector<bool> missing = StoredEntries({&on_all.segment, 1}, next);
  Sending sending{StoredEntries(plan.parts, next), plan.stored_bytes};
  for (size_t i = 0; i < missing.size(); ++i) {
    sending.stored[i] = sending.stored[i] && missing[i];
  }
  return sending;
}

Sending WhatIsSent(const Earlier& earlier, const Listing& next, const DiffReport& report,
                   const PushOptions& options) {
  bool nothing = report.Same() && options.rebase && earlier.image()->mirror == options.mirror;
  if (nothing) return {std::vector<bool>(next.entries().size()), 0};
  std::vector<OldSegment> old;
  if (options.rebase) old = earlier.OldSegments();
  return WhatIsSent(old, next, options.mirror);
}

void AddEntries(const std::vector<Change>& changes, DiffReport* report) {
  for (const Change& change : changes) {
    report->entries.push_back({NameOf(change.kind), NameOf(change.type), std::string(change.path),
                               std::string(change.from), change.files, change.bytes, change.sent});
    report->sent_bytes += change.sent;
  }
}

}  // namespace

DiffReport Diff(const std::string& directory, const std::string& reference,
                const PushOptions& options) {
  CheckFrom(options);
  Session session(reference, options);
  std::deque<Session> from;
  for (const std::string& other : options.from) from.emplace_back(other, options);
  Scan scan;
  SourceTree(directory, {session.reference.LocalPath()}, options, session.Cache())
      .Use([&](Scan found) { scan = std::move(found); });
  const Listing& next = scan.listing();
  bool told = false;
  auto warn = [&](const std::string& line) {
    told = true;
    if (options.warn) options.warn(line);
  };
  Earlier earlier(session.reference, warn);
  earlier.AddOthers(from);
  told = false;
  earlier.Add(session, FindTag(session, warn));
  DiffReport report;
  report.tree = ToString(scan.tree());
  if (earlier.image()) {
    report.image = session.reference.Immutable(earlier.image()->digest);
    report.image_tree = ToString(earlier.image()->tree);
  } else if (!told) {
    warn(session.reference.ToString() + " is not there yet: everything is new");
  }
  Sending sending = WhatIsSent(earlier, next, report, options);
  AddEntries(Compare(earlier.ImageListing(), next, sending.stored), &report);
  report.sent_again_bytes = sending.bytes - report.sent_bytes;
  return report;
}

}  // namespace kontext
