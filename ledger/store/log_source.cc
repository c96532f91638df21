#include "ledger/store/log_source.h"

#include "ledger/proof/tiles.h"
#include "ledger/store/parts.h"

#include <algorithm>

namespace lacuna {

StoreLogSource::StoreLogSource(const Store& store) : store_(store), size_(store.size()) {}

void StoreLogSource::scan(Seq first, TreeSize end,
                          const std::function<bool(const LogEntry&)>& visit) const {
  store_.parts_->reader.scan(first, std::min(end, size_), Wanted::pairs, Damage::skip,
                             [&](Seq seq, ByteView record, std::optional<ByteView> envelope) {
                               return visit({seq, record, envelope});
                             });
}

// The row as it stands: computing a missing one would vouch for what is not there.
std::optional<Bytes> StoreLogSource::tile(unsigned level, std::uint64_t index,
                                          unsigned width) const {
  const Store::Parts& parts = *store_.parts_;
  if (width == 0 || width > tileWidth(level, index, size_)) return std::nullopt;
  if (width < kTileWidth) {
    if (auto partial = parts.edge.partial(level, index, width)) return partial;
  }
  auto row = parts.tileRow(level, index);
  if (!row || row->size() != kTileBytes) return std::nullopt;
  row->resize(std::size_t{width} * 32);
  return row;
}

std::optional<Bytes> StoreLogSource::document(const DocumentHash& hash) const {
  const Database& db = *store_.parts_->db;
  return db.readable(db.primary(Family::documents), hash.view());
}

std::vector<std::string> StoreLogSource::checkpoints() const {
  std::vector<std::string> out;
  const Database& db = *store_.parts_->db;
  const auto rows = db.iterator(db.primary(Family::checkpoints));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    out.emplace_back(textOf(viewOf(rows->value())));
  }
  return out;
}

}  // namespace lacuna
