// Where things are in an image (FORMAT.md, "Files").
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>

namespace kontext {

inline constexpr std::string_view kBasePath = "/var/run/kontext";
inline constexpr std::string_view kManifestPath = "/var/lib/kontext/manifest.json";
inline constexpr std::string_view kSegmentsPath = "/var/lib/kontext/segments";
inline constexpr std::string_view kObjectsPath = "/var/lib/kontext/objects";
inline constexpr std::string_view kSegmentSuffix = ".jsonl";
inline constexpr std::string_view kExtractorPath = "/kontext-extractor";
inline constexpr std::string_view kWorkspacePath = "/workspace";

// The on-image format that this code reads and writes.
inline constexpr uint64_t kFormatVersion = 1;

// A reader takes up to this many segments; the packer stays well below it (design 3.4).
inline constexpr size_t kMaxSegments = 128;

}  // namespace kontext
