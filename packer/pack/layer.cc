#include "packer/pack/layer.h"

#include <algorithm>
#include <utility>

#include "packer/hash.h"
#include "packer/pack/unnamed_file.h"

namespace kontext {

UnfinishedLayer::UnfinishedLayer(const Codec& codec, size_t threads)
    : codec_(codec),
      file_(OpenUnnamedFile()),
      out_(std::make_unique<CompressedWriter>(file_.get(), codec, threads)) {}

void UnfinishedLayer::EndIndex() {
  out_->EndMember();
  index_end_ = out_->input_size();
}

void UnfinishedLayer::EndInput(std::vector<ContentSpan> contents) {
  contents_ = std::move(contents);
  diff_id_ = ToString(out_->EndInput());
}

Layer UnfinishedLayer::Finish() {
  out_->Finish();
  Layer layer;
  layer.file = std::move(file_);
  layer.diff_id = diff_id_;
  layer.descriptor.media_type =
      codec_.compression == Compression::kZstd ? kMediaTypeLayerZstd : kMediaTypeLayerGzip;
  layer.descriptor.digest = ToString(out_->digest());
  layer.descriptor.size = out_->size();
  if (index_end_ > 0) {
    layer.descriptor.annotations[kIndexSizeAnnotation] = std::to_string(IndexSize());
  }
  std::string packed_sizes = WritePackedSizes(DividePacked(contents_, out_->blocks()));
  if (!packed_sizes.empty()) {
    layer.descriptor.annotations[kPackedSizesAnnotation] = std::move(packed_sizes);
  }
  return layer;
}

uint64_t UnfinishedLayer::IndexSize() const {
  const std::vector<BlockEnd>& blocks = out_->blocks();
  auto last = std::find_if(blocks.begin(), blocks.end(),
                           [&](const BlockEnd& block) { return block.input == index_end_; });
  return last->output;
}

}  // namespace kontext
