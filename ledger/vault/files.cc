#include "ledger/vault/files.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace lacuna {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

void throwErrno(std::string_view act) {
  throw Fault(std::string(act) + ": " + std::generic_category().message(errno));
}

void makePrivateDirectory(const std::filesystem::path& directory) {
  std::error_code error;
  if (directory.has_parent_path()) {
    std::filesystem::create_directories(directory.parent_path(), error);
    if (error) throw Fault("making the directory of keys: " + error.message());
  }
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    throwErrno("making the directory of keys");
  }
  if (::chmod(directory.c_str(), 0700) != 0) throwErrno("closing the directory of keys to others");
}

void syncDirectory(const std::filesystem::path& directory) {
  const FileDescriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) throwErrno("syncing the directory of keys");
}

void writeNewFile(const std::filesystem::path& file, ByteView content) {
  const FileDescriptor fd(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) throwErrno("making a file of keys");
  while (!content.empty()) {
    const ssize_t wrote = ::write(fd.get(), content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) throwErrno("writing a file of keys");
    content = content.subspan(static_cast<std::size_t>(wrote));
  }
  if (::fsync(fd.get()) != 0) throwErrno("syncing a file of keys");
  syncDirectory(file.parent_path());
}

std::optional<Bytes> readSmallFile(const std::filesystem::path& file, std::size_t bytesMax) {
  const FileDescriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid() && errno == ENOENT) return std::nullopt;
  struct stat info {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) throwErrno("opening a file of keys");
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) > bytesMax) {
    throw Fault("a file of keys is not what was written");
  }
  Bytes content(static_cast<std::size_t>(info.st_size));
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(fd.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throwErrno("reading a file of keys");
    if (got == 0) throw Fault("a file of keys shrank while it was read");
    done += static_cast<std::size_t>(got);
  }
  return content;
}

}  // namespace lacuna
