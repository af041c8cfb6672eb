#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "packer/kontext.h"
#include "packer/publish.h"
#include "packer/pusher.h"

namespace kontext {
namespace {

using Clock = std::chrono::steady_clock;

// However the file is spelled.
bool SameArchive(const Reference& one, const Reference& other) {
  if (other.destination != Destination::kDockerArchive) return false;
  if (one.IsStdout() || other.IsStdout()) return one.IsStdout() && other.IsStdout();
  std::error_code ignored;
  return std::filesystem::weakly_canonical(one.repository, ignored) ==
         std::filesystem::weakly_canonical(other.repository, ignored);
}

void CheckArchives(const std::deque<Target>& targets) {
  for (size_t i = 0; i < targets.size(); ++i) {
    const Reference& one = targets[i].session.reference;
    for (size_t j = 0; j < i; ++j) {
      if (one.destination != Destination::kDockerArchive) continue;
      if (!SameArchive(one, targets[j].session.reference)) continue;
      throw Error(ErrorKind::kUsage, one.ToString() +
                                         ": this archive is given twice, and can hold "
                                         "one image");
    }
  }
}

// Says which of several destinations it is about.
Error Named(const Error& error, const Reference& reference) {
  std::string name = reference.ToString();
  std::string what = error.what();
  if (what.starts_with(name)) return error;
  return {error.kind(), name + ": " + what};
}

// The first destination that can be planned against and written decides on the image; the others
// get the same one.
class Round {
 public:
  // `query`: for the image under the first one's tag; null: there is none to build on.
  Round(const SourceTree& source, const Scan& scan, const std::deque<Target>& targets,
        const TagQuery* query, const std::deque<Session>& from, const PushOptions& options)
      : source_(source),
        scan_(scan),
        targets_(targets),
        query_(query),
        from_(from),
        options_(options) {}

  std::vector<PushedTo> Run() {
    std::vector<PushedTo> all;
    for (const Target& target : targets_) {
      all.emplace_back();
      Clock::time_point begin = Clock::now();
      try {
        all.back().result = One(target);
      } catch (const Error& error) {
        // Of the directory: all of it starts over.
        if (error.kind() == ErrorKind::kChanged && pusher_ == nullptr) throw;
        all.back().failure = targets_.size() == 1 ? error : Named(error, target.session.reference);
        continue;
      }
      all.back().result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    }
    return all;
  }

 private:
  PushResult One(const Target& target) {
    if (pusher_ != nullptr) return pusher_->Also(target);
    const TagQuery* query = std::exchange(query_, nullptr);
    if (query != nullptr) query->Wait();
    target.session.store->Restart();
    auto pusher =
        std::make_unique<Pusher>(source_, scan_, target, from_, options_, targets_.size() > 1);
    PushResult result = pusher->Run(query);
    pusher_ = std::move(pusher);
    return result;
  }

  const SourceTree& source_;
  const Scan& scan_;
  const std::deque<Target>& targets_;
  const TagQuery* query_;
  const std::deque<Session>& from_;
  const PushOptions& options_;
  std::unique_ptr<Pusher> pusher_;
};

}  // namespace

std::vector<PushedTo> PushToAll(const std::string& directory,
                                const std::vector<std::string>& references,
                                const PushOptions& options) {
  Clock::time_point begin = Clock::now();
  FixedTime();
  std::deque<Target> targets;
  for (const std::string& reference : references) targets.emplace_back(reference, options);
  CheckArchives(targets);
  std::deque<Session> from;
  for (const std::string& other : options.from) from.emplace_back(other, options);
  std::vector<std::string> written;
  written.reserve(targets.size());
  for (const Target& target : targets) written.push_back(target.session.reference.LocalPath());
  SourceTree source(directory, written, options, targets.front().session.Cache());
  // Asked while the directory is read: from a registry that is far the answer takes longer than
  // that.
  std::unique_ptr<TagQuery> query;
  if (options.rebase) query = std::make_unique<TagQuery>(targets.front().session);
  std::vector<PushedTo> all;
  source.Use([&](const Scan& scan) {
    all = Round(source, scan, targets, query.get(), from, options).Run();
  });
  bool on_stdout = std::any_of(targets.begin(), targets.end(), [](const Target& target) {
    return target.session.reference.IsStdout();
  });
  for (PushedTo& one : all) one.result.on_stdout = on_stdout;
  if (all.size() == 1) {
    all.front().result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  }
  return all;
}

PushResult Push(const std::string& directory, const std::string& reference,
                const PushOptions& options) {
  PushedTo only = PushToAll(directory, {reference}, options).front();
  if (only.failure) throw Error(*only.failure);
  return only.result;
}

PushResult BuildImage(const std::string& directory, const std::string& tag, bool rebase) {
  return BuildImageWithFilter(directory, tag, rebase, nullptr);
}

PushResult BuildImageWithFilter(const std::string& directory, const std::string& tag, bool rebase,
                                const PathFilter& filter) {
  PushOptions options;
  options.rebase = rebase;
  options.ignore.reset();
  options.filter = filter;
  return Push(directory, tag, options);
}

}  // namespace kontext
