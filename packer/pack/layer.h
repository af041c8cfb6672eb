// A layer: a tar file, compressed as it is written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/fd.h"
#include "packer/image/descriptor.h"
#include "packer/pack/codec.h"
#include "packer/pack/compressed_writer.h"
#include "packer/pack/packed_spans.h"

namespace kontext {

// On a layer's descriptor: the compressed length of its index part. Only a hint.
inline constexpr char kIndexSizeAnnotation[] = "dev.kontext.index-size";
// What its contents take of it (packer/plan/packed_sizes.h); on few layers. Only a hint, too.
inline constexpr char kPackedSizesAnnotation[] = "dev.kontext.packed-sizes";

struct Layer {
  Descriptor descriptor;
  std::string diff_id;
  UniqueFd file;  // holds the compressed layer from offset 0
};

// A layer that all has gone into, part of which may still be being compressed.
class UnfinishedLayer {
 public:
  // Packs with `codec` into a file of its own.
  UnfinishedLayer(const Codec& codec, size_t threads);

  CompressedWriter* out() { return out_.get(); }
  // All that was written by now is the index part.
  void EndIndex();
  // Nothing may be written afterwards. `contents`: where they are, in the order of the index.
  void EndInput(std::vector<ContentSpan> contents);

  // After EndInput.
  const std::string& diff_id() const { return diff_id_; }
  // Waits for the rest; to be called once.
  Layer Finish();

 private:
  uint64_t IndexSize() const;

  Codec codec_;
  UniqueFd file_;
  std::unique_ptr<CompressedWriter> out_;
  uint64_t index_end_ = 0;  // before compression; 0: there is none
  std::vector<ContentSpan> contents_;
  std::string diff_id_;
};

}  // namespace kontext
