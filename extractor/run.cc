#include "extractor/run.h"

#include "extractor/signals.h"

namespace kontext::extractor {

bool Run::Fail(std::string_view path, std::string_view what, int error) {
  if (!failed_.Exchange(true)) report_->Error(path, what, error);
  return false;
}

bool Run::FailSilently() {
  failed_.Exchange(true);
  return false;
}

bool Run::Stopping() const { return failed_.Load() || StopSignal() != 0; }

}  // namespace kontext::extractor
