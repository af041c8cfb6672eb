#include "packer/local_tree.h"

#include "packer/error.h"

namespace kontext {
namespace {

bool Append(void* text, const char* data, size_t size) {
  static_cast<std::string*>(text)->append(data, size);
  return true;
}

}  // namespace

bool Messages::Write(void* self, const char* data, size_t size) {
  return Append(&static_cast<Messages*>(self)->text_, data, size);
}

void Messages::Throw(const std::string& target) const {
  if (text_.empty()) throw Error(ErrorKind::kIo, target + ": stopped before all was done");
  throw Error(ErrorKind::kIo, text_.substr(0, text_.find('\n')));
}

tree::EntrySource EntriesOf(const Listing& listing) {
  auto for_each = [](void* context, tree::VisitEntry visit, void* visitor) {
    for (const IndexEntry& entry : static_cast<const Listing*>(context)->entries()) {
      if (!visit(visitor, entry)) return false;
    }
    return true;
  };
  return {const_cast<Listing*>(&listing), for_each};
}

std::string TextOf(const tree::Difference& difference) {
  std::string text;
  {
    tree::Line line(tree::TextOut{&text, &Append});
    tree::Describe(difference, &line);
  }
  return text;
}

void DifferenceCollector::Receive(void* self, const tree::Difference& difference) {
  auto* collector = static_cast<DifferenceCollector*>(self);
  std::lock_guard<std::mutex> lock(collector->mutex_);
  collector->take_(difference);
}

}  // namespace kontext
