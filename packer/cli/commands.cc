#include "packer/cli/command.h"

namespace kontext::cli {
namespace {

constexpr Command kCommands[] = {
    {"push", "push DIR REF", "send a directory as an image; prints its immutable reference",
     &RunPush},
    {"ls", "ls REF", "the listing of an image", &RunLs},
    {"inspect", "inspect REF", "the segments of an image and what they weigh", &RunInspect},
    {"base", "base REF", "publish the base image, the extractor alone", &RunBase},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace kontext::cli
