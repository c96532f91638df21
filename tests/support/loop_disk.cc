#include "tests/support/loop_disk.h"

#include "tests/support/processes.h"

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <unistd.h>
#include <unordered_map>

namespace lacuna::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSecretBytes = 32;

std::string programOf(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"}) {
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  }
  return {};
}

bool runs(std::vector<std::string> command, std::string& why) {
  const std::string name = command.front();
  command.front() = programOf(name);
  if (command.front().empty()) {
    why = "there is no " + name;
    return false;
  }
  const Finished done = runProgram(command);
  if (done.exit == 0) return true;
  why = name + " failed: " + done.err.substr(0, done.err.find('\n'));
  return false;
}

std::uint64_t firstEight(const std::uint8_t* bytes) {
  std::uint64_t out;
  std::memcpy(&out, bytes, sizeof out);
  return out;
}

// Calls `look` with pieces that overlap by a secret's length, leaving out what is all zeros.
void eachPiece(const fs::path& file, const std::function<void(const Bytes& piece)>& look) {
  constexpr std::size_t kPiece = 1 << 20;
  std::ifstream in(file, std::ios::binary);
  Bytes piece(kSecretBytes - 1, 0);
  const Bytes zeros(kPiece + kSecretBytes, 0);
  while (in) {
    const std::size_t kept = piece.size();
    piece.resize(kept + kPiece);
    in.read(reinterpret_cast<char*>(piece.data() + kept), kPiece);
    piece.resize(kept + static_cast<std::size_t>(in.gcount()));
    if (piece.size() >= kSecretBytes && std::memcmp(piece.data(), zeros.data(), piece.size()) != 0)
      look(piece);
    const std::size_t tail = std::min(piece.size(), kSecretBytes - 1);
    piece.erase(piece.begin(), piece.end() - static_cast<std::ptrdiff_t>(tail));
  }
}

}  // namespace

LoopDisk::Kind LoopDisk::ext4(std::vector<std::string> more, std::string options) {
  Kind kind{"ext4", {"mkfs.ext4", "-q", "-F", "-E", "nodiscard,lazy_itable_init=0"}, options, 64};
  for (std::string& option : more) kind.make.push_back(std::move(option));
  return kind;
}
LoopDisk::Kind LoopDisk::xfs() { return {"xfs", {"mkfs.xfs", "-q", "-f", "-K"}, "", 320}; }
LoopDisk::Kind LoopDisk::btrfs() { return {"btrfs", {"mkfs.btrfs", "-q", "-f", "-K"}, "", 160}; }

LoopDisk::LoopDisk(const Kind& kind)
    : kind_(kind), image_(scratch_ / "image"), mount_(scratch_ / "mount") {
  if (::geteuid() != 0) {
    why_ = "only root can mount";
    return;
  }
  std::ofstream(image_).close();
  fs::resize_file(image_, kind_.megabytes << 20);
  std::vector<std::string> make = kind_.make;
  make.push_back(image_.string());
  if (!runs(make, why_)) return;
  fs::create_directories(mount_);
  mountAgain(image_);
}

LoopDisk::~LoopDisk() {
  std::string ignored;
  if (mounted_) runs({"umount", "-l", mount_.string()}, ignored);
}

bool LoopDisk::mountAgain(const fs::path& image) {
  const std::string options = kind_.options.empty() ? "loop" : "loop," + kind_.options;
  mounted_ = runs({"mount", "-o", options, image.string(), mount_.string()}, why_);
  return mounted_;
}

void LoopDisk::unmount() {
  if (!mounted_) return;
  std::string why;
  if (!runs({"umount", mount_.string()}, why)) throw std::runtime_error("unmounting: " + why);
  mounted_ = false;
}

void sayNotRun(const std::string& what, const std::string& why) {
  std::fprintf(stderr, "NOT RUN: %s (%s)\n", what.c_str(), why.c_str());
}

void SecretSearch::add(ByteView secret) {
  if (secret.size() != kSecretBytes) throw std::runtime_error("a secret has 32 bytes");
  secrets_.emplace_back(secret.begin(), secret.end());
}

std::vector<bool> SecretSearch::seenIn(const fs::path& file) const {
  std::unordered_multimap<std::uint64_t, std::size_t> byStart;
  const auto starts = std::make_unique<std::array<std::uint8_t, 1 << 16>>();
  for (std::size_t i = 0; i < secrets_.size(); ++i) {
    byStart.emplace(firstEight(secrets_[i].data()), i);
    (*starts)[static_cast<std::size_t>(secrets_[i][0]) << 8 | secrets_[i][1]] = 1;
  }
  std::vector<bool> seen(secrets_.size(), false);
  const std::uint8_t* const may = starts->data();
  eachPiece(file, [&](const Bytes& piece) {
    const std::uint8_t* const end = piece.data() + piece.size() - kSecretBytes;
    for (const std::uint8_t* here = piece.data(); here <= end; ++here) {
      if (may[static_cast<std::size_t>(here[0]) << 8 | here[1]] == 0) continue;
      const auto range = byStart.equal_range(firstEight(here));
      for (auto it = range.first; it != range.second; ++it) {
        if (std::memcmp(here, secrets_[it->second].data(), kSecretBytes) == 0)
          seen[it->second] = true;
      }
    }
  });
  return seen;
}

std::size_t SecretSearch::found(const fs::path& file, const std::vector<Bytes>& allowed) const {
  const std::vector<bool> seen = seenIn(file);
  std::size_t out = 0;
  for (std::size_t i = 0; i < secrets_.size(); ++i) {
    bool fine = !seen[i];
    for (const Bytes& one : allowed) fine = fine || one == secrets_[i];
    if (!fine) ++out;
  }
  return out;
}

void eachKeyLikeWindow(const fs::path& file, const std::function<void(ByteView)>& visit) {
  eachPiece(file, [&](const Bytes& piece) {
    for (std::size_t at = 0; at + kSecretBytes <= piece.size(); ++at) {
      const ByteView window = ByteView(piece).subspan(at, kSecretBytes);
      // Of 32 random bytes four alike, zeros or ones, are one in some hundred thousand.
      std::array<std::uint8_t, 256> seen{};
      std::uint8_t most = 0;
      unsigned text = 0;
      for (const std::uint8_t byte : window) {
        most = std::max(most, ++seen[byte]);
        text += byte >= 0x20 && byte < 0x7f ? 1 : 0;
      }
      if (most < 4 && text < 26) visit(window);
    }
  });
}

}  // namespace lacuna::test
