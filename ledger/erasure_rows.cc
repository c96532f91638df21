#include "ledger/erasure_rows.h"

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

constexpr std::uint8_t kRowVersion = 1;  // on disk: never renumber
// The last millisecond that RFC 3339 can write (9999-12-31T23:59:59.999Z).
constexpr std::uint64_t kMillisMax = 253402300799999;

constexpr std::array<std::string_view, 11> kStateNames = {
    "",          "waiting", "destroying", "committed", "complete", "refused",
    "cancelled", "held",    "followed",   "closed",    "removed"};
constexpr std::array<std::string_view, 7> kTaskNames = {
    "", "queued", "sent", "acknowledged", "executed", "failed", "impossible"};

template <typename Enum>
std::uint8_t raw(Enum v) {
  return static_cast<std::uint8_t>(v);
}

Refusal unknownVersion(const char* what) {
  return {RefusalCode::unknownVersion, std::string(what) + " of an unknown version"};
}
Refusal tampered(const char* what) {
  return {RefusalCode::tampered, std::string(what) + " that this ledger did not write"};
}

bool timeFits(Instant t) { return t.time_since_epoch().count() >= 0 && millisOf(t) <= kMillisMax; }
bool nameFits(std::string_view name) { return !name.empty() && name.size() <= kNameBytesMax; }
bool textFits(std::string_view text) { return text.size() <= kRegisterTextBytesMax; }

std::string text16(ByteReader& in) { return std::string(textOf(in.bytes16())); }

void putTexts(ByteWriter& out, const std::vector<std::string>& texts) {
  out.u16(static_cast<std::uint16_t>(texts.size()));
  for (const std::string& text : texts) out.bytes16(bytesOf(text));
}
std::vector<std::string> texts(ByteReader& in) {
  std::vector<std::string> out;
  // ok(): a count beyond the bytes must not make memory.
  for (std::uint16_t left = in.u16(); left > 0 && in.ok(); --left) out.push_back(text16(in));
  return out;
}
bool classesFit(const std::vector<std::string>& classes) {
  return classes.size() <= kFenceClassesMax &&
         std::all_of(classes.begin(), classes.end(), nameFits);
}

template <typename Enum>
bool take(ByteReader& in, Enum& out, Enum first, Enum last) {
  const std::uint8_t value = in.u8();
  if (value < raw(first) || value > raw(last)) return false;
  out = static_cast<Enum>(value);
  return true;
}

bool holds(const CaseFile& f) {
  for (const Instant t :
       {f.receivedAt, f.approvedAt, f.notBefore, f.committedAt, f.completedAt, f.fenceUntil}) {
    if (!timeFits(t)) return false;
  }
  return classesFit(f.classes) && f.passing.raw() < kLeavesPerSlot &&
         f.contacts.raw() < kLeavesPerSlot;
}

bool holds(const PersonOutcome& outcome) {
  if (outcome.lots.size() > kLeavesPerSlot || outcome.tasks.size() > kTasksPerPersonMax)
    return false;
  for (const LotDecision& lot : outcome.lots) {
    if (!nameFits(lot.klass) || !textFits(lot.code) || !textFits(lot.law)) return false;
    if (lot.until && !timeFits(*lot.until)) return false;
  }
  return std::all_of(outcome.tasks.begin(), outcome.tasks.end(), [](const Task& task) {
    return nameFits(task.recipient.category) && task.recipient.slot.raw() < kSlotsMax &&
           timeFits(task.first) && timeFits(task.last) && timeFits(task.since) &&
           task.note.size() <= kReasonBytesMax;
  });
}

bool holds(const Hold& hold) {
  return hold.number > 0 && timeFits(hold.placedAt) && timeFits(hold.review) &&
         nameFits(hold.ground) && classesFit(hold.classes) &&
         hold.blocked.size() <= kBlockedPerHoldMax &&
         std::all_of(hold.blocked.begin(), hold.blocked.end(),
                     [](const Blocked& b) { return classesFit(b.classes); });
}

std::uint8_t flagsOf(const CaseFile& f) {
  return static_cast<std::uint8_t>((f.whole ? 1 : 0) | (f.batch ? 2 : 0) |
                                   (f.needsApproval ? 4 : 0) | (f.forgotten ? 8 : 0) |
                                   (f.contactsForgotten ? 16 : 0) | (f.heldRest ? 32 : 0) |
                                   (f.list ? 64 : 0) | (f.withdrawal ? 128 : 0));
}

}  // namespace

std::string_view nameOf(ErasureState state) { return kStateNames.at(raw(state)); }
std::string_view nameOf(TaskState state) { return kTaskNames.at(raw(state)); }
std::string_view nameOf(KeptWhy why) {
  constexpr std::array<std::string_view, 4> names = {"erased", "law", "hold", "with-person"};
  return names.at(raw(why));
}
std::string_view nameOf(PersonResult result) {
  constexpr std::array<std::string_view, 5> names = {"", "erased", "partly", "kept", "planned"};
  return names.at(raw(result));
}
std::optional<TaskState> taskStateOf(std::string_view name) {
  for (std::size_t i = 1; i < kTaskNames.size(); ++i) {
    if (kTaskNames[i] == name) return static_cast<TaskState>(i);
  }
  return std::nullopt;
}
bool settled(TaskState state) { return state >= TaskState::executed; }

bool Hold::covers(std::string_view klass) const {
  return classes.empty() || std::find(classes.begin(), classes.end(), klass) != classes.end();
}

Bytes encodeCaseFile(const CaseFile& f) {
  LACUNA_ASSERT(holds(f), "a case file within its bounds");
  ByteWriter out(256);
  out.u8(kRowVersion).raw(f.erasure.view()).u8(raw(f.ground)).u8(raw(f.state)).u8(flagsOf(f));
  out.u32(f.principal).u32(f.approver).u64(f.follows).u64(f.followedBy);
  for (const Instant t :
       {f.receivedAt, f.approvedAt, f.notBefore, f.committedAt, f.completedAt, f.fenceUntil}) {
    out.u64(millisOf(t));
  }
  for (const Seq seq : {f.received, f.intent, f.committed, f.complete}) out.u64(seq.raw());
  out.u64(f.version.raw()).u32(f.parts).u32(f.persons).u16(f.passing.raw()).u16(f.contacts.raw());
  out.raw(f.salt.view());
  putTexts(out, f.classes);
  return out.take();
}

Result<CaseFile> decodeCaseFile(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kRowVersion && in.ok()) return unknownVersion("a case file");
  CaseFile f;
  f.erasure = in.digest<ErasureId>();
  if (!take(in, f.ground, Ground::unstated, Ground::retentionEnd) ||
      !take(in, f.state, ErasureState::waiting, ErasureState::removed)) {
    return tampered("a case file");
  }
  const std::uint8_t flags = in.u8();
  f.whole = (flags & 1) != 0, f.batch = (flags & 2) != 0, f.needsApproval = (flags & 4) != 0;
  f.forgotten = (flags & 8) != 0, f.contactsForgotten = (flags & 16) != 0;
  f.heldRest = (flags & 32) != 0, f.list = (flags & 64) != 0;
  f.withdrawal = (flags & 128) != 0;
  f.principal = in.u32(), f.approver = in.u32();
  f.follows = in.u64(), f.followedBy = in.u64();
  for (Instant* t : {&f.receivedAt, &f.approvedAt, &f.notBefore, &f.committedAt, &f.completedAt,
                     &f.fenceUntil}) {
    *t = instantOf(in.u64());
  }
  for (Seq* seq : {&f.received, &f.intent, &f.committed, &f.complete}) *seq = Seq(in.u64());
  f.version = TreeVersion(in.u64());
  f.parts = in.u32(), f.persons = in.u32();
  f.passing = LeafNo(in.u16()), f.contacts = LeafNo(in.u16());
  f.salt = in.digest<PersonSalt>();
  f.classes = texts(in);
  if (!in.done() || !holds(f)) return tampered("a case file");
  return f;
}

Bytes encodeOutcome(const PersonOutcome& outcome) {
  LACUNA_ASSERT(holds(outcome), "what became of a person, within its bounds");
  ByteWriter out(64 + outcome.lots.size() * 48 + outcome.tasks.size() * 64);
  out.u8(kRowVersion).u8(raw(outcome.result));
  out.u16(static_cast<std::uint16_t>(outcome.lots.size()));
  for (const LotDecision& lot : outcome.lots) {
    out.bytes16(bytesOf(lot.klass)).u32(static_cast<std::uint32_t>(lot.period)).u64(lot.events);
    out.u8(raw(lot.why)).bytes16(bytesOf(lot.code)).bytes16(bytesOf(lot.law));
    out.u8(lot.until ? 1 : 0).u64(lot.until ? millisOf(*lot.until) : 0).u64(lot.hold);
  }
  out.u16(static_cast<std::uint16_t>(outcome.tasks.size()));
  for (const Task& task : outcome.tasks) {
    out.bytes16(bytesOf(task.recipient.category)).u64(task.recipient.slot.raw());
    out.u8(raw(task.state)).u64(millisOf(task.first)).u64(millisOf(task.last));
    out.u64(millisOf(task.since)).u32(task.principal).bytes16(bytesOf(task.note));
  }
  return out.take();
}

Result<PersonOutcome> decodeOutcome(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kRowVersion && in.ok()) return unknownVersion("an outcome row");
  PersonOutcome outcome;
  bool fits = take(in, outcome.result, PersonResult::erased, PersonResult::planned);
  for (std::uint16_t left = in.u16(); left > 0 && in.ok() && fits; --left) {
    LotDecision lot;
    lot.klass = text16(in);
    lot.period = static_cast<std::int32_t>(in.u32());
    lot.events = in.u64();
    fits = take(in, lot.why, KeptWhy::none, KeptWhy::withPerson);
    lot.code = text16(in);
    lot.law = text16(in);
    const std::uint8_t ends = in.u8();
    const std::uint64_t until = in.u64();
    fits = fits && ends <= 1 && (ends == 1 || until == 0);
    if (ends == 1) lot.until = instantOf(until);
    lot.hold = in.u64();
    outcome.lots.push_back(std::move(lot));
  }
  for (std::uint16_t left = in.u16(); left > 0 && in.ok() && fits; --left) {
    Task task;
    task.recipient.category = text16(in);
    task.recipient.slot = Slot(in.u64());
    fits = take(in, task.state, TaskState::queued, TaskState::impossible);
    for (Instant* t : {&task.first, &task.last, &task.since}) *t = instantOf(in.u64());
    task.principal = in.u32();
    task.note = text16(in);
    outcome.tasks.push_back(std::move(task));
  }
  if (!fits || !in.done() || !holds(outcome)) return tampered("an outcome row");
  return outcome;
}

Bytes encodeContacts(const Contacts& contacts) {
  LACUNA_ASSERT(contacts.aliases.size() <= kAliasesPerPersonMax, "one person's aliases");
  ByteWriter out;
  out.u8(kRowVersion);
  putTexts(out, contacts.aliases);
  return out.take();
}

Result<Contacts> decodeContacts(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kRowVersion && in.ok()) return unknownVersion("a contacts row");
  Contacts contacts{texts(in)};
  const bool fits = std::all_of(
      contacts.aliases.begin(), contacts.aliases.end(),
      [](const std::string& alias) { return !alias.empty() && alias.size() <= kAliasBytesMax; });
  if (!in.done() || !fits || contacts.aliases.size() > kAliasesPerPersonMax)
    return tampered("a contacts row");
  return contacts;
}

Bytes encodeOrdered(const OrderedPersons& persons) {
  LACUNA_ASSERT(!persons.slots.empty() && persons.slots.size() <= kEraseTargetsPerRow,
                "one row of persons");
  ByteWriter out(5 + persons.slots.size() * 8);
  out.u8(kRowVersion).u32(static_cast<std::uint32_t>(persons.slots.size()));
  for (const Slot slot : persons.slots) out.u64(slot.raw());
  return out.take();
}

Result<OrderedPersons> decodeOrdered(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kRowVersion && in.ok()) return unknownVersion("an order row");
  OrderedPersons persons;
  const std::uint32_t count = in.u32();
  if (!in.ok() || count == 0 || count > kEraseTargetsPerRow) return tampered("an order row");
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    persons.slots.emplace_back(in.u64());
    if (persons.slots.back().raw() >= kSlotsMax) return tampered("an order row");
  }
  if (!in.done()) return tampered("an order row");
  return persons;
}

Bytes encodeHold(const Hold& hold) {
  LACUNA_ASSERT(holds(hold), "a hold within its bounds");
  ByteWriter out;
  out.u8(kRowVersion).u64(hold.number).u64(millisOf(hold.placedAt)).u64(millisOf(hold.review));
  out.u32(hold.principal).bytes16(bytesOf(hold.ground));
  putTexts(out, hold.classes);
  out.u16(static_cast<std::uint16_t>(hold.blocked.size()));
  for (const Blocked& blocked : hold.blocked) {
    out.u64(blocked.caseNumber).u8(raw(blocked.ground)).u32(blocked.principal);
    putTexts(out, blocked.classes);
  }
  return out.take();
}

Result<Hold> decodeHold(ByteView bytes) {
  ByteReader in(bytes);
  if (in.u8() != kRowVersion && in.ok()) return unknownVersion("a hold");
  Hold hold;
  hold.number = in.u64();
  hold.placedAt = instantOf(in.u64());
  hold.review = instantOf(in.u64());
  hold.principal = in.u32();
  hold.ground = text16(in);
  hold.classes = texts(in);
  bool fits = true;
  for (std::uint16_t left = in.u16(); left > 0 && in.ok() && fits; --left) {
    Blocked blocked;
    blocked.caseNumber = in.u64();
    fits = take(in, blocked.ground, Ground::unstated, Ground::retentionEnd);
    blocked.principal = in.u32();
    blocked.classes = texts(in);
    hold.blocked.push_back(std::move(blocked));
  }
  if (!fits || !in.done() || !holds(hold)) return tampered("a hold");
  return hold;
}

Bytes caseFileRowKey(Slot caseSlot) { return ByteWriter().u8('E').u64(caseSlot.raw()).take(); }
Bytes outcomeRowKey(Slot caseSlot, std::uint32_t person) {
  return ByteWriter().u8('W').u64(caseSlot.raw()).u32(person).take();
}
Bytes contactsRowKey(Slot caseSlot, std::uint32_t person) {
  return ByteWriter().u8('C').u64(caseSlot.raw()).u32(person).take();
}
Bytes requestRowKey(Slot caseSlot, std::uint32_t number) {
  return ByteWriter().u8('Q').u64(caseSlot.raw()).u32(number).take();
}
Bytes orderedRowKey(Slot caseSlot, std::uint32_t part) {
  return ByteWriter().u8('O').u64(caseSlot.raw()).u32(part).take();
}
Bytes holdRowKey(Slot slot, std::uint64_t number) {
  return ByteWriter().u8('H').u64(slot.raw()).u64(number).take();
}

RowChange treeRow(TreeVersion version) {
  const ByteArray<8> value = key64(version.raw());
  return {Table::meta, Bytes(kTreeRow.begin(), kTreeRow.end()), Bytes(value.begin(), value.end())};
}

}  // namespace lacuna
