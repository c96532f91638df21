#include "ledger/holds.h"

#include "ledger/record/envelope.h"
#include "ledger/register/vocabulary.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::chrono::year kReviewYearMax{
    9998};  // its end is a time that can be written, in any zone

constexpr std::string_view kNextHold = "holds";  // of Table::meta: numbers are never given twice
constexpr std::string_view kCodePrefix = "eu-gdpr:JustificationA17";

// "legal-claims" is eu-gdpr:JustificationA17LegalClaims.
std::string codeOf(std::string_view ground) {
  if (ground.starts_with("eu-gdpr:")) return std::string(ground);
  std::string out(kCodePrefix);
  bool upper = true;
  for (const char c : ground) {
    if (c == '-') {
      upper = true;
      continue;
    }
    out.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    upper = false;
  }
  return out;
}

Bytes nextKey() { return Bytes(kNextHold.begin(), kNextHold.end()); }

}  // namespace

void Holds::load() {
  if (const std::optional<Bytes> next = store_.row(Table::meta, nextKey())) {
    next_ = number64(*next).value_or(1);
  }
  const ByteArray<1> prefix{'H'};
  store_.scan(Table::persons, prefix, [&](ByteView key, ByteView value) {
    ByteReader in(key.subspan(1));
    const Slot slot(in.u64());
    const std::optional<Secret> lotKey = vault_.lotKey(slot, LeafNo(0));
    if (!lotKey) return true;  // gone with the person
    const Result<Bytes> plain = openRow(*lotKey, sealedKey(key), value);
    if (!plain) throw Fault("a hold does not open although its key lives");
    Result<Hold> hold = decodeHold(*plain);
    if (!hold) throw Fault("a hold does not follow the format");
    bySlot_.emplace(slot, hold->number);
    holds_.emplace(hold->number, Standing{slot, std::move(*hold)});
    return true;
  });
}

void Holds::write(Draft& draft, const Standing& one) {
  draft.sealedRows.push_back(
      {holdRowKey(one.slot, one.hold.number), {one.slot, LeafNo(0)}, encodeHold(one.hold)});
}

void Holds::record(Draft& draft, const Caller& caller, const Standing& one, std::string_view what,
                   std::string_view reason) {
  StoredEvent stored;
  stored.event.kind = Kind::hold;
  stored.event.at = draft.recordedAt;
  stored.principal = caller.principal;
  stored.operationText = std::string(what);
  stored.reason = std::string(reason);
  stored.details.push_back("hold=" + std::to_string(one.hold.number));
  stored.details.push_back("ground=" + one.hold.ground);
  for (const std::string& klass : one.hold.classes) stored.details.push_back("class=" + klass);
  sequencer_.personEvent(draft, one.slot, Kind::hold, std::move(stored));
}

Result<Hold> Holds::place(Draft& draft, const Caller& caller, std::string_view person,
                          const HoldRequest& request) {
  const Register& reg = sequencer_.registers().latest();
  const std::string code = codeOf(request.ground);
  if (!erasureRefusalKnown(code)) {
    return Refusal{RefusalCode::unknownGround,
                   "the ground of a hold is one of Art. 17(3): freedom-of-expression "
                   "legally-required official-authority public-interest public-health archiving "
                   "legal-claims"};
  }
  if (request.classes.size() > kFenceClassesMax) {
    return Refusal{RefusalCode::tooMany, "one hold names at most 256 classes"};
  }
  for (const std::string& klass : request.classes) {
    if (reg.klass(klass) != nullptr) continue;
    const std::vector<std::string> ids = reg.classIds();
    return Refusal{RefusalCode::unknownClass, "the register has no class of that id",
                   nearestOf(klass, ids)};
  }
  const Instant review = endOfDay(reg.controller().zone, request.review);
  if (review < draft.recordedAt) {
    return Refusal{RefusalCode::invalidValue, "the day of review lies in the past"};
  }
  if (request.review.year() > kReviewYearMax) {
    return Refusal{RefusalCode::invalidValue, "the day of review lies too far ahead"};
  }
  const Result<Slot> slot = sequencer_.resolve(person);
  if (!slot) return slot.refusal();
  const SubjectWhat what = sequencer_.people().whatOf(*slot);
  if (what != SubjectWhat::person && what != SubjectWhat::instance) {
    return Refusal{RefusalCode::invalidValue, "a hold is placed on a person"};
  }
  if (bySlot_.count(*slot) >= kHoldsPerPersonMax) {
    return Refusal{RefusalCode::tooMany, "this person has as many holds as the ledger keeps"};
  }
  Standing one{*slot, {}};
  one.hold.number = next_++;
  one.hold.placedAt = draft.recordedAt;
  one.hold.review = review;
  one.hold.principal = caller.principal;
  one.hold.ground = code;
  one.hold.classes = request.classes;
  write(draft, one);
  const ByteArray<8> next = key64(next_);
  draft.rows.push_back({Table::meta, nextKey(), Bytes(next.begin(), next.end())});
  record(draft, caller, one, "place", request.reason);
  bySlot_.emplace(one.slot, one.hold.number);
  return holds_.emplace(one.hold.number, one).first->second.hold;
}

Result<Holds::Standing> Holds::lift(Draft& draft, const Caller& caller, std::uint64_t number) {
  const auto found = holds_.find(number);
  if (found == holds_.end()) {
    return Refusal{RefusalCode::notFound, "no hold of that number stands"};
  }
  Standing one = std::move(found->second);
  holds_.erase(found);
  const auto [first, last] = bySlot_.equal_range(one.slot);
  bySlot_.erase(std::find_if(first, last, [&](const auto& at) { return at.second == number; }));
  draft.rows.push_back({Table::persons, holdRowKey(one.slot, number), std::nullopt});
  record(draft, caller, one, "lift", {});
  return one;
}

std::vector<const Hold*> Holds::of(Slot slot) const {
  std::vector<const Hold*> out;
  const auto [first, last] = bySlot_.equal_range(slot);
  for (auto at = first; at != last; ++at) out.push_back(&holds_.at(at->second).hold);
  return out;
}

void Holds::block(Draft& draft, std::uint64_t number, Blocked blocked) {
  Standing& one = holds_.at(number);
  std::vector<Blocked>& all = one.hold.blocked;
  const bool known = std::any_of(all.begin(), all.end(), [&](const Blocked& other) {
    return other.caseNumber == blocked.caseNumber;
  });
  // Of too many the oldest stand for all.
  if (known || all.size() >= kBlockedPerHoldMax) return;
  all.push_back(std::move(blocked));
  write(draft, one);
}

void Holds::unblock(Draft& draft, std::uint64_t caseNumber) {
  for (auto& [number, one] : holds_) {
    const std::size_t gone = std::erase_if(
        one.hold.blocked, [&](const Blocked& b) { return b.caseNumber == caseNumber; });
    if (gone > 0) write(draft, one);
  }
}

void Holds::forgetSlot(Slot slot) {
  const auto [first, last] = bySlot_.equal_range(slot);
  for (auto at = first; at != last; ++at) holds_.erase(at->second);
  bySlot_.erase(first, last);
}

}  // namespace lacuna
