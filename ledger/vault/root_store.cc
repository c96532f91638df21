#include "ledger/vault/root_store.h"

#include "ledger/crypto/digest.h"
#include "ledger/vault/tree_codec.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lacuna {
namespace {

constexpr std::string_view kFamily = "LKROOT";   // on disk: never change
constexpr std::string_view kMagic = "LKROOT01";  // on disk: never change
constexpr std::size_t kCheckedBytes = kRootSlotHeadBytes - 32;

}  // namespace

void encodeRootSlot(const RootSlot& slot, std::span<std::uint8_t> out) {
  static constexpr ByteArray<7> kZeros{};
  LACUNA_ASSERT(out.size() == kRootSlotBytes, "a slot has one length");
  ByteWriter head(kRootSlotHeadBytes);
  head.raw(kMagic).raw(slot.ledger.view()).u8(slot.holder).raw(kZeros).u64(slot.version.raw());
  head.raw(slot.factor.view());
  head.raw(blake2b256({head.view()}));
  const WipedBytes bytes(head.take());
  LACUNA_ASSERT(bytes.bytes.size() == kRootSlotHeadBytes, "the head of a slot has one length");
  std::memcpy(out.data(), bytes.bytes.data(), kRootSlotHeadBytes);
}

std::optional<RootSlot> parseRootSlot(ByteView slot) {
  if (slot.size() != kRootSlotBytes) return std::nullopt;
  ByteReader in(slot.first(kRootSlotHeadBytes));
  const ByteView magic = in.raw(kMagic.size());
  RootSlot out;
  out.ledger = in.digest<LedgerId>();
  out.holder = in.u8();
  const ByteView zeros = in.raw(7);
  out.version = TreeVersion(in.u64());
  out.factor = Secret(in.raw(Secret::kSize));
  const ByteView sum = in.raw(32);
  if (!in.done() || textOf(magic) != kMagic) return std::nullopt;
  for (const std::uint8_t byte : zeros) {
    if (byte != 0) return std::nullopt;
  }
  if (!sameBytes(sum, blake2b256({slot.first(kCheckedBytes)}))) return std::nullopt;
  return out;
}

bool rootSlotOfLaterFormat(ByteView slot) {
  return slot.size() >= kMagic.size() && textOf(slot.first(kFamily.size())) == kFamily &&
         textOf(slot.first(kMagic.size())) != kMagic;
}

RootStore::RootStore(FileDescriptor fd, bool direct, std::uint8_t holder, Entropy& entropy)
    : fd_(std::move(fd)),
      direct_(direct),
      holder_(holder),
      entropy_(entropy),
      work_(kRootSlotBytes),
      check_(kRootSlotBytes) {
  const auto aligned = [](ByteView bytes) {
    return reinterpret_cast<std::uintptr_t>(bytes.data()) % kRootSlotBytes == 0;
  };
  LACUNA_ASSERT(aligned(work_.view()) && aligned(check_.view()), "direct writes need whole pages");
}

Result<std::unique_ptr<RootStore>> RootStore::openFile(const std::filesystem::path& file, int flags,
                                                       std::uint8_t holder, Entropy& entropy) {
  const int common = O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags;
  bool direct = true;
  FileDescriptor fd(::open(file.c_str(), common | O_DIRECT | O_DSYNC, 0600));
  if (!fd.valid() && errno == EINVAL) {  // a file system without direct writes: fdatasync instead
    direct = false;
    fd = FileDescriptor(::open(file.c_str(), common & ~O_EXCL, 0600));
  }
  if (!fd.valid() && errno == ENOENT) {
    return Refusal{RefusalCode::missingKey, "root.ks is not there; without it nothing can be read"};
  }
  if (!fd.valid()) throwErrno("opening the root store");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) throwErrno("locking the root store");
    return Refusal{RefusalCode::alreadyRunning, "another process uses these keys"};
  }
  return std::unique_ptr<RootStore>(new RootStore(std::move(fd), direct, holder, entropy));
}

std::unique_ptr<RootStore> RootStore::create(const std::filesystem::path& file,
                                             const LedgerId& ledger, std::uint8_t holder,
                                             Entropy& entropy) {
  auto made = openFile(file, O_CREAT | O_EXCL, holder, entropy);
  if (!made) throw Fault("making the root store: " + made.refusal().message);
  RootStore& store = **made;
  store.ledger_ = ledger;
  store.ready_ = true;
  for (unsigned place = 0; place < 2; ++place) {
    entropy.fill(store.work_.bytes());
    store.writeAndReadBack(place, store.work_.view());
  }
  if (::fsync(store.fd_.get()) != 0) throwErrno("syncing the root store");
  syncDirectory(file.parent_path());
  return std::move(*made);
}

Result<std::unique_ptr<RootStore>> RootStore::open(const std::filesystem::path& file,
                                                   std::uint8_t holder, Entropy& entropy) {
  auto opened = openFile(file, 0, holder, entropy);
  if (!opened) return opened;
  RootStore& store = **opened;
  struct stat info {};
  if (::fstat(store.fd_.get(), &info) != 0) throwErrno("looking at the root store");
  if (!S_ISREG(info.st_mode) || info.st_size != static_cast<off_t>(2 * kRootSlotBytes)) {
    return Refusal{RefusalCode::foreignKey, "root.ks does not have its two slots; it is not ours"};
  }
  for (unsigned place = 0; place < 2; ++place) {
    store.read(place, store.check_.bytes());
    const bool later = rootSlotOfLaterFormat(store.check_.view());
    wipe(store.check_.bytes());
    if (later) return Refusal{RefusalCode::unknownVersion, "root.ks has a later format"};
  }
  return opened;
}

std::array<std::optional<RootSlot>, 2> RootStore::load() {
  std::array<std::optional<RootSlot>, 2> slots;
  for (unsigned place = 0; place < 2; ++place) {
    read(place, check_.bytes());
    slots[place] = parseRootSlot(check_.view());
    wipe(check_.bytes());
  }
  return slots;
}

void RootStore::belongTo(std::uint8_t holder) {
  LACUNA_ASSERT(!ready_, "whose slots these are is known before anything is written");
  holder_ = holder;
}

void RootStore::setLive(const LedgerId& ledger, unsigned place) {
  LACUNA_ASSERT(!ready_ && place < 2, "the live slot is found once");
  ledger_ = ledger;
  live_ = place;
  ready_ = true;
}

Secret RootStore::prepare(TreeVersion version) {
  LACUNA_ASSERT(ready_, "the live slot is known before anything is written");
  RootSlot slot{ledger_, holder_, version, {}};
  entropy_.fill({slot.factor.data(), Secret::kSize});
  entropy_.fill(work_.bytes());
  encodeRootSlot(slot, work_.bytes());
  writeAndReadBack(spare(), work_.view());
  return rootOf(slot.factor, ledger_, holder_, version);
}

void RootStore::promote() { live_ = spare(); }

void RootStore::wipeSpare() {
  LACUNA_ASSERT(ready_, "the live slot is known before anything is wiped");
  // Random bytes, not zeros: a layer below may store zeros as "nothing here" and keep the old block.
  entropy_.fill(work_.bytes());
  writeAndReadBack(spare(), work_.view());
}

void RootStore::destroyAll() {
  for (unsigned place = 0; place < 2; ++place) {
    entropy_.fill(work_.bytes());
    writeAndReadBack(place, work_.view());
  }
}

void RootStore::read(unsigned place, std::span<std::uint8_t> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = ::pread(fd_.get(), into.data() + done, into.size() - done,
                                static_cast<off_t>(place * kRootSlotBytes + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throwErrno("reading the root store");
    if (got == 0) throw Fault("the root store is shorter than its two slots");
    done += static_cast<std::size_t>(got);
  }
}

void RootStore::writeAndReadBack(unsigned place, ByteView bytes) {
  const off_t at = static_cast<off_t>(place * kRootSlotBytes);
  // One write call: anything shorter is a fault, never continued, because the slot is then torn.
  ssize_t wrote = -1;
  do {
    wrote = ::pwrite(fd_.get(), bytes.data(), bytes.size(), at);
  } while (wrote < 0 && errno == EINTR);
  if (wrote < 0) throwErrno("writing the root store");
  if (wrote != static_cast<ssize_t>(bytes.size())) throw Fault("writing the root store: cut short");
  if (!direct_ && ::fdatasync(fd_.get()) != 0) throwErrno("syncing the root store");
  read(place, check_.bytes());
  const bool same = sameSecret(check_.view(), bytes);
  wipe(check_.bytes());
  wipe(work_.bytes());
  if (!same) throw Fault("the root store does not hold what was written");
}

}  // namespace lacuna
