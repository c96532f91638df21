#include "ledger/proof/control_tally.h"

#include "ledger/crypto/digest.h"

#include <algorithm>
#include <set>

namespace lacuna {
namespace {

constexpr std::string_view kSampleLabel = "lacuna sample v1\n";
constexpr std::size_t kSeedBytesMax = 64;

Refusal malformed() {
  return {RefusalCode::tampered, "the log holds a record that does not follow the format"};
}
Refusal tooMuch(std::string_view what) {
  return {RefusalCode::tooMany,
          "too many " + std::string(what) + " for one report: choose a shorter time"};
}

// The erasure is over: nothing is asked any more of who asked for it.
bool over(ErasureStep step) {
  return step == ErasureStep::complete || step == ErasureStep::refused ||
         step == ErasureStep::cancelled;
}

}  // namespace

const ControlStep* ControlErasure::find(ErasureStep step) const {
  const auto found = std::find_if(steps.begin(), steps.end(),
                                  [&](const ControlStep& one) { return one.step == step; });
  return found == steps.end() ? nullptr : &*found;
}

std::optional<Instant> ControlErasure::answeredAt() const {
  for (const ControlStep& one : steps) {
    if (one.step == ErasureStep::committed || one.step == ErasureStep::refused ||
        one.step == ErasureStep::cancelled) {
      return one.at;
    }
  }
  return std::nullopt;
}

ControlErasure ControlErasure::publicPart() const {
  ControlErasure out;
  out.erasure = erasure;
  out.ground = ground;
  out.request = request;
  out.steps = steps;
  return out;
}

void ControlTally::count(std::string_view group, std::string_view name) {
  if (counting_) ++out_.totals[std::string(group) + std::string(name)];
}

Outcome ControlTally::add(ByteView bytes) {
  const Result<Record> record = decodeRecord(bytes);
  if (!record || record->seq.raw() != out_.size.raw() || record->recordedAt < last_)
    return malformed();
  const Instant at = last_ = record->recordedAt;
  out_.size = sizeThrough(record->seq);
  if (at < begins_) out_.first = Seq(out_.size.raw());
  if (at < ends_) out_.end = out_.size;
  counting_ = within(at);
  if (counting_) ++kinds_[static_cast<std::uint8_t>(record->kind)];
  switch (record->kind) {
    case Kind::erasure:
      if (record->body.empty()) return Done{};  // reported by a system
      return addErasure(record->seq, at, record->body);
    case Kind::access:
      return addAccess(record->seq, at, record->body);
    case Kind::consultation:
      return addReading(record->body);
    case Kind::sweep: {
      const Result<SweepBody> body = decodeSweep(record->body);
      if (!body) return malformed();
      if (body->few) count("sweep/", "few");
      return Done{};
    }
    default:
      return Done{};
  }
}

Outcome ControlTally::addErasure(Seq seq, Instant at, ByteView bytes) {
  const Result<ErasureBody> body = decodeErasure(bytes);
  if (!body) return malformed();
  count("step/", nameOf(body->step));
  if (body->step == ErasureStep::received) count("ground/", nameOf(body->ground));
  auto found = erasures_.find(body->erasure);
  if (found == erasures_.end()) {
    // Only its first step begins one: what comes later of one that was over before the time is not told.
    if (body->step != ErasureStep::received || at >= ends_) return Done{};
    if (erasures_.size() == kControlErasuresMax) return tooMuch("erasures");
    ControlErasure fresh;
    fresh.erasure = body->erasure;
    fresh.ground = body->ground;
    fresh.request = body->person != PersonCommitment{};
    found = erasures_.emplace(body->erasure, std::move(fresh)).first;
  }
  if (over(body->step) && at < begins_) {
    erasures_.erase(found);
    return Done{};
  }
  if (found->second.steps.size() == kControlStepsMax) return tooMuch("steps of one erasure");
  found->second.steps.push_back({body->step, seq, at, body->holder, body->destroyedAt});
  return Done{};
}

Outcome ControlTally::addAccess(Seq seq, Instant at, ByteView bytes) {
  const Result<AccessBody> body = decodeAccess(bytes);
  if (!body) return malformed();
  count("access/", nameOf(body->action));
  if (body->action == AccessAction::grant) {
    if (++grantsHeld_ > kControlGrantsMax) return tooMuch("grants");
    grants_[body->principal].emplace_back(seq, body->roles);
  }
  if (!counting_) return Done{};
  if (out_.access.size() == kControlErasuresMax) return tooMuch("access records");
  out_.access.push_back({seq, at, *body});
  return Done{};
}

Outcome ControlTally::addReading(ByteView bytes) {
  const Result<ConsultationBody> body = decodeConsultation(bytes);
  if (!body) return malformed();
  count("reading/", nameOf(body->operation));
  count("reason/", nameOf(body->reason));
  return Done{};
}

ControlPublic ControlTally::take() {
  // All before the time, or none in it: then the records of the time are none.
  out_.end = std::max(out_.end, TreeSize(out_.first.raw()));
  for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
    if (kinds_[kind] == 0) continue;
    out_.totals["kind/" + std::string(nameOf(static_cast<Kind>(kind)))] = kinds_[kind];
    out_.totals["records"] += kinds_[kind];
  }
  for (auto& [id, erasure] : erasures_) out_.erasures.push_back(std::move(erasure));
  std::sort(out_.erasures.begin(), out_.erasures.end(),
            [](const ControlErasure& a, const ControlErasure& b) {
              return a.steps.front().seq < b.steps.front().seq;
            });
  return std::move(out_);
}

std::vector<std::string> ControlTally::rolesAt(std::uint32_t principal, Seq seq) const {
  std::uint8_t roles = 0;
  if (const auto found = grants_.find(principal); found != grants_.end()) {
    for (const auto& [at, given] : found->second) {
      if (at < seq) roles = given;
    }
  }
  std::vector<std::string> out;
  for (const std::string_view name : roleNamesOf(roles)) out.emplace_back(name);
  return out;
}

bool sampleSeedValid(std::string_view seed) {
  return !seed.empty() && seed.size() <= kSeedBytesMax &&
         std::all_of(seed.begin(), seed.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::vector<Seq> sampleOf(std::uint32_t count, std::string_view seed, Seq first, TreeSize end) {
  LACUNA_ASSERT(sampleSeedValid(seed) && first.raw() <= end.raw() && count <= kControlSampleMax,
                "a sample within its bounds");
  const std::uint64_t there = end.raw() - first.raw();
  std::set<std::uint64_t> chosen;
  if (count >= there) {
    for (std::uint64_t i = 0; i < there; ++i) chosen.insert(first.raw() + i);
  }
  // 2^64 mod there, so that what lies beyond the last whole multiple of `there` can be passed over.
  const std::uint64_t rest = there == 0 ? 0 : (~std::uint64_t{0} % there + 1) % there;
  // Ends: half of all draws count at least, and fewer than all records are wanted.
  for (std::uint64_t k = 0; chosen.size() < std::min<std::uint64_t>(count, there); ++k) {
    ByteWriter in;
    in.raw(kSampleLabel).u64(seed.size()).raw(seed).u64(first.raw()).u64(end.raw()).u64(k);
    const ByteArray<32> hash = sha256(in.view());
    const std::uint64_t x = ByteReader(hash).u64();
    if (rest == 0 || x < ~std::uint64_t{0} - rest + 1) chosen.insert(first.raw() + x % there);
  }
  std::vector<Seq> out;
  out.reserve(chosen.size());
  for (const std::uint64_t seq : chosen) out.emplace_back(seq);
  return out;
}

}  // namespace lacuna
