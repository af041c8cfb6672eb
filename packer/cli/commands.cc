#include "packer/cli/command.h"

namespace kontext::cli {
namespace {

constexpr Command kCommands[] = {
    {"push", "push DIR REF...", "send a directory as an image; prints its immutable reference",
     &RunPush},
    {"pull", "pull REF DIR", "recreate the directory without a container runtime", &RunPull},
    {"verify", "verify REF [DIR]", "compare an image with its digests, and DIR with its listing",
     &RunVerify, 2},
    {"diff", "diff DIR REF", "what a push would send; writes nothing", &RunDiff, 2},
    {"ls", "ls REF", "the listing of an image", &RunLs},
    {"inspect", "inspect REF", "the segments of an image and what they weigh", &RunInspect},
    {"rm", "rm REF...", "remove images", &RunRm},
    {"base", "base REF", "publish the base image, the extractor alone", &RunBase},
    {"login", "login REGISTRY", "check credentials and keep them", &RunLogin},
    {"logout", "logout REGISTRY", "forget credentials", &RunLogout},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace kontext::cli
