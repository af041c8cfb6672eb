// Does a layer hold what its index says, and nothing else?
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "packer/hash.h"
#include "packer/pack/tar_reader.h"
#include "packer/plan/fold.h"

namespace kontext {

// Takes what is wrong, in words: "PATH: ...".
using TakeProblem = std::function<void(const std::string&)>;

// What a layer's tar has to hold at a path.
struct ExpectedItem {
  TarItem::Type type = TarItem::Type::kFile;
  std::optional<Digest> sha256;  // of a file; without one its content is not looked at
  uint64_t size = 0;
  uint32_t mode = 0;  // compared for files and directories
  std::string target;
  bool required = true;
  bool seen = false;
};
using ExpectedItems = std::map<std::string, ExpectedItem>;

// Of a segment's layer (FORMAT.md, section 4), and of a base layer.
ExpectedItems ExpectSegment(const SegmentIndex& index);
ExpectedItems ExpectBase();

class LayerCheck : public TarVisitor {
 public:
  LayerCheck(ExpectedItems expected, TakeProblem problem);

  void Begin(const TarItem& item) override;
  void Data(std::string_view bytes) override;
  void End() override;

  // At the end of the layer: what is missing.
  void Finish();
  // The head, if the layer has one.
  const std::string& head() const { return head_; }

 private:
  bool IsPassedThrough(const std::string& path) const;
  void Compare(const TarItem& item, const ExpectedItem& expected);

  ExpectedItems expected_;
  TakeProblem problem_;
  std::string path_;
  const ExpectedItem* current_ = nullptr;
  uint64_t size_ = 0;
  bool is_head_ = false;
  Hasher hasher_;
  std::string head_;
};

}  // namespace kontext
