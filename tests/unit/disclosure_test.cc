// One event is opened for others: exactly that text at that place, and nothing about any other record.
#include "ledger/proof/disclosure.h"

#include "ledger/disclose.h"
#include "ledger/record/bodies.h"
#include "ledger/record/envelope.h"
#include "ledger/withdraw.h"
#include "tests/support/disclosure_world.h"
#include "tests/support/sweep_run.h"
#include "tests/support/world.h"

#include <nlohmann/json.hpp>
#include <rocksdb/db.h>

namespace lacuna::ledgertest {
namespace {

using Sealed = test::DisclosureWorld;
using Json = nlohmann::ordered_json;

bool refused(const Disclosure& disclosure, const Sealed& world) {
  return !verifyDisclosure(textOf(disclosure), world.verifierKey(), shownEventOf);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// As the service does it: recorded and durable, then opened.
Result<std::string> disclosed(World& world, Seq seq, const std::string& person = "crm:1") {
  if (const Outcome may = mayDisclose(world.ledger(), seq); !may) return may.refusal();
  DiscloseOrder order{seq, "other:court", person, std::nullopt};
  if (person.empty()) {
    order.place = findEvent(world.ledger().vault(), world.ledger().store(), seq, {});
  }
  Draft draft = world.sequencer().begin();
  const auto whose = recordDisclosure(world.sequencer(), draft, world.caller(), order);
  world.ledger().commitNow(draft);
  if (!whose) return whose.refusal();
  return discloseEvent(world.ledger(), *whose, seq);
}

RefusalCode codeOf(const Result<std::string>& result) {
  REQUIRE_FALSE(result);
  return result.refusal().code;
}

Seq submitted(World& world, const std::string& line) {
  const EventResult one = world.submitOne(line);
  REQUIRE(one);
  world.ledger().signCheckpoint();
  return one->seq;
}

Withdrawal withdrawn(World& world, Seq seq) {
  WithdrawOrder order;
  order.seq = seq;
  order.ground = Ground::unlawful;
  order.person = "crm:1";
  return withdraw(world.ledger(), world.caller(), order).value();
}

}  // namespace

TEST_CASE("a disclosure is verified by its file and the log's key alone", "[P1][disclosure]") {
  const Sealed world;
  const std::string text = textOf(world.disclosure(0));
  const auto report = verifyDisclosure(text, world.verifierKey(), shownEventOf);
  REQUIRE(report);
  CHECK(report->trusted);
  CHECK(report->record == world.record(0));
  CHECK(report->checkpoint.size == TreeSize(3));
  CHECK(report->content ==
        R"({"event":{"kind":"processing","at":"2023-11-14T22:13:20Z","purpose":"course-admin",)"
        R"("categories":["name","contact"],"operation":"collect",)"
        R"("data":"{\"n\":1.0,\"exact\":0.10000000000000000055,\"e\":\"\\u00e9\"}"},)"
        R"("aliases":[1,3],"registerVersion":2,"systemId":"website"})");
  const auto believed = verifyDisclosure(text, std::nullopt, shownEventOf);
  REQUIRE(believed);
  CHECK_FALSE(believed->trusted);
  CHECK(believed->key == world.verifierKey());
  // The same name and another key: the signature is not theirs.
  const SigningKey other(Secret(Bytes(32, 8)));
  CHECK_FALSE(
      verifyDisclosure(text, verifierKeyOf(Sealed::kOrigin, other.publicKey()), shownEventOf));
}

TEST_CASE("parties are shown by id, instances and persons as the numbers that the envelope holds",
          "[P4][disclosure]") {
  const Sealed world;
  const auto report =
      verifyDisclosure(textOf(world.disclosure(1)), world.verifierKey(), shownEventOf);
  REQUIRE(report);
  const Json content = Json::parse(report->content);
  CHECK(content["recipient"] == Json({{"party", "teacher"}, {"number", 4711}}));
  CHECK(content["via"] == "mandrill");
  CHECK(content["otherPersons"] == Json({17}));
  CHECK(content["event"]["how"] == "sent");
}

TEST_CASE("every changed byte of a disclosure is refused", "[P1][disclosure]") {
  const Sealed world;
  const std::string text = textOf(world.disclosure(0));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 7)));
    CAPTURE(i, changed.substr(i > 20 ? i - 20 : 0, 40));
    CHECK_FALSE(verifyDisclosure(changed, world.verifierKey(), shownEventOf));
  }
  for (std::size_t size = 0; size < text.size(); size += 61) {
    CHECK_FALSE(verifyDisclosure(text.substr(0, size), world.verifierKey(), shownEventOf));
  }
  CHECK_FALSE(verifyDisclosure(text + "\n", world.verifierKey(), shownEventOf));
}

TEST_CASE("what was sealed at one place does not verify at another", "[P1][disclosure]") {
  const Sealed world;
  // Each part of B in the disclosure of A, alone and together with others of B; all of them are B's own.
  constexpr unsigned kParts = 6;
  for (unsigned mask = 1; mask + 1 < (1U << kParts); ++mask) {
    Disclosure mixed = world.disclosure(0);
    Disclosure other = world.disclosure(1);
    if ((mask & 1) != 0) mixed.receipt = other.receipt;
    if ((mask & 2) != 0) mixed.envelope = other.envelope;
    if ((mask & 4) != 0) mixed.opening = std::move(other.opening);
    if ((mask & 8) != 0) mixed.content = other.content;
    if ((mask & 16) != 0) mixed.seq = other.seq;
    if ((mask & 32) != 0) mixed.recordedAt = other.recordedAt;
    CAPTURE(mask);
    CHECK(refused(mixed, world));
  }
  Disclosure nothing = world.disclosure(0);  // of a record that has no envelope
  nothing.seq = Seq(2);
  nothing.recordedAt = world.record(2).recordedAt;
  nothing.receipt = world.receipt(2);
  CHECK(refused(nothing, world));
}

TEST_CASE("a text that somebody seals for that place afterwards is refused", "[P1][disclosure]") {
  const Sealed world;
  StoredEvent invented;
  invented.event.kind = Kind::processing;
  invented.event.purpose = "newsletter";
  const Secret lotKey(Bytes(32, 0x77));
  const Bytes head = encodeHead(world.record(0));
  Disclosure forged = world.disclosure(0);
  forged.envelope = sealEvent(lotKey, Nonce{}, head, encodeStored(invented));
  forged.opening = eventKey(lotKey, Nonce{}, head);
  forged.content = jsonOf(invented);
  REQUIRE(openEventWithKey(forged.opening, head, forged.envelope));  // in itself it is sound
  CHECK(refused(forged, world));
}

TEST_CASE("what is written for the reader is what record and envelope say, or it is refused",
          "[P1][disclosure]") {
  const Sealed world;
  const auto changed = [&](const std::function<void(Disclosure&, Json&)>& change) {
    Disclosure disclosure = world.disclosure(0);
    Json content = Json::parse(disclosure.content);
    change(disclosure, content);
    disclosure.content = content.dump();
    return refused(disclosure, world);
  };
  CHECK_FALSE(changed([](Disclosure&, Json&) {}));
  CHECK(changed([](Disclosure&, Json& content) { content["event"]["purpose"] = "newsletter"; }));
  CHECK(changed([](Disclosure&, Json& content) { content["person"] = "crm:1"; }));
  CHECK(changed([](Disclosure&, Json& content) { content.erase("systemId"); }));
  CHECK(changed([](Disclosure& d, Json&) { d.seq = Seq(1); }));
  CHECK(changed([](Disclosure& d, Json&) { d.recordedAt += std::chrono::milliseconds(1); }));
  CHECK(changed([](Disclosure& d, Json&) { d.envelope.back() ^= 1; }));
  CHECK(changed([](Disclosure& d, Json&) { d.opening.data()[31] ^= 1; }));
  CHECK(changed([](Disclosure& d, Json&) { d.key.clear(); }));
  const SigningKey other(Secret(Bytes(32, 8)));  // one that never signed
  CHECK(changed([&](Disclosure& d, Json&) {
    d.key = textOf(verifierKeyOf(Sealed::kOrigin, other.publicKey()));
  }));
  // The last hash of the proof is another one.
  CHECK(changed([&](Disclosure& d, Json&) {
    TlogProof proof = proofOfText(d.receipt).value();
    proof.hashes.back()[0] ^= 1;
    d.receipt = textOf(proof);
  }));
}

TEST_CASE("a disclosure opens its one event: it leads to no lot key, tag or other envelope",
          "[P6][disclosure]") {
  const Sealed world;
  const std::string text = textOf(world.disclosure(0));
  const auto opened = disclosureOfText(text);
  REQUIRE(opened);
  const Disclosure& read = *opened;
  CHECK(openEventWithKey(read.opening, encodeHead(world.record(0)), world.envelopes[0]));
  CHECK_FALSE(openEventWithKey(read.opening, encodeHead(world.record(1)), world.envelopes[1]));
  CHECK_FALSE(openEvent(read.opening, encodeHead(world.record(1)), world.envelopes[1]));
  for (std::uint64_t ordinal = 0; ordinal < 4; ++ordinal) {
    CHECK_FALSE(tagOf(read.opening, Ordinal(ordinal)) == world.record(1).tag);
  }
  const Secret next = world.opening(1);
  const Tag tag = world.record(1).tag;
  for (const ByteView secret : {world.lotKey.view(), next.view(), tag.view()}) {
    CHECK_FALSE(has(text, hexOf(secret)));
    for (std::size_t shift = 0; shift < 3; ++shift) {  // wherever it would begin within base64
      Bytes moved(shift, 0);
      moved.insert(moved.end(), secret.begin(), secret.end());
      CHECK_FALSE(has(text, base64Of(moved).substr(4, 16)));
    }
  }
}

TEST_CASE("one event is disclosed, and the person's history says which and why",
          "[P9][disclosure]") {
  World world;
  const Seq first = submitted(world, collect("crm:1", R"(,"data":{"note":"blue"})"));
  const Seq second = submitted(world, collect("crm:1", R"(,"data":{"note":"green"})"));
  const TreeSize before = world.ledger().size();
  const auto text = disclosed(world, first);
  REQUIRE(text);
  const auto report = verifyDisclosure(*text, world.ledger().verifierKey(), shownEventOf);
  REQUIRE(report);
  CHECK(report->record.seq == first);
  CHECK(Json::parse(report->content)["event"]["data"] == R"({"note":"blue"})");
  CHECK_FALSE(has(*text, "crm:1"));
  CHECK_FALSE(has(*text, "green"));
  const auto opened = disclosureOfText(*text);
  REQUIRE(opened);
  const Disclosure& read = *opened;
  const Store::Pair other = world.ledger().store().pairs({&second, 1}).front();
  CHECK_FALSE(
      openEventWithKey(read.opening, encodeHead(*decodeRecord(other.record)), *other.envelope));
  // By search: the same bytes, and a reading as well.
  CHECK(disclosed(world, first, "").value() == *text);
  const auto history = world.history("crm:1");
  REQUIRE(history);
  std::size_t readings = 0;
  for (const PersonEvent& event : *history) {
    if (event.stored.operationText != "disclose") continue;
    ++readings;
    CHECK(event.seq.raw() >= before.raw());
    CHECK(event.stored.reason == "other:court");
    CHECK(event.stored.details == std::vector<std::string>{"seq=" + std::to_string(first.raw())});
    // What is public does not say which.
    const auto body = decodeConsultation(event.body);
    REQUIRE(body);
    CHECK(encode(ConsultationBody{body->officer, ReadOperation::disclose, ReadReason::other}) ==
          event.body);
  }
  CHECK(readings == 2);
}

TEST_CASE("what cannot be disclosed is refused with the reason, and a reading stays recorded",
          "[P5][P9][disclosure]") {
  World world;
  const Seq seq = submitted(world, collect("crm:1"));
  CHECK(codeOf(disclosed(world, Seq(1'000'000))) == RefusalCode::notFound);
  CHECK(codeOf(disclosed(world, Seq(0))) == RefusalCode::notFound);  // no envelope
  const EventResult fresh = world.submitOne(collect("crm:1"));
  REQUIRE(fresh);
  CHECK(codeOf(disclosed(world, fresh->seq)) == RefusalCode::notPublished);
  world.ledger().signCheckpoint();
  CHECK(disclosed(world, fresh->seq));
  CHECK(codeOf(disclosed(world, seq, "crm:9")) == RefusalCode::unknownPerson);
  const Seq theirs = submitted(world, collect("crm:2"));
  CHECK(codeOf(disclosed(world, theirs, "crm:1")) == RefusalCode::notFound);
  const Slot slot = world.sequencer().resolve("crm:1").value();
  world.sequencer().freeze(slot);
  CHECK(codeOf(disclosed(world, seq, "")) == RefusalCode::busy);
  CHECK(codeOf(disclosed(world, seq)) == RefusalCode::busy);
  world.sequencer().thaw(slot);
  REQUIRE(world.erase("crm:1"));
  const TreeSize before = world.ledger().size();
  CHECK(codeOf(disclosed(world, seq)) == RefusalCode::erased);
  CHECK(codeOf(disclosed(world, seq, "")) == RefusalCode::erased);
  CHECK(world.ledger().size().raw() == before.raw() + 2);
}

TEST_CASE("a withdrawn event is not disclosed; those it was carried on with are",
          "[P5][disclosure][withdraw]") {
  World world;
  const Seq kept = submitted(world, collect("crm:1", R"(,"data":{"n":1})"));
  const Seq gone = submitted(world, collect("crm:1", R"(,"data":{"n":2})"));
  const std::string before = disclosed(world, kept).value();
  withdrawn(world, gone);
  world.ledger().signCheckpoint();
  CHECK(codeOf(disclosed(world, gone)) == RefusalCode::erased);
  CHECK(codeOf(disclosed(world, gone, "")) == RefusalCode::erased);
  for (const std::string& person : {std::string("crm:1"), std::string()}) {
    const auto text = disclosed(world, kept, person);
    REQUIRE(text);
    CHECK(verifyDisclosure(*text, world.ledger().verifierKey(), shownEventOf));
    // Under the key that it was sealed with, though that lot is dead.
    CHECK(sameBytes(disclosureOfText(*text)->opening.view(),
                    disclosureOfText(before)->opening.view()));
  }
}

TEST_CASE("an event whose envelope was swept is erased, as it was before", "[P5][disclosure]") {
  World world;
  std::vector<Seq> seqs;
  for (int i = 0; i < static_cast<int>(kSweepSlotsMin); ++i) {
    seqs.push_back(world.submitOne(collect("crm:" + std::to_string(i))).value().seq);
  }
  world.ledger().signCheckpoint();
  REQUIRE(disclosed(world, seqs[0], "crm:0"));
  for (int i = 0; i < static_cast<int>(kSweepSlotsMin); ++i) {
    REQUIRE(world.erase("crm:" + std::to_string(i)));
  }
  REQUIRE(test::sweep(world.ledger()));
  REQUIRE_FALSE(world.ledger().store().envelope(seqs[0]));
  CHECK(codeOf(disclosed(world, seqs[0], "")) == RefusalCode::erased);
}

TEST_CASE("an event whose envelope is damaged is not disclosed", "[P1][disclosure]") {
  World world;
  const Seq seq = submitted(world, collect("crm:1"));
  const std::filesystem::path log = world.options().data / "log";
  world.close();
  {
    rocksdb::Options raw;
    std::vector<std::string> names;
    REQUIRE(rocksdb::DB::ListColumnFamilies(raw, log.string(), &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names)
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    REQUIRE(rocksdb::DB::Open(raw, log.string(), families, &handles, &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    for (rocksdb::ColumnFamilyHandle* family : handles) {
      if (family->GetName() != "envelopes") continue;
      const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator({}, family));
      for (at->SeekToFirst(); at->Valid(); at->Next()) {
        std::string block = at->value().ToString();
        block.back() = static_cast<char>(block.back() ^ 1);
        REQUIRE(db->Put({}, family, at->key(), block).ok());
      }
    }
    for (rocksdb::ColumnFamilyHandle* family : handles) db->DestroyColumnFamilyHandle(family);
  }
  world.open();
  CHECK_THROWS_AS(disclosed(world, seq), Fault);  // the service answers `tampered`
}

}  // namespace lacuna::ledgertest
