// The few file operations of keys/ that RocksDB does not do. Faults name the act, never the path.
#pragma once

#include "ledger/base/bytes.h"

#include <filesystem>
#include <optional>
#include <utility>

namespace lacuna {

// An open file, closed with its owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Throws Fault "<act>: <what the system says>".
[[noreturn]] void throwErrno(std::string_view act);

// Makes a directory only its owner may enter; fine when it is there already.
void makePrivateDirectory(const std::filesystem::path& directory);
void syncDirectory(const std::filesystem::path& directory);
// A new file of mode 0600, durable with its name when this returns. Fault when it exists.
void writeNewFile(const std::filesystem::path& file, ByteView content);
// Nothing when there is no such file. Fault when it is longer than `bytesMax` or no plain file.
std::optional<Bytes> readSmallFile(const std::filesystem::path& file, std::size_t bytesMax);

}  // namespace lacuna
