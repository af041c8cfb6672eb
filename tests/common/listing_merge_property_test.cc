// Random trees and random edits, folded over many segments, give what the model gives.
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "common/listing_merge.h"
#include "tests/support/tree_model.h"

namespace kontext {
namespace {

// A segment's lines by path; a null node removes.
struct Change {
  bool removed = false;
  Node node;
};
using Changes = std::map<std::string, Change, PathLess>;

// What turns `old` into `next`, with now and then a line more than is needed.
Changes Diff(Random* random, const Tree& old, const Tree& next) {
  Changes changes;
  for (const auto& [path, node] : old) {
    std::string parent(ParentOf(path));
    bool parent_goes = !parent.empty() && next.count(parent) == 0;
    if (next.count(path) == 0 && (!parent_goes || random->Percent(30))) {
      changes[path].removed = true;
    }
  }
  for (const auto& [path, node] : next) {
    auto was = old.find(path);
    bool same = was != old.end() && was->second == node;
    if (!same || random->Percent(5)) changes[path] = {false, node};
  }
  return changes;
}

std::string TextOf(const Changes& changes) {
  std::string text;
  for (const auto& [path, change] : changes) {
    text += LineOf(change.removed ? RemovedEntry(path) : EntryOf(path, change.node));
  }
  return text;
}

// Folding, said in another way: first all that lines hide, then all that they set.
void Apply(const Changes& changes, Tree* tree) {
  for (const auto& [path, change] : changes) {
    if (change.removed || change.node.type != EntryType::kDir) EraseBelow(tree, path);
    if (change.removed) tree->erase(path);
  }
  for (const auto& [path, change] : changes) {
    if (!change.removed) (*tree)[path] = change.node;
  }
}

std::string Fold(const std::vector<std::string>& texts, size_t piece) {
  std::deque<PieceSource> sources;
  ListingMerge merge;
  for (const std::string& text : texts) {
    sources.push_back({text, piece});
    merge.Add(sources.back().source(), Sha(text));
  }
  std::string listing;
  IndexEntry entry;
  size_t segment = 0;
  ReadResult result;
  while ((result = merge.Next(&entry, &segment)) == ReadResult::kEntry) {
    listing += ListingLineOf(entry);
  }
  return result == ReadResult::kEnd ? listing : merge.problem();
}

TEST(ListingMergePropertyTest, FoldingGivesTheTree) {
  Random random;
  for (int round = 0; round < 1500; ++round) {
    Tree tree;
    Tree model;
    std::vector<std::string> texts;
    size_t segments = 1 + random.Below(8);
    for (size_t i = 0; i < segments; ++i) {
      Tree old = tree;
      for (size_t edits = random.Below(i == 0 ? 40 : 12); edits > 0; --edits) {
        EditTree(&random, &tree);
      }
      Changes changes = Diff(&random, old, tree);
      Apply(changes, &model);
      texts.push_back(TextOf(changes));
    }
    ASSERT_EQ(ListingTextOf(model), ListingTextOf(tree));
    ASSERT_EQ(Fold(texts, 1 + random.Below(300)), ListingTextOf(tree)) << "round " << round;
  }
}

}  // namespace
}  // namespace kontext
