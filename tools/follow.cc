#include "tools/follow.h"

#include "ledger/base/civil.h"
#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/tiles.h"
#include "ledger/record/record.h"
#include "tools/render.h"

#include <map>

namespace lacuna::tool {
namespace {

std::string number(TreeSize size) { return std::to_string(size.raw()); }

Alarm badByte(std::string what) { return {"bad-byte", std::move(what)}; }
Alarm badByte(Seq seq, std::string_view what) {
  return badByte("record " + std::to_string(seq.raw()) + ": " + std::string(what));
}

TileSource tilesOf(const LogSource& log) {
  return [&log](unsigned level, std::uint64_t index, unsigned width) {
    return log.tile(level, index, width);
  };
}

// What the stored tiles say, held against what the records give.
class TileComparer {
 public:
  explicit TileComparer(const LogSource& log) : log_(log) {}

  void add(const TileHash& hash) {
    if (!bad_.empty()) return;
    const auto place = std::pair(hash.level, hash.index / kTileWidth);
    auto found = stored_.find(hash.level);
    if (found == stored_.end() || found->second.first != place.second) {
      const unsigned width = tileWidth(place.first, place.second, log_.size());
      std::optional<Bytes> bytes = log_.tile(place.first, place.second, width);
      if (!bytes) {
        bad_ = pathOf({place.first, place.second, width}) + " is missing or has a wrong length";
        return;
      }
      found =
          stored_.insert_or_assign(hash.level, std::pair(place.second, std::move(*bytes))).first;
    }
    const ByteView cell = ByteView(found->second.second).subspan(hash.index % kTileWidth * 32, 32);
    if (!sameBytes(cell, hash.hash)) {
      bad_ = "a hash of level " + std::to_string(hash.level) + " does not follow from the records";
    }
  }
  const std::string& bad() const { return bad_; }

 private:
  const LogSource& log_;
  std::map<unsigned, std::pair<std::uint64_t, Bytes>> stored_;  // the rightmost tile of each level
  std::string bad_;
};

// A node of the tree of before, read from the tiles of now.
NodeHash nodeOf(const TileSource& tiles, TreeSize size, unsigned height, std::uint64_t index,
                bool& missing) {
  const unsigned level = height / 8, inside = height % 8;
  const std::uint64_t first = index << inside;
  const unsigned width = tileWidth(level, first / kTileWidth, size);
  const std::optional<Bytes> tile = tiles(level, first / kTileWidth, width);
  if (!tile || tile->size() != std::size_t{width} * 32) {
    missing = true;
    return {};
  }
  std::vector<NodeHash> nodes(std::size_t{1} << inside);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::size_t at = (first % kTileWidth + i) * 32;
    if (at + 32 > tile->size()) {
      missing = true;
      return {};
    }
    std::copy_n(tile->begin() + static_cast<std::ptrdiff_t>(at), 32, nodes[i].begin());
  }
  for (; nodes.size() > 1; nodes.resize(nodes.size() / 2)) {
    for (std::size_t i = 0; i < nodes.size() / 2; ++i) {
      nodes[i] = nodeHash(nodes[2 * i], nodes[2 * i + 1]);
    }
  }
  return nodes[0];
}

// The records after the head of before, each of them, up to the head of now.
std::optional<Alarm> checkTail(const LogSource& log, const Checkpoint& before,
                               const Checkpoint& now, std::uint64_t& recordsRead) {
  const TileSource tiles = tilesOf(log);
  bool missing = false;
  TreeBuilder tree(before.size, [&](unsigned height, std::uint64_t index) {
    return nodeOf(tiles, now.size, height, index, missing);
  });
  if (missing) return badByte("a tile is missing or has a wrong length");
  if (tree.root() != before.root) return badByte("the tiles do not lead to the head of before");
  TileComparer comparer(log);
  std::optional<Alarm> alarm;
  std::optional<LeafHash> previous;
  std::uint64_t expected = before.size.raw();
  log.scan(Seq(expected), now.size, [&](const LogEntry& entry) {
    const Result<Record> record = decodeRecord(entry.record);
    if (!record) alarm = badByte(entry.seq, finding::kMalformed);
    if (record && record->seq != entry.seq) alarm = badByte(entry.seq, finding::kMisplaced);
    if (record && previous && record->prev != *previous) {
      alarm = badByte(entry.seq, finding::kUnlinked);
    }
    if (record && !alarm && (record->flags & kHasDocument) != 0) {
      const DocumentHash hash{record->commitment.bytes};
      const auto document = log.document(hash);
      if (!document) alarm = badByte(entry.seq, finding::kDocumentMissing);
      if (document && sha256({*document}) != hash.bytes) {
        alarm = badByte(entry.seq, finding::kDocumentChanged);
      }
    }
    if (alarm) return false;
    previous = leafHash(entry.record);
    tree.append(*previous, [&](const TileHash& hash) { comparer.add(hash); });
    if (!comparer.bad().empty()) alarm = badByte(entry.seq, comparer.bad());
    ++expected;
    return !alarm;
  });
  recordsRead = expected - before.size.raw();
  if (alarm) return alarm;
  if (expected != now.size.raw()) return badByte(Seq(expected), finding::kMissing);
  if (tree.root() != now.root) return badByte("the records do not lead to the checkpoint");
  return std::nullopt;
}

std::optional<Alarm> checkWhole(const LogSource& log, const std::string& note,
                                const std::optional<Followed>& before, const VerifierKey* key,
                                const FollowOptions& follow, std::optional<VerifierKey>& believed) {
  VerifyOptions options;
  options.threads = follow.threads;
  options.onProgress = follow.onProgress;
  if (key != nullptr) options.key = *key;
  if (before) options.checkpoints.push_back(before->note);
  options.checkpoints.push_back(note);
  const VerifyReport report = verifyLog(log, options);
  believed = report.believedKey;
  if (report.whole()) return std::nullopt;
  const Finding& first = report.findings.front();
  if (!first.seq) return badByte(first.what);
  return badByte(*first.seq, first.what);
}

// Does the head of now extend the one of before? By the tiles alone.
std::optional<Alarm> checkExtends(const LogSource& log, const Checkpoint& before,
                                  const Checkpoint& now) {
  if (now.size < before.size) {
    return Alarm{"rollback", "the log has " + number(now.size) + " records and had " +
                                 number(before.size) + " before"};
  }
  const Alarm fork{"fork", "the log of " + number(now.size) +
                               " records does not extend the one of " + number(before.size) +
                               " that was seen before"};
  if (now.size == before.size) {
    return now.root == before.root ? std::nullopt : std::optional(fork);
  }
  if (before.size == TreeSize(0)) return std::nullopt;
  const TileSource tiles = tilesOf(log);
  const auto proof = proveConsistency(tiles, before.size, now.size);
  if (!proof) return badByte("a tile is missing or has a wrong length");
  if (verifyConsistency(before.size, before.root, now.size, now.root, *proof)) return std::nullopt;
  // The tiles lead to the new head all the same: then it is another history, and no accident.
  const auto root = rootFromTiles(tiles, now.size);
  if (root && *root == now.root) return fork;
  return badByte("the tiles do not lead to the checkpoint");
}

std::optional<Alarm> checkFresh(const LogSource& log, const Checkpoint& head,
                                const std::optional<Instant>& cosigned,
                                std::chrono::seconds staleAfter, Instant now) {
  std::optional<Instant> at = cosigned;
  if (!at && head.size > TreeSize(0)) {
    const Seq last(head.size.raw() - 1);
    log.scan(last, head.size, [&](const LogEntry& entry) {
      if (const auto record = decodeRecord(entry.record)) at = record->recordedAt;
      return false;
    });
  }
  if (!at || now - *at <= staleAfter) return std::nullopt;
  return Alarm{"stale", "nothing new since " + rfc3339Of(*at)};
}

Look alarmed(Alarm alarm, TreeSize size) { return {std::nullopt, std::move(alarm), size, 0}; }

}  // namespace

std::string textOf(const Followed& state) {
  return Json{{"version", 1}, {"key", textOf(state.key)}, {"checkpoint", state.note}}.dump(2) +
         "\n";
}

Result<Followed> followedOfText(std::string_view text) {
  const Refusal bad{RefusalCode::tampered, "the state is none that this program has written"};
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("version", 0) != 1 || !json.contains("key") ||
      !json["key"].is_string() || !json.contains("checkpoint") || !json["checkpoint"].is_string()) {
    return bad;
  }
  const auto key = verifierKeyOfText(json["key"].get<std::string>());
  if (!key) return bad;
  Followed out{*key, json["checkpoint"].get<std::string>()};
  if (!openNote(out.note, out.key)) return bad;
  return out;
}

Look look(const LogSource& log, const std::string& text, const std::optional<Followed>& before,
          Depth depth, const FollowOptions& options, Instant now) {
  const Result<SignedNote> note = parseNote(text);
  if (!note) return alarmed({"bad-signature", "the checkpoint is no signed checkpoint"}, {});
  const Checkpoint& head = note->checkpoint;
  std::optional<VerifierKey> key = options.key;
  std::optional<Instant> cosigned;
  if (options.policy) {
    key = signerOf(*note, *options.policy);
    const auto quorum = quorumOf(*note, *options.policy);
    if (!key || !quorum) {
      return alarmed({"bad-signature", "the checkpoint is not signed as the policy asks"},
                     head.size);
    }
    if (!quorum->met) {
      return alarmed({"unwitnessed", "the checkpoint lacks the policy's quorum of witnesses"},
                     head.size);
    }
    cosigned = quorum->latest;
  }
  if (!key && before) key = before->key;  // believed since the first look
  if (key && !openNote(*note, *key)) {
    return alarmed({"bad-signature", "the checkpoint is not signed by the key"}, head.size);
  }
  std::optional<Checkpoint> known;
  if (before) {
    known = parseNote(before->note)->checkpoint;
    if (known->origin != head.origin) {
      return alarmed({"fork", "the log calls itself by another name than before"}, head.size);
    }
    if (auto alarm = checkExtends(log, *known, head)) return alarmed(std::move(*alarm), head.size);
  }
  Look out;
  out.size = head.size;
  if (depth == Depth::whole || !known) {
    std::optional<VerifierKey> believed;
    out.alarm = checkWhole(log, text, before, key ? &*key : nullptr, options, believed);
    out.recordsRead = head.size.raw();
    if (!key) key = believed;
  } else if (head.size > known->size) {
    out.alarm = checkTail(log, *known, head, out.recordsRead);
  }
  if (!out.alarm && !key) out.alarm = badByte("the log does not name its key");
  if (!out.alarm && options.staleAfter) {
    out.alarm = checkFresh(log, head, cosigned, *options.staleAfter, now);
  }
  if (!out.alarm) out.state = Followed{*key, text};
  return out;
}

}  // namespace lacuna::tool
