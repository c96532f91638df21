// The small RocksDB of keys/ (FORMAT.md 9): pages, anchors, high-water mark, checkpoint, identity.
//
// Promise: write() returns only when its rows survive a power cut, all of them or none.
// Failure: anything but OK or not-found throws Fault; the caller seals.
// Thread:  reads from any thread, write() from the one writer.
#pragma once

#include "ledger/base/result.h"
#include "ledger/vault/tree_codec.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace lacuna {

// Keys of rows: letters and numbers only (P4).
Bytes pageRowKey(const Node& node);
Bytes anchorRowKey(std::uint8_t holder);
inline constexpr std::string_view kHighWaterRow = "N";   // on disk: never change
inline constexpr std::string_view kCheckpointRow = "C";  // on disk: never change
inline constexpr std::string_view kIdentityRow = "I";    // on disk: never change
inline constexpr std::string_view kPinnedRow = "O";      // on disk: never change
inline constexpr std::string_view kWhoseRow = "W";       // on disk: never change
inline constexpr std::string_view kRestRow = "U";        // on disk: never change
inline constexpr std::string_view kRecoveryRow = "R";    // on disk: never change
inline constexpr std::string_view kLeafMarkRow = "M";  // on disk: never change; | slot for one slot
inline constexpr std::string_view kCarryRow = "X";     // on disk: never change; | the caller's key

struct KeyRow {
  Bytes key;
  std::optional<Bytes> value;  // nothing: the row is removed
};

class KeysDb {
 public:
  enum class Mode : bool { open, create };
  // Refuses already-running, and missing-key when there is nothing to open.
  static Result<std::unique_ptr<KeysDb>> open(const std::filesystem::path& directory,
                                              rocksdb::Env* env, Mode mode);
  ~KeysDb();

  // The rows as they stood at one moment; pages of an epoch are read through one.
  class View {
   public:
    ~View();
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    std::optional<Bytes> get(ByteView key) const;

   private:
    friend class KeysDb;
    struct Parts;
    explicit View(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
  };
  std::unique_ptr<View> view() const;

  std::optional<Bytes> get(ByteView key) const;
  // Rows whose key begins with `prefix`, in order, until `visit` says false.
  void scan(ByteView prefix, const std::function<bool(ByteView key, ByteView value)>& visit) const;
  void write(std::span<const KeyRow> rows);

 private:
  struct Parts;
  explicit KeysDb(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace lacuna
