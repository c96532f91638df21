// Events as Cap'n Proto: on the wire, and sealed in an envelope. The one place that catches kj::Exception.
#include "ledger/base/limits.h"
#include "ledger/record/event_fields.h"
#include "ledger/record/event_wire.h"

#include <capnp/message.h>
#include <capnp/serialize-packed.h>
#include <kj/io.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace lacuna {
namespace {

using F = EventField;
using Arm = schema::Event::Which;

// The enumerations on the wire carry our numbers.
template <typename Wire, typename Own>
constexpr bool sameNumber(Wire wire, Own own) {
  return static_cast<unsigned>(wire) == static_cast<unsigned>(own);
}
static_assert(sameNumber(schema::Kind::GENESIS, Kind::genesis));
static_assert(sameNumber(schema::Kind::REQUEST, Kind::request));
static_assert(sameNumber(schema::Kind::REGISTER, Kind::registerChange));
static_assert(sameNumber(schema::Kind::SWEEP, Kind::sweep));
static_assert(sameNumber(schema::Operation::COLLECT, Operation::collect));
static_assert(sameNumber(schema::Operation::DELETE, Operation::erase));
static_assert(sameNumber(schema::SharingHow::SENT, SharingHow::sent));
static_assert(sameNumber(schema::SharingHow::COMPELLED, SharingHow::compelled));
static_assert(sameNumber(schema::ConsentState::GIVEN, ConsentState::given));
static_assert(sameNumber(schema::ConsentState::INVALIDATED, ConsentState::invalidated));
static_assert(sameNumber(schema::ConsentForm::EXPLICIT, ConsentForm::isExplicit));
static_assert(sameNumber(schema::ConsentForm::BUNDLED, ConsentForm::bundled));
static_assert(sameNumber(schema::Right::ACCESS, Right::access));
static_assert(sameNumber(schema::Right::NOT_AUTOMATED, Right::notAutomated));

constexpr std::size_t kWordBytes = sizeof(capnp::word);
constexpr std::size_t kSmallWords = 256;    // most events; larger ones use the heap
constexpr std::size_t kFixedWords = 80;     // structs, pointers and list tags of a StoredEvent
constexpr std::size_t kPackedPerWord = 10;  // a tag, eight bytes and a run length: the worst case
constexpr int kNestingMax = 8;

// ---- writing

capnp::Text::Reader wireText(const std::string& text) { return {text.c_str(), text.size()}; }

template <typename ListBuilder>
void putTexts(ListBuilder out, const std::vector<std::string>& list) {
  for (unsigned i = 0; i < list.size(); ++i) out.set(i, wireText(list[i]));
}

std::uint64_t wireTime(const std::optional<Instant>& t) { return t ? millisOf(*t) : 0; }

void putSharing(const Event& event, schema::Event::Sharing::Builder out) {
  if (!event.recipient.empty()) out.setRecipient(wireText(event.recipient));
  if (!event.safeguard.empty()) out.setSafeguard(wireText(event.safeguard));
  if (!event.agreement.empty()) out.setAgreement(wireText(event.agreement));
  out.setHow(static_cast<schema::SharingHow>(event.how));
  out.setWithholdUntilMs(wireTime(event.withholdUntil));
}

void putConsent(const Event& event, schema::Event::Consent::Builder out) {
  out.setState(static_cast<schema::ConsentState>(event.consentState));
  out.setForm(static_cast<schema::ConsentForm>(event.form));
  if (!event.wording.empty()) out.setWording(wireText(event.wording));
  if (!event.channel.empty()) out.setChannel(wireText(event.channel));
  out.setValidUntilMs(wireTime(event.validUntil));
}

void putRequest(const Event& event, schema::Event::Request::Builder out) {
  out.setRight(static_cast<schema::Right>(event.right));
  if (!event.requestState.empty()) out.setState(wireText(event.requestState));
  out.setReceivedMs(wireTime(event.received));
  if (!event.channel.empty()) out.setChannel(wireText(event.channel));
}

void putAgreement(const Event& event, schema::Event::Agreement::Builder out) {
  if (!event.recipient.empty()) out.setRecipient(wireText(event.recipient));
  if (!event.agreement.empty()) out.setAgreement(wireText(event.agreement));
  out.setValidUntilMs(wireTime(event.validUntil));
}

void putArm(const Event& event, schema::Event::Builder out) {
  switch (event.kind) {
    case Kind::processing:
      return out.initProcessing().setOperation(static_cast<schema::Operation>(event.operation));
    case Kind::sharing:
      return putSharing(event, out.initSharing());
    case Kind::consent:
      return putConsent(event, out.initConsent());
    case Kind::request:
      return putRequest(event, out.initRequest());
    case Kind::agreement:
      return putAgreement(event, out.initAgreement());
    case Kind::complaint:
      if (!event.channel.empty()) out.initComplaint().setChannel(wireText(event.channel));
      return;
    case Kind::restriction:
    case Kind::hold:
      if (event.validUntil) out.initTerm().setValidUntilMs(wireTime(event.validUntil));
      return;
    default:
      return;
  }
}

void putEvent(const Event& event, schema::Event::Builder out) {
  out.setKind(static_cast<schema::Kind>(event.kind));
  if (!event.id.empty()) out.setId(wireText(event.id));
  if (!event.person.empty()) {
    putTexts(out.initPerson(static_cast<unsigned>(event.person.size())), event.person);
  }
  out.setAtMs(wireTime(event.at));
  if (!event.system.empty()) out.setSystem(wireText(event.system));
  if (!event.actor.empty()) out.setActor(wireText(event.actor));
  if (!event.klass.empty()) out.setKlass(wireText(event.klass));
  if (!event.purpose.empty()) out.setPurpose(wireText(event.purpose));
  if (!event.basis.empty()) out.setBasis(wireText(event.basis));
  if (!event.categories.empty()) {
    putTexts(out.initCategories(static_cast<unsigned>(event.categories.size())), event.categories);
  }
  if (!event.source.empty()) out.setSource(wireText(event.source));
  if (!event.via.empty()) out.setVia(wireText(event.via));
  if (!event.notice.empty()) out.setNotice(wireText(event.notice));
  if (!event.caseRef.empty()) out.setCaseRef(wireText(event.caseRef));
  if (!event.group.empty()) out.setGroup(wireText(event.group));
  out.setCorrects(event.corrects.value_or(0));
  out.setAdmit(event.admit);
  out.setImported(event.imported);
  if (!event.data.empty()) out.setData(wireText(event.data));
  putArm(event, out);
}

// ---- reading

// Where an event comes from decides its bounds: a stranger is told by field what is too large, an
// envelope is only bounded, because what it holds was admitted under the rules of its day.
enum class Origin : bool { outside, envelope };

class Intake {
 public:
  explicit Intake(Origin origin) : origin_(origin) {}

  const std::optional<Refusal>& refusal() const { return refusal_; }
  void refuse(RefusalCode code, std::string message) {
    if (!refusal_) refusal_ = Refusal{code, std::move(message)};
  }

  void text(capnp::Text::Reader in, F field, std::string& out) {
    const std::size_t max = field == F::data || origin_ == Origin::envelope
                                ? kEventBytesMax
                                : bytesMaxOf(specOf(field).rule);
    if (in.size() > max) return tooLarge(field, max);
    out.assign(in.begin(), in.size());
  }

  void list(capnp::List<capnp::Text>::Reader in, F field, std::vector<std::string>& out) {
    const FieldSpec& spec = specOf(field);
    if (in.size() > spec.itemsMax) {
      return refuse(RefusalCode::tooMany, "`" + std::string(spec.name) + "` holds more than " +
                                              std::to_string(spec.itemsMax) + " entries");
    }
    out.resize(in.size());
    for (unsigned i = 0; i < in.size(); ++i) text(in[i], field, out[i]);
  }

  void time(std::uint64_t millis, F field, std::optional<Instant>& out) {
    constexpr std::uint64_t kMillisMax = 253402300799999;  // the end of the year 9999
    if (millis == 0) return;
    if (millis > kMillisMax) {
      return refuse(RefusalCode::invalidValue,
                    "`" + std::string(specOf(field).name) + "` lies after the year 9999");
    }
    out = instantOf(millis);
  }

  template <typename Wire>
  void choice(Wire in, F field, Event& event) {
    const auto number = static_cast<std::uint16_t>(in);
    const FieldSpec& spec = specOf(field);
    if (number > spec.choices.size()) {
      return refuse(RefusalCode::invalidValue,
                    "`" + std::string(spec.name) + "` is a number outside its list");
    }
    setChoice(event, field, static_cast<std::uint8_t>(number));
  }

 private:
  void tooLarge(F field, std::size_t max) {
    refuse(RefusalCode::tooLarge, "`" + std::string(specOf(field).name) + "` is longer than " +
                                      std::to_string(max) + " bytes");
  }

  Origin origin_;
  std::optional<Refusal> refusal_;
};

// The arm that a kind has beside `general`.
Arm armOf(Kind kind) {
  switch (kind) {
    case Kind::processing:
      return Arm::PROCESSING;
    case Kind::sharing:
      return Arm::SHARING;
    case Kind::consent:
      return Arm::CONSENT;
    case Kind::request:
      return Arm::REQUEST;
    case Kind::agreement:
      return Arm::AGREEMENT;
    case Kind::complaint:
      return Arm::COMPLAINT;
    case Kind::restriction:
    case Kind::hold:
      return Arm::TERM;
    default:
      return Arm::GENERAL;
  }
}

void takeSharing(schema::Event::Sharing::Reader in, Event& out, Intake& intake) {
  if (in.hasRecipient()) intake.text(in.getRecipient(), F::recipient, out.recipient);
  if (in.hasSafeguard()) intake.text(in.getSafeguard(), F::safeguard, out.safeguard);
  if (in.hasAgreement()) intake.text(in.getAgreement(), F::agreement, out.agreement);
  intake.choice(in.getHow(), F::how, out);
  intake.time(in.getWithholdUntilMs(), F::withholdUntil, out.withholdUntil);
}

void takeConsent(schema::Event::Consent::Reader in, Event& out, Intake& intake) {
  intake.choice(in.getState(), F::consentState, out);
  intake.choice(in.getForm(), F::form, out);
  if (in.hasWording()) intake.text(in.getWording(), F::wording, out.wording);
  if (in.hasChannel()) intake.text(in.getChannel(), F::channel, out.channel);
  intake.time(in.getValidUntilMs(), F::validUntil, out.validUntil);
}

void takeRequest(schema::Event::Request::Reader in, Event& out, Intake& intake) {
  intake.choice(in.getRight(), F::right, out);
  if (in.hasState()) intake.text(in.getState(), F::requestState, out.requestState);
  intake.time(in.getReceivedMs(), F::received, out.received);
  if (in.hasChannel()) intake.text(in.getChannel(), F::channel, out.channel);
}

void takeAgreement(schema::Event::Agreement::Reader in, Event& out, Intake& intake) {
  if (in.hasRecipient()) intake.text(in.getRecipient(), F::recipient, out.recipient);
  if (in.hasAgreement()) intake.text(in.getAgreement(), F::agreement, out.agreement);
  intake.time(in.getValidUntilMs(), F::validUntil, out.validUntil);
}

void takeArm(schema::Event::Reader in, Event& out, Intake& intake) {
  if (in.which() == Arm::GENERAL) return;
  if (in.which() != armOf(out.kind)) {
    return intake.refuse(RefusalCode::fieldNotAllowed,
                         "the fields of another kind are not fields of " +
                             std::string(nameOf(out.kind)) + " events");
  }
  switch (in.which()) {
    case Arm::PROCESSING:
      return intake.choice(in.getProcessing().getOperation(), F::operation, out);
    case Arm::SHARING:
      return takeSharing(in.getSharing(), out, intake);
    case Arm::CONSENT:
      return takeConsent(in.getConsent(), out, intake);
    case Arm::REQUEST:
      return takeRequest(in.getRequest(), out, intake);
    case Arm::AGREEMENT:
      return takeAgreement(in.getAgreement(), out, intake);
    case Arm::COMPLAINT:
      if (in.getComplaint().hasChannel()) {
        intake.text(in.getComplaint().getChannel(), F::channel, out.channel);
      }
      return;
    case Arm::TERM:
      return intake.time(in.getTerm().getValidUntilMs(), F::validUntil, out.validUntil);
    case Arm::GENERAL:
      return;
  }
}

void takeEvent(schema::Event::Reader in, Event& out, Intake& intake) {
  const auto kind = static_cast<std::uint16_t>(in.getKind());
  if (kind > static_cast<std::uint16_t>(Kind::sweep)) {
    return intake.refuse(RefusalCode::unknownKind, "`kind` is a number outside its list");
  }
  out.kind = static_cast<Kind>(kind);
  if (in.hasId()) intake.text(in.getId(), F::id, out.id);
  if (in.hasPerson()) intake.list(in.getPerson(), F::person, out.person);
  intake.time(in.getAtMs(), F::at, out.at);
  if (in.hasSystem()) intake.text(in.getSystem(), F::system, out.system);
  if (in.hasActor()) intake.text(in.getActor(), F::actor, out.actor);
  if (in.hasKlass()) intake.text(in.getKlass(), F::klass, out.klass);
  if (in.hasPurpose()) intake.text(in.getPurpose(), F::purpose, out.purpose);
  if (in.hasBasis()) intake.text(in.getBasis(), F::basis, out.basis);
  if (in.hasCategories()) intake.list(in.getCategories(), F::categories, out.categories);
  if (in.hasSource()) intake.text(in.getSource(), F::source, out.source);
  if (in.hasVia()) intake.text(in.getVia(), F::via, out.via);
  if (in.hasNotice()) intake.text(in.getNotice(), F::notice, out.notice);
  if (in.hasCaseRef()) intake.text(in.getCaseRef(), F::caseRef, out.caseRef);
  if (in.hasGroup()) intake.text(in.getGroup(), F::group, out.group);
  if (in.getCorrects() != 0) out.corrects = in.getCorrects();
  out.admit = in.getAdmit();
  out.imported = in.getImported();
  if (in.hasData()) intake.text(in.getData(), F::data, out.data);
  takeArm(in, out, intake);
}

Result<Event> eventFromWire(schema::Event::Reader in) {
  if (in.getKind() == schema::Kind::GENESIS) {
    return Refusal{RefusalCode::missingField, "`kind` is missing"};
  }
  Result<Event> result(Event{});
  Event& event = *result;
  Intake intake(Origin::outside);
  takeEvent(in, event, intake);
  if (intake.refusal()) return *intake.refusal();
  if (const Outcome ok = checkShapeButData(event); !ok) return ok.refusal();
  if (!event.data.empty()) {
    Result<std::string> compact = compactObject(event.data);
    if (!compact) return compact.refusal();
    event.data = std::move(*compact);
  }
  return result;
}

// ---- the sealed form

Refusal tampered(std::string_view why) {
  return {RefusalCode::tampered, "a sealed event " + std::string(why)};
}

constexpr std::size_t textWords(std::size_t bytes) { return bytes / kWordBytes + 1; }

std::size_t listWords(const std::vector<std::string>& list) {
  std::size_t words = list.size();
  for (const std::string& item : list) words += textWords(item.size());
  return words;
}

// At least the words that the message takes.
std::size_t wordsOf(const StoredEvent& stored) {
  std::size_t words = kFixedWords + listWords(stored.details) + stored.aliases.size() / 4 +
                      stored.otherPersons.size();
  for (const FieldSpec& spec : eventFields()) {
    if (spec.text != nullptr) words += textWords((stored.event.*spec.text).size());
    if (spec.list != nullptr) words += listWords(stored.event.*spec.list);
  }
  for (const auto* ref : {&stored.recipient, &stored.source, &stored.via, &stored.actor}) {
    if (*ref) words += textWords((*ref)->category.size());
  }
  for (const auto* text : {&stored.systemId, &stored.reason, &stored.operationText}) {
    words += textWords(text->size());
  }
  return words;
}

void putRef(const InstanceRef& ref, schema::InstanceRef::Builder out) {
  out.setCategory(wireText(ref.category));
  out.setSlot(ref.slot.raw());
}

void putStored(const StoredEvent& stored, schema::StoredEvent::Builder out) {
  putEvent(stored.event, out.initEvent());
  if (!stored.aliases.empty()) {
    auto list = out.initAliases(static_cast<unsigned>(stored.aliases.size()));
    for (unsigned i = 0; i < list.size(); ++i) list.set(i, stored.aliases[i].raw());
  }
  if (!stored.otherPersons.empty()) {
    auto list = out.initOtherPersons(static_cast<unsigned>(stored.otherPersons.size()));
    for (unsigned i = 0; i < list.size(); ++i) list.set(i, stored.otherPersons[i].raw());
  }
  if (stored.recipient) putRef(*stored.recipient, out.initRecipient());
  if (stored.source) putRef(*stored.source, out.initSource());
  if (stored.via) putRef(*stored.via, out.initVia());
  if (stored.actor) putRef(*stored.actor, out.initActor());
  out.setRegisterVersion(stored.registerVersion);
  out.setPrincipal(stored.principal);
  if (!stored.systemId.empty()) out.setSystemId(wireText(stored.systemId));
  if (!stored.reason.empty()) out.setReason(wireText(stored.reason));
  if (!stored.operationText.empty()) out.setOperationText(wireText(stored.operationText));
  if (!stored.details.empty()) {
    putTexts(out.initDetails(static_cast<unsigned>(stored.details.size())), stored.details);
  }
}

// Bounded as decodeStored() will want it.
bool bounded(const StoredEvent& stored, std::size_t words) {
  return words * kWordBytes <= kStoredBytesMax && stored.aliases.size() <= kStoredListMax &&
         stored.otherPersons.size() <= kStoredListMax && stored.details.size() <= kStoredListMax;
}

// Which bytes of a word are not zero, lowest first.
unsigned nonZero(std::uint64_t word) {
  constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
  const std::uint64_t high = (((word & kLow) + kLow) | word) & ~kLow;
  return static_cast<unsigned>((high * 0x0002040810204081) >> 56);
}

// Cap'n Proto's packing (its specification of the encoding, "Packing"), a word at a time: the library
// goes byte by byte, and every event passes here. A run never passes the end of `words`.
kj::byte* pack(kj::ArrayPtr<const capnp::word> words, kj::byte* out) {
  constexpr std::ptrdiff_t kRunMax = 255;
  static_assert(std::endian::native == std::endian::little);
  const auto load = [](const capnp::word* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
  };
  for (const capnp::word* in = words.begin(); in != words.end();) {
    const std::uint64_t word = load(in++);
    const unsigned tag = nonZero(word);
    const capnp::word* const limit = in + std::min(words.end() - in, kRunMax);
    const capnp::word* const run = in;
    *out++ = static_cast<kj::byte>(tag);
    if (tag == 0) {
      while (in != limit && load(in) == 0) ++in;
      *out++ = static_cast<kj::byte>(in - run);
    } else if (tag == 0xff) {
      // Followed by words that packing would not shorten: those with one zero byte at most.
      while (in != limit && std::popcount(nonZero(load(in))) >= 7) ++in;
      std::memcpy(out, run - 1, kWordBytes);
      out += kWordBytes;
      *out++ = static_cast<kj::byte>(in - run);
      const auto bytes = static_cast<std::size_t>(in - run) * kWordBytes;
      if (bytes != 0) std::memcpy(out, run, bytes);
      out += bytes;
    } else {
      for (unsigned left = tag; left != 0; left &= left - 1) {
        *out++ = static_cast<kj::byte>(word >> (8 * std::countr_zero(left)));
      }
    }
  }
  return out;
}

// Packs a message built in `first`, which is zero and large enough.
Bytes packed(const StoredEvent& stored, kj::ArrayPtr<capnp::word> first,
             kj::ArrayPtr<kj::byte> buffer) {
  capnp::MallocMessageBuilder message(first, capnp::AllocationStrategy::FIXED_SIZE);
  putStored(stored, message.initRoot<schema::StoredEvent>());
  const auto segments = message.getSegmentsForOutput();
  LACUNA_ASSERT(segments.size() == 1, "a sealed event of two segments");
  // The segment table: their number less one, and the size of the first; both 32 bits, low end first.
  const std::uint64_t head = std::uint64_t{segments[0].size()} << 32;
  capnp::word table;
  std::memcpy(static_cast<void*>(&table), &head, sizeof table);
  kj::byte* const end = pack(segments[0], pack(kj::arrayPtr(&table, 1), buffer.begin()));
  LACUNA_ASSERT(end <= buffer.end(), "a sealed event larger than the worst case");
  return Bytes(buffer.begin(), end);
}

void takeRef(schema::InstanceRef::Reader in, std::optional<InstanceRef>& out, Intake& intake) {
  out.emplace();
  intake.text(in.getCategory(), F::recipient, out->category);
  out->slot = Slot(in.getSlot());
}

template <typename List>
bool longList(const List& list, Intake& intake) {
  if (list.size() <= kStoredListMax) return false;
  intake.refuse(RefusalCode::tooMany, "a list");
  return true;
}

void takeStored(schema::StoredEvent::Reader in, StoredEvent& out, Intake& intake) {
  takeEvent(in.getEvent(), out.event, intake);
  if (const auto list = in.getAliases(); !longList(list, intake)) {
    for (const std::uint16_t leaf : list) out.aliases.emplace_back(leaf);
  }
  if (const auto list = in.getOtherPersons(); !longList(list, intake)) {
    for (const std::uint64_t slot : list) out.otherPersons.emplace_back(slot);
  }
  if (in.hasRecipient()) takeRef(in.getRecipient(), out.recipient, intake);
  if (in.hasSource()) takeRef(in.getSource(), out.source, intake);
  if (in.hasVia()) takeRef(in.getVia(), out.via, intake);
  if (in.hasActor()) takeRef(in.getActor(), out.actor, intake);
  out.registerVersion = in.getRegisterVersion();
  out.principal = in.getPrincipal();
  if (in.hasSystemId()) intake.text(in.getSystemId(), F::system, out.systemId);
  if (in.hasReason()) intake.text(in.getReason(), F::data, out.reason);
  if (in.hasOperationText()) intake.text(in.getOperationText(), F::data, out.operationText);
  if (const auto list = in.getDetails(); !longList(list, intake)) {
    out.details.resize(list.size());
    for (unsigned i = 0; i < list.size(); ++i) intake.text(list[i], F::data, out.details[i]);
  }
}

Result<StoredEvent> storedFrom(ByteView bytes) {
  // The first word is the segment table, and its low half is zero for one segment: so are the low four
  // bits of the first packing tag. Asked here because a reader of several segments may throw when it is
  // destroyed.
  if (bytes.empty() || (bytes[0] & 0x0f) != 0) return tampered("is not one segment");
  kj::ArrayInputStream in(kj::arrayPtr(bytes.data(), bytes.size()));
  // Twice the message: reading every part once stays far below, reading one part over and over does not.
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 2 * kStoredBytesMax / kWordBytes;
  options.nestingLimit = kNestingMax;
  std::array<capnp::word, kSmallWords> scratch;
  capnp::PackedMessageReader message(in, options, kj::arrayPtr(scratch.data(), scratch.size()));
  if (in.tryGetReadBuffer().size() != 0) return tampered("is followed by other bytes");
  Result<StoredEvent> result(StoredEvent{});
  StoredEvent& stored = *result;
  Intake intake(Origin::envelope);
  takeStored(message.getRoot<schema::StoredEvent>(), stored, intake);
  if (intake.refusal()) return tampered("is not bounded as it must be");
  // `data` is shown as it stands, so it must be JSON whoever wrote the envelope.
  if (!stored.event.data.empty() && !compactObject(stored.event.data)) {
    return tampered("holds data that are not JSON");
  }
  return result;
}

}  // namespace

void toWire(const Event& event, schema::Event::Builder out) {
  LACUNA_ASSERT((fieldsGiven(event) & ~fieldsAllowed(event.kind)) == 0, "a field of another kind");
  putEvent(event, out);
}

Result<Event> fromWire(schema::Event::Reader in) {
  try {
    return eventFromWire(in);
  } catch (const kj::Exception&) {
    return Refusal{RefusalCode::invalidValue, "the event is not well-formed Cap'n Proto"};
  }
}

Bytes encodeStored(const StoredEvent& stored) {
  LACUNA_ASSERT((fieldsGiven(stored.event) & ~fieldsAllowed(stored.event.kind)) == 0,
                "a field of another kind");
  const std::size_t words = wordsOf(stored);
  LACUNA_ASSERT(bounded(stored, words), "an event over the bounds of an envelope");
  if (words <= kSmallWords) {
    std::array<capnp::word, kSmallWords> first;
    std::array<kj::byte, (kSmallWords + 1) * kPackedPerWord> buffer;
    std::memset(static_cast<void*>(first.data()), 0, words * kWordBytes);
    return packed(stored, kj::arrayPtr(first.data(), words),
                  kj::arrayPtr(buffer.data(), buffer.size()));
  }
  auto first = kj::heapArray<capnp::word>(words);
  auto buffer = kj::heapArray<kj::byte>((words + 1) * kPackedPerWord);
  std::memset(static_cast<void*>(first.begin()), 0, words * kWordBytes);
  return packed(stored, first, buffer);
}

Result<StoredEvent> decodeStored(ByteView bytes) {
  try {
    return storedFrom(bytes);
  } catch (const kj::Exception&) {
    return tampered("does not follow the format");
  }
}

}  // namespace lacuna
