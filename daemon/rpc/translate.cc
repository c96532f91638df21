#include "daemon/rpc/translate.h"

#include "daemon/server/inbox.h"
#include "ledger/base/limits.h"
#include "ledger/record/event_fields.h"

#include <cstring>
#include <utility>

namespace lacuna {
namespace {

bool hasControls(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

// Reads texts one after the other and keeps the first refusal, so that a request is read in one go.
class TextReader {
 public:
  std::string operator()(capnp::Text::Reader text, std::string_view name, std::size_t bytesMax) {
    auto read = textOf(text, name, bytesMax);
    if (read) return std::move(*read);
    if (!refused) refused = read.refusal();
    return {};
  }
  std::optional<Refusal> refused;
};

kj::Exception shown(kj::Exception::Type type, std::string_view sentence) {
  return kj::Exception(type, kFaultSentence, 0, kj::heapString(sentence.data(), sentence.size()));
}

constexpr std::size_t kTimeBytesMax = 64;

}  // namespace

Result<std::string> textOf(capnp::Text::Reader text, std::string_view name, std::size_t bytesMax) {
  std::string out(text.begin(), text.size());
  if (out.size() > bytesMax) {
    return Refusal{RefusalCode::tooLarge, "The text of \"" + std::string(name) +
                                              "\" is longer than " + std::to_string(bytesMax) +
                                              " bytes."};
  }
  if (hasControls(out) || !validUtf8(out)) {
    return Refusal{RefusalCode::invalidValue, "The text of \"" + std::string(name) +
                                                  "\" is not UTF-8 without control characters."};
  }
  return out;
}

Result<ReadRequest> readRequestOf(wire::ReadRequest::Reader wire) {
  TextReader read;
  ReadRequest out;
  out.person = read(wire.getPerson(), "person", kAliasBytesMax);
  out.reason = read(wire.getReason(), "reason", kReasonBytesMax);
  out.asOf = read(wire.getAsOf(), "asOf", kTimeBytesMax);
  out.knownAt = read(wire.getKnownAt(), "knownAt", kTimeBytesMax);
  out.klass = read(wire.getClass(), "class", kNameBytesMax);
  out.purpose = read(wire.getPurpose(), "purpose", kNameBytesMax);
  out.recipient = read(wire.getRecipient(), "recipient", kAliasBytesMax);
  out.from = read(wire.getFrom(), "from", kTimeBytesMax);
  out.to = read(wire.getTo(), "to", kTimeBytesMax);
  if (read.refused) return *read.refused;
  if (out.person.empty()) return Refusal{RefusalCode::missingField, "\"person\" is required."};
  return out;
}

Result<EraseRequest> eraseRequestOf(wire::EraseRequest::Reader wire) {
  TextReader read;
  EraseRequest out;
  out.person = read(wire.getPerson(), "person", kAliasBytesMax);
  out.ground = read(wire.getGround(), "ground", kNameBytesMax);
  out.erasureId = read(wire.getErasureId(), "erasureId", 32);
  out.dryRun = wire.getDryRun();
  const auto classes = wire.getClasses();
  if (classes.size() > kLeavesPerSlot) {
    return Refusal{RefusalCode::tooMany, "\"classes\" names more classes than a person can have."};
  }
  for (const auto klass : classes) {
    out.classes.push_back(read(klass, "classes", kNameBytesMax));
    if (out.classes.back().empty() && !read.refused) {
      // An empty name must never widen an erasure to the whole person.
      read.refused = Refusal{RefusalCode::invalidValue, "A name in \"classes\" is empty."};
    }
  }
  const auto persons = wire.getPersons();
  if (persons.size() > kErasePersonsMax) {
    return Refusal{RefusalCode::tooMany, "One erasure names at most 10000 persons."};
  }
  for (const auto person : persons) {
    out.persons.push_back(read(person, "persons", kAliasBytesMax));
    if (out.persons.back().empty() && !read.refused) {
      read.refused = Refusal{RefusalCode::invalidValue, "A name in \"persons\" is empty."};
    }
  }
  if (read.refused) return *read.refused;
  if (out.person.empty() && out.persons.empty()) {
    return Refusal{RefusalCode::missingField, "\"person\" is required."};
  }
  if (out.ground.empty()) return Refusal{RefusalCode::missingField, "\"ground\" is required."};
  const auto id = bytesOfHex(out.erasureId);
  if (!out.erasureId.empty() && (!id || id->size() != 16)) {
    return Refusal{RefusalCode::invalidValue, "\"erasureId\" is 32 hexadecimal digits."};
  }
  return out;
}

Result<HoldOrder> holdOrderOf(wire::HoldRequest::Reader wire) {
  TextReader read;
  HoldOrder out;
  out.person = read(wire.getPerson(), "person", kAliasBytesMax);
  out.ground = read(wire.getGround(), "ground", kNameBytesMax);
  out.review = read(wire.getReview(), "review", kTimeBytesMax);
  out.reason = read(wire.getReason(), "reason", kReasonBytesMax);
  const auto classes = wire.getClasses();
  if (classes.size() > kFenceClassesMax) {
    return Refusal{RefusalCode::tooMany, "\"classes\" names more than 256 classes."};
  }
  for (const auto klass : classes) {
    out.classes.push_back(read(klass, "classes", kNameBytesMax));
    if (out.classes.back().empty() && !read.refused) {
      read.refused = Refusal{RefusalCode::invalidValue, "A name in \"classes\" is empty."};
    }
  }
  if (read.refused) return *read.refused;
  for (const auto& [name, text] :
       {std::pair("person", &out.person), std::pair("ground", &out.ground),
        std::pair("review", &out.review)}) {
    if (text->empty()) {
      return Refusal{RefusalCode::missingField, "\"" + std::string(name) + "\" is required."};
    }
  }
  return out;
}

Result<Grant> grantOf(wire::Grant::Reader wire) {
  TextReader read;
  Grant out;
  switch (wire.getHolder().which()) {
    case wire::Grant::Holder::UNSPECIFIED:
      return Refusal{RefusalCode::missingField, "Name the user or the group that is granted."};
    case wire::Grant::Holder::UID:
      out.uid = wire.getHolder().getUid();
      break;
    case wire::Grant::Holder::GID:
      out.gid = wire.getHolder().getGid();
      break;
    default:
      return Refusal{RefusalCode::unsupported, "This kind of holder is not known here."};
  }
  const auto add = [&](bool held, Role role) {
    if (held) out.roles = static_cast<std::uint8_t>(out.roles | static_cast<std::uint8_t>(role));
  };
  add(wire.getRecorder(), Role::recorder);
  add(wire.getAuditor(), Role::auditor);
  add(wire.getOfficer(), Role::officer);
  add(wire.getOperator(), Role::op);
  const auto systems = wire.getSystems();
  if (systems.size() > kSystemsPerGrantMax) {
    return Refusal{RefusalCode::tooMany,
                   "A grant names at most " + std::to_string(kSystemsPerGrantMax) + " systems."};
  }
  for (const auto system : systems) out.systems.push_back(read(system, "systems", kNameBytesMax));
  out.label = read(wire.getLabel(), "label", kNameBytesMax);
  if (read.refused) return *read.refused;
  if (out.roles == 0) return Refusal{RefusalCode::missingField, "Name at least one role to grant."};
  return out;
}

void put(wire::Refusal::Builder out, const Refusal& refusal) {
  const auto code = nameOf(refusal.code);
  out.setCode(kj::heapString(code.data(), code.size()));
  out.setMessage(borrow(refusal.message));
  if (!refusal.nearest.empty()) out.setNearest(borrow(refusal.nearest));
  const auto wait = std::min<std::int64_t>(refusal.retryAfter.count(), UINT32_MAX);
  out.setRetryAfterMs(static_cast<std::uint32_t>(std::max<std::int64_t>(wait, 0)));
}

void put(wire::EventResult::Builder out, const EventResult& result) {
  if (!result) {
    put(out.initRefusal(), result.refusal());
    return;
  }
  auto appended = out.initAppended();
  appended.setSeq(result->seq.raw());
  appended.setLeaf(kj::arrayPtr(result->leaf.bytes.data(), result->leaf.bytes.size()));
  appended.setRepeated(result->repeated);
}

void put(wire::Grant::Builder out, const Grant& grant) {
  out.setPrincipal(grant.principal);
  if (grant.uid) out.getHolder().setUid(*grant.uid);
  if (grant.gid) out.getHolder().setGid(*grant.gid);
  const auto has = [&](Role role) { return (grant.roles & static_cast<std::uint8_t>(role)) != 0; };
  out.setRecorder(has(Role::recorder));
  out.setAuditor(has(Role::auditor));
  out.setOfficer(has(Role::officer));
  out.setOperator(has(Role::op));
  auto systems = out.initSystems(static_cast<unsigned>(grant.systems.size()));
  for (unsigned i = 0; i < systems.size(); ++i) systems.set(i, borrow(grant.systems[i]));
  out.setLabel(borrow(grant.label));
  out.setSinceMs(static_cast<std::int64_t>(millisOf(grant.since)));
  out.setRevoked(grant.revoked);
}

void put(wire::Identity::Builder out, const LedgerService::Access& access) {
  const auto has = [&](Role role) { return (access.roles & static_cast<std::uint8_t>(role)) != 0; };
  out.setPrincipal(access.caller.principal);
  out.setRecorder(has(Role::recorder));
  out.setAuditor(has(Role::auditor));
  out.setOfficer(has(Role::officer));
  out.setOperator(has(Role::op));
  out.setSingleUser(access.singleUser);
  out.setAllSystems(access.caller.allSystems);
  auto systems = out.initSystems(static_cast<unsigned>(access.caller.systems.size()));
  unsigned at = 0;
  for (const auto& system : access.caller.systems) systems.set(at++, borrow(system));
}

void put(wire::Outcome<capnp::Text>::Builder out, const Result<std::string>& result) {
  if (result) {
    out.setOk(borrow(*result));
  } else {
    put(out.initRefusal(), result.refusal());
  }
}

void put(wire::Outcome<capnp::Data>::Builder out, const Result<Bytes>& result) {
  if (result) {
    out.setOk(kj::arrayPtr(result->data(), result->size()));
  } else {
    put(out.initRefusal(), result.refusal());
  }
}

void put(wire::Outcome<capnp::List<capnp::Data>>::Builder out, const std::vector<Bytes>& values) {
  auto list = out.initOk(static_cast<unsigned>(values.size()));
  for (unsigned i = 0; i < list.size(); ++i) {
    list.set(i, kj::arrayPtr(values[i].data(), values[i].size()));
  }
}

void put(wire::Outcome<capnp::List<capnp::Text>>::Builder out, const std::vector<std::string>& v) {
  auto list = out.initOk(static_cast<unsigned>(v.size()));
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, borrow(v[i]));
}

void put(wire::Outcome<capnp::List<wire::EventResult>>::Builder out,
         const std::vector<EventResult>& results) {
  auto list = out.initOk(static_cast<unsigned>(results.size()));
  for (unsigned i = 0; i < list.size(); ++i) put(list[i], results[i]);
}

capnp::MessageSize sizeOf(const std::vector<EventResult>& results) {
  constexpr std::size_t kAppendedWords = 3 + 4;      // the struct and the leaf hash
  constexpr std::size_t kRefusalWords = 3 + 4 + 24;  // the structs and the usual sentence
  std::size_t words = 16;
  for (const auto& result : results) words += result ? kAppendedWords : kRefusalWords;
  return {words, 0};
}

kj::Exception fault(std::string_view sentence) {
  return shown(kj::Exception::Type::FAILED, sentence);
}

kj::Exception faultForClient() {
  try {
    throw;
  } catch (const Fault& failed) {
    return fault(failed.what());
  } catch (kj::Exception& exception) {
    return faultForClient(kj::mv(exception));
  } catch (...) {
    return fault("an internal check of the daemon failed");
  }
}

kj::Exception faultForClient(kj::Exception&& exception) {
  if (std::strcmp(exception.getFile(), kFaultSentence) == 0) return kj::mv(exception);
  switch (exception.getType()) {
    case kj::Exception::Type::DISCONNECTED:
      return shown(exception.getType(), "the connection is closed");
    case kj::Exception::Type::UNIMPLEMENTED:
      return shown(exception.getType(), "this daemon does not know the method");
    default:
      return fault("the message could not be read or answered");
  }
}

}  // namespace lacuna
