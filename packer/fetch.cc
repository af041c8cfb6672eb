#include "packer/fetch.h"

#include <memory>

#include "packer/error.h"
#include "packer/pack/decompress.h"

namespace kontext {
namespace {

// Writes what is wanted, passes over the rest.
class Catcher : public TarVisitor {
 public:
  Catcher(const Descriptor& layer, const WantedObjects& wanted, Staging* staging)
      : layer_(layer), wanted_(wanted), staging_(staging), left_(wanted.size()) {}

  void Begin(const TarItem& item) override {
    auto found = wanted_.find(item.path);
    if (found == wanted_.end() || staging_->Has(found->second.sha256)) return;
    current_ = &found->second;
    if (item.type != TarItem::Type::kFile || item.size != current_->size) Refuse();
    object_ = std::make_unique<Staging::Object>(staging_, current_->sha256, current_->size,
                                                current_->subject);
  }

  void Data(std::string_view bytes) override {
    if (object_) object_->Write(bytes);
  }

  void End() override {
    if (!object_) return;
    if (!object_->Commit()) Refuse();
    object_.reset();
    --left_;
  }

  bool AllDone() const { return left_ == 0; }

 private:
  [[noreturn]] void Refuse() const {
    throw Error(ErrorKind::kFormat, current_->subject + ": layer " + layer_.digest +
                                        " holds another content than its index says");
  }

  const Descriptor& layer_;
  const WantedObjects& wanted_;
  Staging* staging_;
  size_t left_;
  const WantedObject* current_ = nullptr;
  std::unique_ptr<Staging::Object> object_;
};

}  // namespace

uint64_t ReadLayer(Store* store, const Descriptor& layer, TarVisitor* visitor,
                   const std::function<bool()>& more,
                   const std::function<void(std::string_view)>& unpacked) {
  Decompressor decompressor;
  TarReader reader(visitor);
  uint64_t read = 0;
  bool whole = true;
  auto named = [&](auto action) {
    try {
      return action();
    } catch (const Error& error) {
      // Others than those of the stream have named their subject.
      std::string problem = error.what();
      bool has_subject = problem.find(layer.digest) != std::string::npos;
      if (error.kind() != ErrorKind::kFormat || has_subject) throw;
      throw Error(ErrorKind::kFormat, "layer " + layer.digest + ": " + problem);
    }
  };
  auto take = [&](std::string_view tar) {
    if (!more()) return false;
    if (unpacked) unpacked(tar);
    reader.Feed(tar);
    return true;
  };
  store->ReadBlob(layer, 0, [&](std::string_view bytes) {
    read += bytes.size();
    whole = named([&] { return more() && decompressor.Feed(bytes, take) && more(); });
    return whole;
  });
  if (!whole) return read;
  named([&] {
    decompressor.Finish();
    reader.Finish();
  });
  return read;
}

uint64_t FetchObjects(Store* store, const Descriptor& layer, const WantedObjects& wanted,
                      Staging* staging, const std::function<bool()>& stopped) {
  Catcher catcher(layer, wanted, staging);
  bool was_stopped = false;
  uint64_t read = ReadLayer(store, layer, &catcher, [&] {
    was_stopped = stopped && stopped();
    return !was_stopped && !catcher.AllDone();
  });
  if (was_stopped) throw Error(ErrorKind::kIo, "stopped before all was fetched");
  if (catcher.AllDone()) return read;
  for (const auto& [path, object] : wanted) {
    if (staging->Has(object.sha256)) continue;
    throw Error(ErrorKind::kFormat,
                object.subject + ": layer " + layer.digest + " lacks its content, '" + path + "'");
  }
  return read;
}

}  // namespace kontext
