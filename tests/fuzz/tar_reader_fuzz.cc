// What reads layers: tar, gzip, and the index at a layer's beginning.
#include <zlib.h>

#include "common/layout.h"
#include "packer/pack/decompress.h"
#include "packer/pack/index_part.h"
#include "packer/pack/tar_reader.h"
#include "packer/pack/tar_writer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/index_text.h"

namespace kontext {
namespace {

// The index that a layer is asked for.
constexpr std::string_view kIndex = "{\"type\":\"removed\",\"path\":\"a\"}\n";

struct TextWriter : ByteWriter {
  std::string text;
  void Write(std::string_view bytes) override { text += bytes; }
};

// Writes again what is read.
struct Rewriter : TarVisitor {
  TextWriter out;
  TarWriter writer{&out, 0};
  uint64_t left = 0;
  bool open = false;

  void Begin(const TarItem& item) override {
    Require(!open && !item.path.empty(), "items come one after the other, with names");
    Require(item.type == TarItem::Type::kFile || item.size == 0, "only files have data");
    open = true;
    left = item.size;
    if (item.type == TarItem::Type::kFile) writer.BeginFile(item.path, item.mode, item.size);
    if (item.type == TarItem::Type::kDir) writer.AddDir(item.path, item.mode);
    if (item.type == TarItem::Type::kSymlink) writer.AddSymlink(item.path, item.target);
    is_file = item.type == TarItem::Type::kFile;
  }
  void Data(std::string_view bytes) override {
    Require(open && bytes.size() <= left, "data is an item's, and not more than its size");
    left -= bytes.size();
    writer.Write(bytes);
  }
  void End() override {
    Require(open && left == 0, "an item ends with its data");
    open = false;
    if (is_file) writer.EndFile();
  }

  bool is_file = false;
};

struct Unpacked {
  std::string tar;  // what was read, written again
  bool whole = false;
  friend bool operator==(const Unpacked&, const Unpacked&) = default;
};

template <typename Feed>
void InPieces(std::string_view text, size_t piece, const Feed& feed) {
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    feed(text.substr(0, piece));
  }
}

Unpacked ReadTar(std::string_view tar, size_t piece) {
  Rewriter rewriter;
  Unpacked unpacked;
  unpacked.whole = Accepts([&] {
    TarReader reader(&rewriter);
    InPieces(tar, piece, [&](std::string_view bytes) { reader.Feed(bytes); });
    reader.Finish();
  });
  if (unpacked.whole) rewriter.writer.Finish();
  unpacked.tar = rewriter.out.text;
  return unpacked;
}

void CheckTar(std::string_view tar, size_t piece) {
  Unpacked unpacked = ReadTar(tar, SIZE_MAX);
  Require(ReadTar(tar, piece) == unpacked, "the pieces of a tar stream do not matter");
  if (!unpacked.whole) return;
  Require(ReadTar(unpacked.tar, SIZE_MAX) == unpacked, "a tar stream reads as it is written");
}

// Nothing when it is refused.
std::string Decompress(std::string_view blob, size_t piece, bool* whole) {
  std::string out;
  *whole = Accepts([&] {
    Decompressor decompressor;
    InPieces(blob, piece, [&](std::string_view bytes) {
      decompressor.Feed(bytes, [&](std::string_view more) { return out.append(more), true; });
    });
    decompressor.Finish();
  });
  return *whole ? out : std::string();
}

// One gzip member, with as little memory as zlib can do with.
std::string Compress(std::string_view text) {
  z_stream stream = {};
  constexpr int kSmallestGzipWindow = 9 + 16;
  Require(deflateInit2(&stream, 1, Z_DEFLATED, kSmallestGzipWindow, 1, Z_DEFAULT_STRATEGY) == Z_OK,
          "zlib can be used");
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  Require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib takes it all");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void CheckIndexPart(std::string_view blob, size_t piece) {
  std::string index;
  bool found = Accepts([&] {
    IndexPartReader reader(Sha(kIndex));
    InPieces(blob, piece, [&](std::string_view bytes) { reader.Feed(bytes); });
    index = reader.Take();
  });
  if (found) Require(index == kIndex, "the index is the one that was asked for");
}

void CheckBlob(std::string_view blob, size_t piece) {
  bool whole = false;
  std::string text = Decompress(blob, SIZE_MAX, &whole);
  bool again = false;
  Require(Decompress(blob, piece, &again) == text && again == whole,
          "the pieces of a blob do not matter");
  // Of a blob that unpacks to very much, the beginning will do.
  constexpr size_t kMostTar = 64 * 1024;
  if (whole && text != blob) CheckTar(std::string_view(text).substr(0, kMostTar), piece);
  CheckIndexPart(blob, piece);
  CheckIndexPart(blob, SIZE_MAX);
}

}  // namespace
}  // namespace kontext

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kontext;
  std::string_view text = TextOf(data, size);
  size_t piece = 1 + size % 700;
  CheckTar(text, piece);
  CheckBlob(text, piece);
  // Packed in two members, it comes out as it was.
  std::string blob = Compress(text.substr(0, size / 2)) + Compress(text.substr(size / 2));
  bool whole = false;
  Require(Decompress(blob, piece, &whole) == text && whole, "what is packed can be unpacked");
  CheckIndexPart(blob, piece);
  return 0;
}
