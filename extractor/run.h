// What all parts and threads of one run share.
#pragma once

#include <stdint.h>

#include <string_view>

#include "extractor/args.h"
#include "extractor/atomic.h"
#include "extractor/report.h"

namespace kontext::extractor {

class Image;

class Run {
 public:
  Run(Report* report, const Image* image, Owner owner)
      : report_(report), image_(image), owner_(owner) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Report& report() const { return *report_; }
  const Image& image() const { return *image_; }
  const Owner& owner() const { return owner_; }

  // Reports the run's first failure; later ones follow from it or are in flight. Always false.
  bool Fail(std::string_view path, std::string_view what, int error = 0);

  // The same for a failure that was reported already.
  bool FailSilently();

  // Has anything failed, or a signal asked to stop? Then nothing new is begun.
  bool Stopping() const;

  // For the closing line.
  Atomic<uint64_t> written{0};      // files and links that were not in place already
  Atomic<uint64_t> differences{0};  // found by verify

 private:
  Report* report_;
  const Image* image_;
  Owner owner_;
  Atomic<bool> failed_{false};
};

}  // namespace kontext::extractor
