// A file system of its own on a file of its own, and a search of the raw disk below it.
//
// Needs root, loop devices and the mkfs program of the kind; what is missing is said by why().
#pragma once

#include "ledger/base/bytes.h"
#include "tests/support/scratch.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lacuna::test {

class LoopDisk {
 public:
  struct Kind {
    std::string name;               // for people
    std::vector<std::string> make;  // mkfs and its options; the image's path is appended
    std::string options;            // of the mount
    std::size_t megabytes = 64;
  };
  static Kind ext4(std::vector<std::string> more = {}, std::string options = {});
  static Kind xfs();
  static Kind btrfs();

  explicit LoopDisk(const Kind& kind);  // mounted, or why() says why not
  ~LoopDisk();
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;

  const std::string& why() const { return why_; }  // empty: mounted
  const std::filesystem::path& image() const { return image_; }
  const std::filesystem::path& root() const { return mount_; }

  // Everything is on the disk, and nothing is mounted any more: the image is what a thief gets.
  void unmount();
  // The image, or a copy of it, mounted again.
  bool mountAgain(const std::filesystem::path& image);

 private:
  Kind kind_;
  Scratch scratch_{std::filesystem::temp_directory_path()};
  std::filesystem::path image_, mount_;
  bool mounted_ = false;
  std::string why_;
};

// Says it where it is seen, since a test that could not run looks like one that passed.
void sayNotRun(const std::string& what, const std::string& why);

// Secrets looked for at every byte of a file.
class SecretSearch {
 public:
  void add(ByteView secret);  // 32 bytes
  std::size_t count() const { return secrets_.size(); }
  // Which of them the file holds, in the order in which they were added.
  std::vector<bool> seenIn(const std::filesystem::path& file) const;
  // The distinct ones that the file holds, without the allowed.
  std::size_t found(const std::filesystem::path& file,
                    const std::vector<Bytes>& allowed = {}) const;

 private:
  std::vector<Bytes> secrets_;
};

// Visits every 32 bytes of the file that could be a key: no run of zeros, no text.
void eachKeyLikeWindow(const std::filesystem::path& file,
                       const std::function<void(ByteView window)>& visit);

}  // namespace lacuna::test
