#include "tests/support/faulty_fs.h"

#include <fcntl.h>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <sstream>
#include <unistd.h>

namespace lacuna {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// Which bytes of which file survive a power cut. Names are durable at once, contents when synced.
class Durable {
 public:
  // One line each: S path length · R from to · L from to · D path
  void note(const std::string& line) {
    std::istringstream in(line);
    std::string what, path, other;
    std::uint64_t size = 0;
    in >> what >> path;
    if (what == "S" && in >> size) sizes_[path] = size;
    if (what == "D") sizes_.erase(path);
    if ((what == "R" || what == "L") && in >> other && sizes_.count(path) != 0) {
      sizes_[other] = sizes_[path];
      if (what == "R") sizes_.erase(path);
    }
  }
  void cut(std::uint64_t seed) const {
    std::mt19937_64 random(seed);
    for (const auto& [path, synced] : sizes_) {
      std::error_code error;
      const std::uint64_t size = std::filesystem::file_size(path, error);
      if (error || size <= synced) continue;
      // A third of the time nothing of the tail survives, else some of it; a torn log ends in noise.
      const std::uint64_t kept = random() % 3 == 0 ? 0 : random() % (size - synced + 1);
      std::filesystem::resize_file(path, synced + kept);
      if (kept == 0 || std::filesystem::path(path).extension() != ".log" || random() % 2 == 0) {
        continue;
      }
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      const std::uint64_t noise = std::min<std::uint64_t>(kept, 1 + random() % 512);
      file.seekp(static_cast<std::streamoff>(synced + kept - noise));
      for (std::uint64_t i = 0; i < noise; ++i) file.put(static_cast<char>(random()));
    }
  }

 private:
  std::map<std::string, std::uint64_t> sizes_;
};

}  // namespace

struct FaultyFs::State {
  ~State() {
    if (journal >= 0) ::close(journal);
  }

  // One change of the disk; `act` does it, `half` (if any) half of it.
  IOStatus change(const char* what, const std::string& path, const std::function<IOStatus()>& act,
                  const std::function<IOStatus()>& half = {}) {
    const std::lock_guard lock(mutex);
    if (dead) return IOStatus::IOError("the power is cut");
    if (++calls != failAt) return act();
    fired = true;
    struck = what + (" " + std::filesystem::path(path).filename().string());
    if (way == FaultWay::done) act().PermitUncheckedError();
    if (way == FaultWay::torn && half) half().PermitUncheckedError();
    return IOStatus::IOError("an injected fault");
  }
  void note(const std::string& line) {  // called within change()
    durable.note(line);
    if (journal < 0) return;
    const std::string text = line + "\n";
    if (::write(journal, text.data(), text.size()) < 0) std::abort();
  }

  mutable std::mutex mutex;
  Durable durable;
  int journal = -1;
  std::uint64_t calls = 0, failAt = 0;
  FaultWay way = FaultWay::notDone;
  bool fired = false, dead = false;
  std::string struck;
};

namespace {

using StatePtr = std::shared_ptr<FaultyFs::State>;

class File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(StatePtr state, std::string path, std::uint64_t size,
       std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)),
        state_(std::move(state)),
        path_(std::move(path)),
        size_(size) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* dbg) override {
    const auto write = [&](std::size_t length) {
      IOStatus status = target()->Append(Slice(data.data(), length), options, dbg);
      if (status.ok()) size_ += length;
      return status;
    };
    return state_->change(
        "append", path_, [&] { return write(data.size()); },
        [&] { return write(data.size() / 2); });
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* dbg) override {
    return Append(data, options, dbg);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* dbg) override {
    return state_->change("truncate", path_, [&] {
      size_ = size;
      return target()->Truncate(size, options, dbg);
    });
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    return state_->change("sync", path_, [&] {
      state_->note("S " + path_ + " " + std::to_string(size_));
      return IOStatus::OK();
    });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* dbg) override {
    return Sync(options, dbg);
  }
  // Space ahead of the data is no change of what is there, and clearing it takes time.
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();  // promises nothing
  }

 private:
  StatePtr state_;
  std::string path_;
  std::uint64_t size_;
};

class Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(StatePtr state, std::unique_ptr<rocksdb::FSDirectory> directory)
      : FSDirectoryWrapper(std::move(directory)), state_(std::move(state)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return state_->change("sync of a folder", {}, [] { return IOStatus::OK(); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* dbg,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, dbg);
  }

 private:
  StatePtr state_;
};

class Disk final : public rocksdb::FileSystemWrapper {
 public:
  explicit Disk(StatePtr state)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::move(state)) {}
  const char* Name() const override { return "FaultyFs"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* out,
                           IODebugContext* dbg) override {
    return state_->change("create", path, [&] {
      IOStatus status = target()->NewWritableFile(path, options, out, dbg);
      if (status.ok()) {
        state_->note("S " + path + " 0");
        *out = std::make_unique<File>(state_, path, 0, std::move(*out));
      }
      return status;
    });
  }
  IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* out,
                              IODebugContext* dbg) override {
    return state_->change("open", path, [&] {
      std::uint64_t size = 0;
      target()->GetFileSize(path, options.io_options, &size, dbg).PermitUncheckedError();
      IOStatus status = target()->ReopenWritableFile(path, options, out, dbg);
      if (status.ok()) *out = std::make_unique<File>(state_, path, size, std::move(*out));
      return status;
    });
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* out, IODebugContext* dbg) override {
    IOStatus status = target()->NewDirectory(path, options, out, dbg);
    if (status.ok()) *out = std::make_unique<Directory>(state_, std::move(*out));
    return status;
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* dbg) override {
    return state_->change("delete", path, [&] {
      state_->note("D " + path);
      return target()->DeleteFile(path, options, dbg);
    });
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* dbg) override {
    return state_->change("rename", to, [&] {
      state_->note("R " + from + " " + to);
      return target()->RenameFile(from, to, options, dbg);
    });
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* dbg) override {
    return state_->change("link", to, [&] {
      state_->note("L " + from + " " + to);
      return target()->LinkFile(from, to, options, dbg);
    });
  }
  IOStatus CreateDir(const std::string& path, const IOOptions& options,
                     IODebugContext* dbg) override {
    return state_->change("folder", path, [&] { return target()->CreateDir(path, options, dbg); });
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& options,
                              IODebugContext* dbg) override {
    return state_->change("folder", path,
                          [&] { return target()->CreateDirIfMissing(path, options, dbg); });
  }

 private:
  StatePtr state_;
};

}  // namespace

FaultyFs::FaultyFs(const std::filesystem::path& journal) : state_(std::make_shared<State>()) {
  if (!journal.empty()) {
    state_->journal = ::open(journal.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  }
  fs_ = std::make_shared<Disk>(state_);
}
FaultyFs::~FaultyFs() = default;

std::unique_ptr<rocksdb::Env> FaultyFs::env() { return rocksdb::NewCompositeEnv(fs_); }

void FaultyFs::failAt(std::uint64_t n, FaultWay way) {
  const std::lock_guard lock(state_->mutex);
  state_->calls = 0;
  state_->failAt = n;
  state_->way = way;
  state_->fired = false;
}

bool FaultyFs::fired() const {
  const std::lock_guard lock(state_->mutex);
  return state_->fired;
}

std::string FaultyFs::struck() const {
  const std::lock_guard lock(state_->mutex);
  return state_->struck;
}

std::uint64_t FaultyFs::calls() const {
  const std::lock_guard lock(state_->mutex);
  return state_->calls;
}

void FaultyFs::cutPower() {
  const std::lock_guard lock(state_->mutex);
  state_->dead = true;
}

void FaultyFs::loseUnsynced(std::uint64_t seed) {
  const std::lock_guard lock(state_->mutex);
  state_->durable.cut(seed);
  state_->durable = Durable();
  state_->dead = false;
  state_->failAt = 0;
}

void FaultyFs::loseUnsyncedOf(const std::filesystem::path& journal, std::uint64_t seed) {
  Durable durable;
  std::ifstream in(journal);
  for (std::string line; std::getline(in, line);) durable.note(line);
  durable.cut(seed);
}

}  // namespace lacuna
