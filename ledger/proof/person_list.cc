#include "ledger/proof/person_list.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"

namespace lacuna {
namespace {

constexpr std::uint64_t kPlaces = std::uint64_t{1} << kPersonListHeight;
static_assert(kErasePersonsMax <= kPlaces, "each person of an erasure has a place");

PersonSalt saltAt(const PersonSalt& secret, std::uint64_t place) {
  return PersonSalt{sha256({bytesOf("lacuna list salt"), secret.view(), key64(place)})};
}

PersonCommitment above(const PersonCommitment& left, const PersonCommitment& right) {
  return PersonCommitment{sha256({bytesOf("lacuna list node"), left.view(), right.view()})};
}

}  // namespace

PersonList::PersonList(const PersonSalt& secret) : secret_(secret), nodes_(2 * kPlaces) {
  const ByteArray<32> luck = sha256({bytesOf("lacuna list place"), secret.view()});
  first_ = *number64(ByteView(luck).first(8));
  stride_ = *number64(ByteView(luck).subspan(8, 8)) | 1;  // odd: no two persons share a place
  for (std::uint64_t place = 0; place < kPlaces; ++place) {
    nodes_[kPlaces + place] = commitmentOf(saltAt(secret, place));
  }
  for (std::uint64_t n = kPlaces - 1; n > 0; --n)
    nodes_[n] = above(nodes_[2 * n], nodes_[2 * n + 1]);
}

std::string PersonList::token(std::uint32_t n) const {
  LACUNA_ASSERT(n < kPlaces, "a list has 2^14 places");
  const std::uint64_t place = (first_ + n * stride_) % kPlaces;
  ByteWriter out(kPersonTokenBytes);
  out.raw(saltAt(secret_, place).view()).u16(static_cast<std::uint16_t>(place));
  for (std::uint64_t node = kPlaces + place; node > 1; node /= 2) out.raw(nodes_[node ^ 1].view());
  return hexOf(out.view());
}

std::optional<PersonCommitment> commitmentOfToken(std::string_view hex) {
  const std::optional<Bytes> bytes = bytesOfHex(hex);
  if (!bytes) return std::nullopt;
  if (const auto salt = PersonSalt::from(*bytes)) return commitmentOf(*salt);
  if (bytes->size() != kPersonTokenBytes) return std::nullopt;
  ByteReader in(*bytes);
  PersonCommitment at = commitmentOf(in.digest<PersonSalt>());
  std::uint64_t node = kPlaces + in.u16();
  if (node >= 2 * kPlaces) return std::nullopt;
  for (; node > 1; node /= 2) {
    const PersonCommitment beside = in.digest<PersonCommitment>();
    at = node % 2 == 0 ? above(at, beside) : above(beside, at);
  }
  return at;
}

}  // namespace lacuna
