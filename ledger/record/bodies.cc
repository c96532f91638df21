#include "ledger/record/bodies.h"

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

constexpr std::array<std::string_view, 11> kReadOperationNames = {
    "history",    "state",  "recipients", "show",     "find",  "link",
    "erase-plan", "export", "may",        "disclose", "report"};
constexpr std::array<std::string_view, 6> kReadReasonNames = {"unstated", "request", "support",
                                                              "audit",    "breach",  "other"};
constexpr std::array<std::string_view, 14> kErasureStepNames = {
    "intent", "committed", "complete", "received", "planned",   "approved", "frozen",
    "queued", "destroyed", "removed",  "closed",   "cancelled", "refused",  "forgotten"};
// The last millisecond that RFC 3339 can write (9999-12-31T23:59:59.999Z).
constexpr std::uint64_t kMillisMax = 253402300799999;
constexpr std::array<std::string_view, 8> kGroundNames = {
    "unstated", "no-longer-needed", "consent-withdrawn", "objection", "unlawful", "legal-duty",
    "child",    "retention-end"};
constexpr std::array<std::string_view, 7> kAccessActionNames = {
    "grant",        "revoke",        "single-user-began", "single-user-ended",
    "holder-added", "holder-closed", "keys-recovered"};
constexpr std::array<std::string_view, 4> kRoleNames = {"recorder", "auditor", "officer",
                                                        "operator"};
constexpr std::uint8_t kAssuranceMax = 3;
constexpr std::uint8_t kRolesMax = 1 | 2 | 4 | 8;
constexpr std::uint64_t kSweepRangesEnd = std::uint64_t{1} << (64 - kSweepRangeBits);

Refusal malformed() {
  return {RefusalCode::tampered, "a public body that does not follow the format"};
}

// Decodes after the version byte; `fill` reads the fields and says whether their values are known.
template <typename Body, typename Fill>
Result<Body> decodeBody(ByteView bytes, Fill fill) {
  ByteReader in(bytes);
  const std::uint8_t version = in.u8();
  if (!in.ok()) return malformed();
  if (version != kBodyVersion) {
    return Refusal{RefusalCode::unknownVersion, "a public body of an unknown version"};
  }
  Body body;
  const bool known = fill(in, body);
  if (!known || !in.done()) return malformed();
  return body;
}

template <typename Enum>
bool readEnum(ByteReader& in, Enum& out, std::uint8_t first, std::uint8_t last) {
  const std::uint8_t raw = in.u8();
  if (raw < first || raw > last) return false;
  out = static_cast<Enum>(raw);
  return true;
}

bool readOrigin(ByteReader& in, std::string& out) {
  out = textOf(in.bytes16());
  return originValid(out);
}

template <typename Enum>
std::uint8_t raw(Enum v) {
  return static_cast<std::uint8_t>(v);
}

// Whether keys are dead when this step is recorded.
bool afterDestruction(ErasureStep step) {
  switch (step) {
    case ErasureStep::committed:
    case ErasureStep::complete:
    case ErasureStep::destroyed:
    case ErasureStep::removed:
    case ErasureStep::closed:
    case ErasureStep::forgotten:
      return true;
    default:
      return false;
  }
}

bool holds(const SweepBody& body) {
  if (body.parts.empty() || body.parts.size() > kSweepPartsMax) return false;
  if (body.version == TreeVersion(0)) return false;
  std::uint64_t after = 0;
  for (const SweepBody::Part& part : body.parts) {
    // Something below `marked` lies in every range that is named.
    if (part.range < after || part.range >= kSweepRangesEnd ||
        part.range << kSweepRangeBits >= body.marked.raw()) {
      return false;
    }
    after = part.range + 1;
  }
  return true;
}

bool stepFits(const ErasureBody& body) {
  if (body.step != ErasureStep::received && body.person != PersonCommitment{}) return false;
  if (body.step != ErasureStep::destroyed && (body.holder != 0 || body.destroyedAt != Instant{})) {
    return false;
  }
  if (millisOf(body.destroyedAt) > kMillisMax) return false;
  return afterDestruction(body.step) == (body.version != TreeVersion(0));
}

}  // namespace

bool originValid(std::string_view origin) {
  return !origin.empty() && origin.size() <= kOriginBytesMax &&
         std::all_of(origin.begin(), origin.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '+'; });
}

std::string_view nameOf(ReadOperation v) { return kReadOperationNames.at(raw(v) - 1U); }
std::string_view nameOf(ReadReason v) { return kReadReasonNames.at(raw(v)); }
std::string_view nameOf(ErasureStep v) { return kErasureStepNames.at(raw(v) - 1U); }
std::string_view nameOf(Ground v) { return kGroundNames.at(raw(v)); }

std::string_view nameOf(AccessAction v) { return kAccessActionNames.at(raw(v) - 1U); }

std::vector<std::string_view> roleNamesOf(std::uint8_t roles) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < kRoleNames.size(); ++i) {
    if ((roles >> i & 1) != 0) out.push_back(kRoleNames[i]);
  }
  return out;
}

std::optional<ReadReason> readReasonOf(std::string_view name) {
  for (std::size_t i = 1; i < kReadReasonNames.size(); ++i) {
    if (kReadReasonNames[i] == name) return static_cast<ReadReason>(i);
  }
  return std::nullopt;
}

std::optional<Ground> groundOf(std::string_view name) {
  for (std::size_t i = 1; i < kGroundNames.size(); ++i) {
    if (kGroundNames[i] == name) return static_cast<Ground>(i);
  }
  return std::nullopt;
}

Bytes encode(const GenesisBody& body) {
  LACUNA_ASSERT(originValid(body.origin), "an origin that cannot be a key's name");
  ByteWriter out;
  out.u8(kBodyVersion).raw(body.ledger.view());
  return out.bytes16(bytesOf(body.origin)).raw(body.key.view()).take();
}

Bytes encode(const RegisterBody& body) {
  LACUNA_ASSERT(body.version > 0, "versions of the register are counted from 1");
  return ByteWriter().u8(kBodyVersion).u64(body.version).take();
}

Bytes encode(const ConsultationBody& body) {
  ByteWriter out;
  out.u8(kBodyVersion).u32(body.officer).u8(raw(body.operation)).u8(raw(body.reason));
  return out.take();
}

Bytes encode(const ErasureBody& body) {
  LACUNA_ASSERT(stepFits(body), "a step carries a tree version once keys are dead");
  LACUNA_ASSERT(body.weakestAssurance <= kAssuranceMax, "an unknown assurance");
  ByteWriter out;
  out.u8(kBodyVersion).raw(body.erasure.view()).u8(raw(body.step)).u8(raw(body.ground));
  out.u64(body.version.raw()).u8(body.holdersDestroyed).u8(body.weakestAssurance).u32(body.parts);
  if (body.step == ErasureStep::received) out.raw(body.person.view());
  if (body.step == ErasureStep::destroyed) out.u8(body.holder).u64(millisOf(body.destroyedAt));
  return out.take();
}

Bytes encode(const AccessBody& body) {
  LACUNA_ASSERT(body.roles <= kRolesMax, "an unknown role");
  ByteWriter out;
  return out.u8(kBodyVersion).u8(raw(body.action)).u32(body.principal).u8(body.roles).take();
}

Bytes encode(const RestoreBody& body) {
  LACUNA_ASSERT(originValid(body.oldOrigin), "an origin that cannot be a key's name");
  ByteWriter out;
  out.u8(kBodyVersion).u64(body.kept.raw()).bytes16(bytesOf(body.oldOrigin));
  return out.raw(body.oldCheckpoint.view()).take();
}

Bytes encode(const SweepBody& body) {
  LACUNA_ASSERT(holds(body), "a sweep's record within its bounds");
  ByteWriter out;
  out.u8(kBodyVersion).u64(body.marked.raw()).u64(body.version.raw()).u8(body.few ? 1 : 0);
  out.u16(static_cast<std::uint16_t>(body.parts.size()));
  for (const SweepBody::Part& part : body.parts) out.u64(part.range).raw(part.document.view());
  return out.take();
}

Result<GenesisBody> decodeGenesis(ByteView bytes) {
  return decodeBody<GenesisBody>(bytes, [](ByteReader& in, GenesisBody& body) {
    body.ledger = in.digest<LedgerId>();
    if (!readOrigin(in, body.origin)) return false;
    body.key = in.digest<PublicKey>();
    return true;
  });
}

Result<RegisterBody> decodeRegister(ByteView bytes) {
  return decodeBody<RegisterBody>(bytes, [](ByteReader& in, RegisterBody& body) {
    body.version = in.u64();
    return body.version > 0;
  });
}

Result<ConsultationBody> decodeConsultation(ByteView bytes) {
  return decodeBody<ConsultationBody>(bytes, [](ByteReader& in, ConsultationBody& body) {
    body.officer = in.u32();
    return readEnum(in, body.operation, raw(ReadOperation::history), raw(ReadOperation::report)) &&
           readEnum(in, body.reason, raw(ReadReason::unstated), raw(ReadReason::other));
  });
}

Result<ErasureBody> decodeErasure(ByteView bytes) {
  return decodeBody<ErasureBody>(bytes, [](ByteReader& in, ErasureBody& body) {
    body.erasure = in.digest<ErasureId>();
    if (!readEnum(in, body.step, raw(ErasureStep::intent), raw(ErasureStep::forgotten)) ||
        !readEnum(in, body.ground, raw(Ground::unstated), raw(Ground::retentionEnd))) {
      return false;
    }
    body.version = TreeVersion(in.u64());
    body.holdersDestroyed = in.u8();
    body.weakestAssurance = in.u8();
    body.parts = in.u32();
    if (body.step == ErasureStep::received) body.person = in.digest<PersonCommitment>();
    if (body.step == ErasureStep::destroyed) {
      body.holder = in.u8();
      body.destroyedAt = instantOf(in.u64());
    }
    return body.weakestAssurance <= kAssuranceMax && stepFits(body);
  });
}

Result<AccessBody> decodeAccess(ByteView bytes) {
  return decodeBody<AccessBody>(bytes, [](ByteReader& in, AccessBody& body) {
    if (!readEnum(in, body.action, raw(AccessAction::grant), raw(AccessAction::keysRecovered))) {
      return false;
    }
    body.principal = in.u32();
    body.roles = in.u8();
    return body.roles <= kRolesMax;
  });
}

Result<RestoreBody> decodeRestore(ByteView bytes) {
  return decodeBody<RestoreBody>(bytes, [](ByteReader& in, RestoreBody& body) {
    body.kept = TreeSize(in.u64());
    if (!readOrigin(in, body.oldOrigin)) return false;
    body.oldCheckpoint = in.digest<NoteHash>();
    return true;
  });
}

Result<SweepBody> decodeSweep(ByteView bytes) {
  return decodeBody<SweepBody>(bytes, [](ByteReader& in, SweepBody& body) {
    body.marked = TreeSize(in.u64());
    body.version = TreeVersion(in.u64());
    const std::uint8_t few = in.u8();
    body.few = few == 1;
    const std::size_t count = in.u16();
    if (few > 1 || count > kSweepPartsMax) return false;
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
      const std::uint64_t range = in.u64();
      body.parts.push_back({range, in.digest<DocumentHash>()});
    }
    return in.ok() && holds(body);
  });
}

Outcome checkBody(Kind kind, ByteView body) {
  const auto outcome = [](const auto& decoded) -> Outcome {
    if (!decoded) return decoded.refusal();
    return Done{};
  };
  switch (kind) {
    case Kind::genesis:
      return outcome(decodeGenesis(body));
    case Kind::registerChange:
      return outcome(decodeRegister(body));
    case Kind::consultation:
      return outcome(decodeConsultation(body));
    case Kind::access:
      return outcome(decodeAccess(body));
    case Kind::restore:
      return outcome(decodeRestore(body));
    case Kind::sweep:
      return outcome(decodeSweep(body));
    case Kind::erasure:
      if (body.empty()) return Done{};
      return outcome(decodeErasure(body));
    default:
      if (body.empty()) return Done{};
      return malformed();
  }
}

}  // namespace lacuna
