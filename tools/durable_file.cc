#include "tools/durable_file.h"

#include "ledger/base/fault.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace lacuna::tool {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kSecret = 0600;
constexpr mode_t kShared = 0666;

class File {
 public:
  File(const fs::path& path, int flags, mode_t mode, std::string_view what)
      : what_(what), fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (fd_ < 0) fail("cannot be opened");
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { ::close(fd_); }

  void write(std::string_view content) const {
    while (!content.empty()) {
      const ssize_t done = ::write(fd_, content.data(), content.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) fail("cannot be written");
      content.remove_prefix(static_cast<std::size_t>(done));
    }
  }
  void sync() const {
    if (::fsync(fd_) != 0) fail("cannot be synced");
  }

 private:
  [[noreturn]] void fail(const char* how) const {
    throw Fault(std::string(what_) + " " + std::string(how));
  }
  const std::string_view what_;
  const int fd_;
};

}  // namespace

void syncFolder(const fs::path& folder, std::string_view what) {
  File(folder.empty() ? fs::path(".") : folder, O_RDONLY | O_DIRECTORY, 0, what).sync();
}

void replaceDurably(const fs::path& file, std::string_view content, std::string_view what,
                    Secrecy secrecy) {
  const fs::path beside = file.string() + ".new";
  {
    const mode_t mode = secrecy == Secrecy::yes ? kSecret : kShared;
    const File out(beside, O_WRONLY | O_CREAT | O_TRUNC, mode, what);
    out.write(content);
    out.sync();
  }
  if (::rename(beside.c_str(), file.c_str()) != 0) {
    throw Fault(std::string(what) + " cannot be put in its place");
  }
  syncFolder(file.parent_path(), what);
}

}  // namespace lacuna::tool
