#include "tests/support/log_maker.h"

#include "ledger/crypto/digest.h"

namespace lacuna {

Tag madeTag(std::uint64_t seq) {
  const auto hash = sha256({bytesOf("tag"), key64(seq)});
  return *Tag::from(ByteView(hash).first(Tag::kSize));
}

IdEntry madeId(std::uint64_t seq) {
  const auto hash = sha256({bytesOf("id"), key64(seq)});
  return *IdEntry::from(ByteView(hash).first(IdEntry::kSize));
}

LedgerId LogMaker::ledger() const { return *LedgerId::from(bytesOf("0123456789abcdef")); }

Bytes LogMaker::noise(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; i += 8) {
    const auto word = key64(random_());
    std::memcpy(out.data() + i, word.data(), std::min<std::size_t>(8, size - i));
  }
  return out;
}

Group LogMaker::next(const GroupShape& shape) {
  Group group;
  group.first = Seq(size_);
  for (std::size_t i = 0; i < shape.events; ++i) {
    Record record;
    record.kind = Kind::processing;
    record.recordedAt = instantOf(1'585'732'353'000 + size_);
    record.system = SystemNo(3);
    record.tag = madeTag(size_);
    record.seq = Seq(size_);
    record.prev = last_;
    auto& envelope = group.envelopes.emplace_back();
    if (size_ % 4 < shape.envelopesOf4) {
      envelope = noise(shape.envelopeBytes);
      record.flags = kHasEnvelope;
      record.commitment.bytes = sha256(*envelope);
    }
    if (size_ % 4 < shape.idsOf4) {
      const auto content = *ContentDigest::from(ByteView(madeTag(size_).bytes));
      group.ids.push_back({static_cast<std::uint16_t>(i), madeId(size_), content});
    }
    group.records.push_back(encode(record));
    last_ = leafHash(group.records.back());
    if (shape.computed) {
      group.tags.push_back(record.tag);
      group.leaves.push_back(last_);
    }
    ++size_;
  }
  return group;
}

}  // namespace lacuna
