#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>

#include "common/tree/dir_open.h"
#include "common/tree/file_job.h"
#include "common/tree/prune.h"
#include "common/tree/workers.h"
#include "common/tree/writer.h"
#include "packer/bring_layers.h"
#include "packer/hash.h"
#include "packer/kontext.h"
#include "packer/lacking.h"
#include "packer/local_tree.h"
#include "packer/open_image.h"
#include "packer/places.h"

namespace kontext {
namespace {

class Puller {
 public:
  Puller(Session* session, const std::string& directory, const PullOptions& options)
      : session_(session), directory_(directory), options_(options) {}

  PullResult Run();

 private:
  tree::RunOptions MakeRunOptions();
  void OpenDirectory();
  // What lies in the directory and would go with it.
  void ProtectImage() const;
  void Fetch();
  // By segment: what its layer has to give.
  std::map<size_t, WantedObjects> PlanFetch() const;
  void WriteTree(tree::Run* run);
  void Prune(tree::Run* run);

  Session* session_;
  const std::string& directory_;
  const PullOptions& options_;
  UnpackedImage opened_;
  Messages messages_;
  UniqueFd dir_;
  Lacking lacking_;
  std::unique_ptr<Staging> staging_;
  PullResult result_;
};

tree::RunOptions Puller::MakeRunOptions() {
  tree::RunOptions run;
  run.report = messages_.report();
  run.target = directory_;
  run.owner = tree::Owner{options_.set_owner, options_.uid, options_.gid};
  run.stop_context = const_cast<PullOptions*>(&options_);
  run.is_stopped = [](void* context) {
    const auto& stop = static_cast<const PullOptions*>(context)->stop;
    return stop && stop();
  };
  run.content.context = this;
  run.content.open = [](void* self, const tree::FileJob& job) {
    const Puller* puller = static_cast<const Puller*>(self);
    if (puller->staging_) return puller->staging_->Open(job.sha256);
    errno = ENOENT;
    return -1;
  };
  run.content.is_movable = [](void* self, const tree::FileJob& job) {
    const Puller* puller = static_cast<const Puller*>(self);
    auto need = puller->lacking_.contents.find(job.sha256);
    return need != puller->lacking_.contents.end() && need->second.files == 1;
  };
  run.content.move = [](void* self, const tree::FileJob& job, int dir_fd, const char* name) {
    return static_cast<const Puller*>(self)->staging_->Move(job.sha256, dir_fd, name);
  };
  run.content.is_in_place = [](void* self, const IndexEntry& entry) {
    const Puller* puller = static_cast<const Puller*>(self);
    auto position = &entry - puller->opened_.listing.entries().data();
    return static_cast<bool>(puller->lacking_.in_place[static_cast<size_t>(position)]);
  };
  return run;
}

void Puller::OpenDirectory() {
  dir_.reset(tree::OpenTarget(directory_.c_str(), true));
  if (dir_.valid()) return;
  throw Error(ErrorKind::kIo, directory_ + ": cannot be opened: " + std::strerror(errno));
}

void Puller::ProtectImage() const {
  const Reference& reference = session_->reference;
  std::string folder = reference.repository;
  if (reference.destination == Destination::kDockerArchive) {
    folder = std::filesystem::path(folder).parent_path();
    if (folder.empty()) folder = ".";
  }
  if (!options_.prune || reference.destination == Destination::kRegistry) return;
  UniqueFd image(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!image.valid() || !tree::IsWithin(image.get(), dir_.get())) return;
  throw Error(ErrorKind::kIo, directory_ + ": holds the image itself: --prune would remove it");
}

std::map<size_t, WantedObjects> Puller::PlanFetch() const {
  std::vector<const IndexEntry*> files;
  for (const auto& [digest, need] : lacking_.contents) {
    if (!staging_->Has(digest)) files.push_back(need.file);
  }
  Places places = FindPlaces(opened_.indexes, files);
  std::map<size_t, WantedObjects> plan;
  for (const IndexEntry* file : files) {
    std::string subject = directory_ + '/' + std::string(file->path);
    const std::optional<Shown>& shown = places.at(PlaceOf(*file));
    if (!shown || !(shown->sha256 == file->sha256) || shown->size != file->size) {
      throw Error(ErrorKind::kFormat,
                  subject + ": no layer of " + session_->reference.ToString() + " has its content");
    }
    plan[shown->segment][TarPathOf(PlaceOf(*file))] =
        WantedObject{file->sha256, file->size, subject};
  }
  return plan;
}

void Puller::Fetch() {
  if (lacking_.contents.empty()) return;
  staging_ = std::make_unique<Staging>(dir_.get(), directory_);
  StageLocal(lacking_, opened_.listing, dir_.get(), directory_, staging_.get());
  std::map<size_t, WantedObjects> plan = PlanFetch();
  result_.fetched_bytes = BringLayers(*session_, opened_.image, plan, staging_.get(),
                                      {options_.stop, options_.connection.progress});
}

void Puller::WriteTree(tree::Run* run) {
  if (options_.connection.progress) options_.connection.progress("write", 0, 0);
  int own = openat(dir_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) {
    throw Error(ErrorKind::kIo, directory_ + ": cannot be opened: " + std::strerror(errno));
  }
  bool started = false;
  bool done = false;
  {
    tree::TreeWriter writer(run, tree::JobsToUse(options_.jobs));
    started = writer.Start(own);
    bool all = started && EntriesOf(opened_.listing).ForEach(tree::TreeWriter::Visit, &writer);
    done = started && writer.Finish() && all;
  }
  if (!done) messages_.Throw(directory_);
}

void Puller::Prune(tree::Run* run) {
  // Read anew from its beginning.
  int own = openat(dir_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0 || !tree::Prune(run, EntriesOf(opened_.listing), own)) messages_.Throw(directory_);
}

PullResult Puller::Run() {
  opened_ = OpenImage(*session_);
  OpenDirectory();
  ProtectImage();
  tree::Run run(MakeRunOptions());
  if (options_.connection.progress) options_.connection.progress("compare", 0, 0);
  lacking_ = FindLacking(&run, messages_, directory_, opened_.listing, dir_.get(), options_.jobs);
  Fetch();
  WriteTree(&run);
  staging_.reset();
  if (options_.prune) Prune(&run);
  ListingTotals totals = opened_.listing.Totals();
  result_.reference = session_->reference.Immutable(opened_.image.digest);
  result_.tree = ToString(opened_.image.tree);
  result_.files = totals.files;
  result_.dirs = totals.dirs;
  result_.symlinks = totals.symlinks;
  result_.bytes = totals.bytes;
  result_.written = run.written.Load();
  return result_;
}

}  // namespace

PullResult Pull(const std::string& reference, const std::string& directory,
                const PullOptions& options) {
  auto begin = std::chrono::steady_clock::now();
  Session session(reference, options.connection);
  PullResult result = Puller(&session, directory, options).Run();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace kontext
