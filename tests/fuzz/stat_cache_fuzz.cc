// The record of a directory's files. An input's first 4 bytes say where a record is damaged and
// how, the rest what the directory has: a line for a path.
#include <algorithm>
#include <cstring>

#include "packer/cache/summed.h"
#include "packer/scan/stat_cache.h"
#include "packer/scan/stat_changes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/touched.h"
#include "tests/support/tree_model.h"

namespace kontext {
namespace {

constexpr size_t kDamage = 4;

Tree TreeOf(std::string_view text) {
  Tree tree;
  for (const std::string& path : Parts(text, "\n")) {
    if (PathProblem(path) != nullptr) continue;
    constexpr EntryType kTypes[] = {EntryType::kFile, EntryType::kFile, EntryType::kDir,
                                    EntryType::kSymlink};
    EntryType type = kTypes[path.size() % 4];
    tree[path] = {type, type == EntryType::kSymlink ? 0u : 0644u,
                  type == EntryType::kDir ? "" : path};
  }
  return tree;
}

Walked WalkedOf(const Tree& tree) {
  Walked walked;
  for (const auto& [path, node] : tree) {
    walked.listing.Add(EntryOf(path, node));
    FileStat stat;
    int64_t time = 1000 + static_cast<int64_t>(path.size());
    if (node.type == EntryType::kFile) stat = {time, time, walked.stats.size()};
    walked.stats.push_back(stat);
  }
  return walked;
}

void ForgetDigests(Walked* walked) {
  for (IndexEntry& entry : walked->listing.mutable_entries()) entry.sha256 = {};
}

Recalled RecallAll(std::string_view bytes, Walked* walked) {
  RecordedTree recorded(bytes);
  TouchAll(recorded, walked);
  return Recall(recorded, walked);
}

size_t FilesIn(const Walked& walked) { return walked.listing.Totals().files; }

void CheckRecord(const Tree& tree, std::string_view damage) {
  Scanned scanned;
  scanned.walked = WalkedOf(tree);
  scanned.totals = scanned.walked.listing.Totals();
  scanned.tree = scanned.walked.listing.TreeDigest();
  std::string bytes;
  WriteStatRecord(scanned, INT64_MAX, [&](std::string_view part) { bytes += part; });

  Walked walked = WalkedOf(tree);
  ForgetDigests(&walked);
  Recalled recalled = RecallAll(bytes, &walked);
  Require(recalled.whole && recalled.unknown.empty() && RecordedTree(bytes).tree() == scanned.tree,
          "what was recorded is known");
  Require(walked.listing.TreeDigest() == scanned.tree, "digests are those recorded");

  uint16_t where = 0;
  std::memcpy(&where, damage.data(), sizeof(where));
  char change = damage[2];
  if (change == 0) change = 1;
  bytes[where % bytes.size()] = static_cast<char>(bytes[where % bytes.size()] ^ change);
  if (damage[3] % 2 == 1) bytes.resize(where % bytes.size());
  ForgetDigests(&walked);
  recalled = RecallAll(bytes, &walked);
  Require(!recalled.whole && recalled.unknown.size() == FilesIn(walked),
          "a damaged record knows nothing");
}

// With a good checksum: what it guards is checked, too.
void CheckChanges(const Tree& tree, std::string_view content) {
  Scanned scanned;
  scanned.walked = WalkedOf(tree);
  std::string bytes;
  WriteStatRecord(scanned, INT64_MAX, [&](std::string_view part) { bytes += part; });
  RecordedTree recorded(bytes);
  uint64_t sum = recorded.sum();
  std::string changes(content);
  if (changes.size() >= 2 * sizeof(sum)) std::memcpy(&changes[sizeof(sum)], &sum, sizeof(sum));
  std::string summed;
  SummedWriter writer([&](std::string_view part) { summed += part; });
  writer.Add(changes);
  writer.Finish();
  ApplyStatChanges(summed, bytes, &recorded);
  Require(recorded.ToListing().entries().size() == tree.size(), "the paths stay");
}

}  // namespace
}  // namespace kontext

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontext;
  std::string_view text = TextOf(data, size);
  if (size < kDamage) return 0;
  Tree tree = TreeOf(text.substr(kDamage));
  CheckRecord(tree, text.substr(0, kDamage));
  CheckChanges(tree, text.substr(kDamage));
  Walked walked = WalkedOf(tree);
  Recalled recalled = RecallAll(text, &walked);
  Require(recalled.unknown.size() == FilesIn(walked), "what is no record knows nothing");
  return 0;
}
