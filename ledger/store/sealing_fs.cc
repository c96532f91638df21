#include "ledger/store/sealing_fs.h"

#include <rocksdb/file_system.h>

namespace lacuna {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus sealing(std::atomic<bool>& sealed, IOStatus status) {
  const bool absent = status.IsNotFound() || status.IsPathNotFound();      // nothing failed
  if (!status.ok() && !status.IsNotSupported() && !absent) sealed = true;  // P8
  return status;
}

class SealingFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  SealingFile(std::atomic<bool>& sealed, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), sealed_(sealed) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return sealing(sealed_, target()->Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* debug) override {
    return sealing(sealed_, target()->Append(data, options, info, debug));
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return sealing(sealed_, target()->Flush(options, debug));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return sealing(sealed_, target()->Sync(options, debug));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return sealing(sealed_, target()->Fsync(options, debug));
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return sealing(sealed_, target()->Truncate(size, options, debug));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return sealing(sealed_, target()->Close(options, debug));
  }

 private:
  std::atomic<bool>& sealed_;
};

class SealingDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  SealingDirectory(std::atomic<bool>& sealed, std::unique_ptr<rocksdb::FSDirectory> directory)
      : FSDirectoryWrapper(std::move(directory)), sealed_(sealed) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return sealing(sealed_, FSDirectoryWrapper::Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& what) override {
    return sealing(sealed_, FSDirectoryWrapper::FsyncWithDirOptions(options, debug, what));
  }

 private:
  std::atomic<bool>& sealed_;
};

class SealingFs final : public rocksdb::FileSystemWrapper {
 public:
  SealingFs(std::shared_ptr<rocksdb::FileSystem> target, std::atomic<bool>& sealed)
      : FileSystemWrapper(std::move(target)), sealed_(sealed) {}
  const char* Name() const override { return "LacunaSealingFs"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* out,
                           IODebugContext* debug) override {
    return wrapped(target()->NewWritableFile(path, options, out, debug), out);
  }
  IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* out,
                              IODebugContext* debug) override {
    return wrapped(target()->ReopenWritableFile(path, options, out, debug), out);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    return sealing(sealed_, target()->RenameFile(from, to, options, debug));
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* debug) override {
    return sealing(sealed_, target()->LinkFile(from, to, options, debug));
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    if (sealed_) return IOStatus::OK();
    return sealing(sealed_, target()->DeleteFile(path, options, debug));
  }
  IOStatus CreateDir(const std::string& path, const IOOptions& options,
                     IODebugContext* debug) override {
    return sealing(sealed_, target()->CreateDir(path, options, debug));
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& options,
                              IODebugContext* debug) override {
    return sealing(sealed_, target()->CreateDirIfMissing(path, options, debug));
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* out,
                        IODebugContext* debug) override {
    IOStatus status = target()->NewDirectory(path, options, out, debug);
    if (status.ok()) *out = std::make_unique<SealingDirectory>(sealed_, std::move(*out));
    return sealing(sealed_, std::move(status));
  }

 private:
  IOStatus wrapped(IOStatus status, std::unique_ptr<rocksdb::FSWritableFile>* out) {
    if (status.ok()) *out = std::make_unique<SealingFile>(sealed_, std::move(*out));
    return sealing(sealed_, std::move(status));
  }
  std::atomic<bool>& sealed_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> sealingEnv(rocksdb::Env& base, std::atomic<bool>& sealed) {
  return rocksdb::NewCompositeEnv(std::make_shared<SealingFs>(base.GetFileSystem(), sealed));
}

}  // namespace lacuna
