// What is put back together from different times: an old log under the keys of today, old keys under the log of
// today, both old, a log without its live write-ahead log. Each is refused with a sentence that says what to do,
// or serves exactly what should be served; never what was erased.
#include "ledger/record/envelope.h"
#include "tests/support/whole.h"
#include "tests/support/world.h"

namespace lacuna::ledgertest {
namespace {

namespace fs = std::filesystem;

constexpr auto kWhole = fs::copy_options::recursive;

void replace(const fs::path& what, const fs::path& with) {
  fs::remove_all(what);
  fs::copy(with, what, kWhole);
}

Refusal refusalOf(const LedgerOptions& options) {
  const auto opened = Ledger::open(options);
  if (opened) FAIL("it opened");
  return opened.refusal();
}

bool says(const Refusal& refusal, std::string_view what) {
  UNSCOPED_INFO(refusal.message);
  return refusal.message.find(what) != std::string::npos;
}

// Giving up a lost tail makes no difference: the keys are what is old.
void checkOldKeysRefused(World& world, std::string_view way) {
  for (const bool lostTail : {false, true}) {
    world.options().acceptLostTail = lostTail;
    const Refusal refused = refusalOf(world.options());
    CHECK(refused.code == RefusalCode::rolledBack);
    CHECK(says(refused, "put the newest keys/ back"));
    CHECK(says(refused, way));
  }
}

std::size_t restoreRecords(World& world) {
  std::size_t count = 0;
  world.ledger().store().scanRecords(Seq(0), world.ledger().size(), [&](Seq, ByteView bytes) {
    const Result<Record> record = decodeRecord(bytes);
    if (record && record->kind == Kind::restore) ++count;
    return true;
  });
  return count;
}

std::set<Tag> tagsOf(World& world) {
  std::set<Tag> tags;
  world.ledger().store().scanRecords(Seq(0), world.ledger().size(), [&](Seq, ByteView bytes) {
    tags.insert(decodeRecord(bytes)->tag);
    return true;
  });
  return tags;
}

HolderStatus holder(World& world, std::uint8_t number) {
  for (const HolderStatus& one : world.ledger().vault().holders()) {
    if (one.number == number) return one;
  }
  FAIL("no such holder");
  return {};
}

// A ledger with persons 1 (to be erased) and 2 (who stays), photographed before and after the erasure.
struct Past {
  Past() : Past(LedgerOptions{}) {}
  explicit Past(LedgerOptions options) : world(std::move(options)) {
    REQUIRE(world.submitOne(collect("crm:1")));
    REQUIRE(world.submitOne(collect("crm:2")));
    world.ledger().signCheckpoint();
    world.close();
    photograph("old");
    world.open();
  }
  void photograph(const std::string& name) {
    fs::copy(data / "log", world.scratch() / (name + "-log"), kWhole);
    fs::copy(data / "keys", world.scratch() / (name + "-keys"), kWhole);
  }
  void eraseAndGoOn() {
    REQUIRE(world.erase("crm:1"));
    world.ledger().signCheckpoint();
    REQUIRE(world.submitOne(collect("crm:3")));
    world.ledger().signCheckpoint();
    note = world.ledger().shownCheckpoint();
    world.close();
    photograph("new");
  }
  World world;
  fs::path data = world.scratch() / "data";
  std::string note;
};

}  // namespace

TEST_CASE("an old log under the keys of today brings nobody back and loses nobody", "[P3][P5]") {
  Past past;
  World& world = past.world;
  past.eraseAndGoOn();
  replace(past.data / "log", world.scratch() / "old-log");
  const Refusal refused = refusalOf(world.options());
  CHECK(refused.code == RefusalCode::rolledBack);
  CHECK(says(refused, "restore the newer log"));
  CHECK(says(refused, "--accept-lost-tail"));
  world.options().acceptLostTail = true;
  world.open();
  CHECK_FALSE(world.history("crm:1"));
  CHECK(world.eventsOf("crm:2") == 1);
  CHECK_FALSE(world.history("crm:3"));  // it was in the tail
  CHECK(restoreRecords(world) == 1);
  checkWhole(world);
}

TEST_CASE("old keys under the log of today are refused, also when a healing lies between",
          "[P3][P5]") {
  Past past;
  World& world = past.world;
  past.eraseAndGoOn();
  replace(past.data / "keys", world.scratch() / "old-keys");
  checkOldKeysRefused(world, "--recover-keys");
  // The newest keys are fine again.
  world.options().acceptLostTail = false;
  replace(past.data / "keys", world.scratch() / "new-keys");
  world.open();
  CHECK_FALSE(world.history("crm:1"));
  CHECK(world.eventsOf("crm:2") == 1);
  CHECK(world.eventsOf("crm:3") == 1);
}

TEST_CASE("old keys under a log that signed one checkpoint since are refused by its tree",
          "[P3][P5]") {
  Past past;
  World& world = past.world;
  // Nothing is signed after the erasure but what the next start adopts.
  REQUIRE(world.erase("crm:1"));
  REQUIRE(world.submitOne(collect("crm:4")));  // after a healing: old keys do not open it
  world.close();
  replace(past.data / "keys", world.scratch() / "old-keys");
  const Refusal refused = refusalOf(world.options());
  CHECK(refused.code == RefusalCode::rolledBack);
  CHECK(says(refused, "put the newest keys/ back"));
}

TEST_CASE("a log and keys that are both old are refused when somebody knows better", "[P3][P5]") {
  SECTION("a checkpoint kept elsewhere") {
    Past past;
    World& world = past.world;
    past.eraseAndGoOn();
    replace(past.data / "log", world.scratch() / "old-log");
    replace(past.data / "keys", world.scratch() / "old-keys");
    world.options().checkpoints = {past.note};
    for (const bool lostTail : {false, true}) {
      world.options().acceptLostTail = lostTail;
      const Refusal refused = refusalOf(world.options());
      CHECK(refused.code == RefusalCode::rolledBack);
      CHECK(says(refused, "put the newest keys/ and log/ back"));
    }
    world.options().acceptLostTail = false;
    replace(past.data / "log", world.scratch() / "new-log");
    replace(past.data / "keys", world.scratch() / "new-keys");
    world.open();
    CHECK_FALSE(world.history("crm:1"));
    world.close();
    world.options().checkpoints = {"some text\n"};
    CHECK(refusalOf(world.options()).code == RefusalCode::invalidValue);
  }
  SECTION("another key holder") {
    LedgerOptions options;
    const test::Scratch second;
    options.keyHolders = {second / "holder"};
    Past past(options);
    World& world = past.world;
    past.eraseAndGoOn();
    replace(past.data / "log", world.scratch() / "old-log");
    replace(past.data / "keys", world.scratch() / "old-keys");
    checkOldKeysRefused(world, "--rebuild-keys");
  }
}

TEST_CASE("a log whose live write-ahead log was deleted is refused, or was durable without it",
          "[P3][P5]") {
  Past past;
  World& world = past.world;
  past.eraseAndGoOn();
  std::size_t removed = 0;
  for (const auto& entry : fs::directory_iterator(past.data / "log")) {
    if (entry.path().extension() == ".log") removed += fs::remove(entry.path()) ? 1 : 0;
  }
  REQUIRE(removed > 0);
  // Whatever RocksDB makes of it: a fault, or an older log, which is refused.
  try {
    const auto opened = Ledger::open(world.options());
    REQUIRE_FALSE(opened);
    CHECK(opened.refusal().code == RefusalCode::rolledBack);
  } catch (const Fault&) {
  }
  replace(past.data / "log", world.scratch() / "new-log");
  // The same of the keys: never an older tree.
  replace(past.data / "keys", world.scratch() / "new-keys");
  for (const auto& entry : fs::directory_iterator(past.data / "keys/db")) {
    if (entry.path().extension() == ".log") fs::remove(entry.path());
  }
  try {
    const auto opened = Ledger::open(world.options());
    REQUIRE_FALSE(opened);
    CHECK((opened.refusal().code == RefusalCode::foreignKey ||
           opened.refusal().code == RefusalCode::rolledBack));
    CHECK(says(opened.refusal(), "put the newest keys/ back"));
  } catch (const Fault&) {
  }
}

TEST_CASE("a log that is missing whole can be given up: a new generation without its records",
          "[P3][P6]") {
  Past past;
  World& world = past.world;
  const std::set<Tag> before = tagsOf(world);
  past.eraseAndGoOn();
  fs::remove_all(past.data / "log");
  const Refusal refused = refusalOf(world.options());
  CHECK(refused.code == RefusalCode::rolledBack);
  CHECK(says(refused, "put a copy of log/ back"));
  CHECK(says(refused, "--accept-lost-tail"));
  world.options().acceptLostTail = true;
  world.open();
  world.options().acceptLostTail = false;
  CHECK(world.ledger().origin() == "test.example.org/ledger/g2");
  CHECK(restoreRecords(world) == 1);
  world.applyRegister(kSmallRegister);
  for (const char* person : {"crm:1", "crm:2", "crm:3"}) CHECK_FALSE(world.history(person));
  REQUIRE(world.submitOne(collect("crm:2")));
  CHECK(world.eventsOf("crm:2") == 1);
  for (const Tag& tag : tagsOf(world)) CHECK(before.count(tag) == 0);  // P6
  checkWhole(world);
  world.reopen();
  CHECK(restoreRecords(world) == 1);
  CHECK(world.eventsOf("crm:2") == 1);
  checkWhole(world);
}

TEST_CASE("after a lost tail no record shares a tag with it, and what it opened is dead",
          "[P5][P6]") {
  Past past;
  World& world = past.world;
  // The tail: more in an open lot, a new lot of a known person, a new person.
  REQUIRE(world.submitOne(collect("crm:2")));
  REQUIRE(world.submitOne(consent("crm:2", "given")));
  REQUIRE(world.submitOne(collect("crm:9")));
  world.ledger().signCheckpoint();
  const Slot stays = *world.sequencer().resolve("crm:2");
  const Slot gone = *world.sequencer().resolve("crm:9");
  LeafNo tailLeaf;
  for (const LotHandle& lot : world.sequencer().people().lotsOf(stays)) {
    if (lot.klass == "marketing") tailLeaf = lot.leaf;
  }
  const std::set<Tag> tail = tagsOf(world);
  world.close();
  replace(past.data / "log", world.scratch() / "old-log");
  world.options().acceptLostTail = true;
  world.open();
  world.options().acceptLostTail = false;
  const std::set<Tag> kept = tagsOf(world);
  CHECK_FALSE(world.ledger().vault().lotKey(stays, tailLeaf));
  CHECK_FALSE(world.ledger().vault().slotLives(gone));
  REQUIRE(world.submitOne(collect("crm:2")));
  REQUIRE(world.submitOne(consent("crm:2", "given")));
  REQUIRE(world.submitOne(collect("crm:8")));
  CHECK(*world.sequencer().resolve("crm:8") > gone);
  for (const LotHandle& lot : world.sequencer().people().lotsOf(stays)) {
    if (lot.klass == "marketing") CHECK(lot.leaf.raw() >= kRestoreLeafStep);
  }
  // Once more: another tail is lost, and again no leaf comes twice.
  std::set<Tag> now = tagsOf(world);
  for (const Tag& tag : now) CHECK((kept.count(tag) == 1 || tail.count(tag) == 0));
  CHECK(world.eventsOf("crm:2") == 3);  // the ended lot is read like any other
  world.reopen();
  CHECK(world.eventsOf("crm:2") == 3);
  checkWhole(world);
  CHECK(world.ledger().vault().leavesOfTailEnd(stays) == kRestoreLeafStep);
}

TEST_CASE("another multiple of leaves is entered only after its mark is in keys/", "[P6]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  const Slot slot = *world.sequencer().resolve("crm:1");
  world.sequencer().people().subject(slot).nextLeaf = kRestoreLeafStep - 1;
  REQUIRE(world.submitOne(consent("crm:1", "given")));  // leaf 255
  CHECK(world.ledger().vault().leafMark(slot) == kRestoreLeafStep);
  REQUIRE(world.submitOne(invoice("crm:1", "2026-02-01T10:00:00Z")));  // leaf 256
  CHECK(world.ledger().vault().leafMark(slot) == 2 * kRestoreLeafStep);
  world.reopen();
  CHECK(world.ledger().vault().leafMark(slot) == 2 * kRestoreLeafStep);
}

TEST_CASE("a restore cut at any step is done once", "[P3][crash]") {
  std::vector<std::string> steps;
  const auto lose = [](Past& past) {
    REQUIRE(past.world.submitOne(collect("crm:3")));
    past.world.ledger().signCheckpoint();
    past.world.close();
    replace(past.data / "log", past.world.scratch() / "old-log");
    past.world.options().acceptLostTail = true;
  };
  {
    Past past;
    lose(past);
    past.world.options().onVaultStep = [&](std::string_view step) { steps.emplace_back(step); };
    past.world.open();
    past.world.options().onVaultStep = nullptr;
    past.world.close();
  }
  REQUIRE(std::find(steps.begin(), steps.end(), "pinned.before") != steps.end());
  for (std::size_t stop = 0; stop < steps.size(); ++stop) {
    CAPTURE(stop, steps[stop]);
    struct Crash {};
    Past past;
    lose(past);
    std::size_t at = 0;
    past.world.options().onVaultStep = [&](std::string_view) {
      if (at++ == stop) throw Crash{};
    };
    CHECK_THROWS_AS(static_cast<void>(Ledger::open(past.world.options())), Crash);
    past.world.options().onVaultStep = nullptr;
    past.world.open();
    CHECK(restoreRecords(past.world) == 1);
    CHECK(past.world.ledger().origin() == "test.example.org/ledger/g2");
    CHECK(past.world.eventsOf("crm:2") == 1);
    REQUIRE(past.world.submitOne(collect("crm:2")));
    CHECK(past.world.eventsOf("crm:2") == 2);
    checkWhole(past.world);
  }
}

TEST_CASE("a clean stop burns no slot; after any other the unknown ones are dead", "[P5]") {
  World world;
  REQUIRE(world.submitOne(collect("crm:1")));
  const Slot first = *world.sequencer().resolve("crm:1");
  const std::uint64_t reserved = world.ledger().vault().slotHighWater();
  world.ledger().rest();
  world.reopen();
  for (std::uint64_t slot = 1; slot < reserved; ++slot) {
    CHECK(world.ledger().vault().slotLives(Slot(slot)));
  }
  REQUIRE(world.submitOne(collect("crm:2")));
  const Slot second = *world.sequencer().resolve("crm:2");
  const std::uint64_t high = world.ledger().vault().slotHighWater();
  world.reopen();  // not rested: a crash
  CHECK(world.ledger().vault().slotLives(second));
  for (std::uint64_t slot = 1; slot < high; ++slot) {
    if (Slot(slot) == first || Slot(slot) == second) continue;
    CHECK_FALSE(world.ledger().vault().slotLives(Slot(slot)));
  }
  REQUIRE(world.submitOne(collect("crm:3")));
  CHECK(world.sequencer().resolve("crm:3")->raw() >= high);
  CHECK(world.eventsOf("crm:2") == 1);
}

TEST_CASE("keys that are lost are made anew from a key holder, and no payload is lost", "[P5]") {
  LedgerOptions options;
  const test::Scratch second;
  options.keyHolders = {second / "holder"};
  World world(options);
  CHECK(holder(world, 1).state == HolderState::present);
  REQUIRE(world.submitOne(collect("crm:1")));
  REQUIRE(world.submitOne(collect("crm:2")));
  REQUIRE(world.erase("crm:1"));
  world.ledger().signCheckpoint();
  world.close();
  fs::remove_all(world.scratch() / "data/keys");
  const Refusal refused = refusalOf(world.options());
  CHECK(refused.code == RefusalCode::missingKey);
  CHECK(says(refused, "--rebuild-keys"));
  world.options().rebuildKeys = true;
  world.open();
  world.options().rebuildKeys = false;
  CHECK(holder(world, 0).state == HolderState::closed);  // named from then on
  CHECK(holder(world, 1).state == HolderState::present);
  CHECK(holder(world, 2).primary);
  CHECK_FALSE(world.history("crm:1"));
  CHECK(world.eventsOf("crm:2") == 1);
  REQUIRE(world.erase("crm:2"));
  CHECK(world.ledger().vault().destroyedEverywhere(world.ledger().vault().version()));
  world.reopen();
  CHECK_FALSE(world.history("crm:2"));
  checkWhole(world);
}

TEST_CASE("key holders are added, replaced and closed by recorded events without a path",
          "[P4][P5]") {
  World world;
  const test::Scratch disks;
  const auto added = world.ledger().addHolder(world.caller(), disks / "one", std::nullopt);
  REQUIRE(added);
  CHECK(*added == 1);
  world.close();
  // Started without it, it is away, and says since when.
  world.open();
  CHECK(holder(world, 1).state == HolderState::away);
  CHECK_FALSE(world.ledger().vault().destroyedEverywhere(world.ledger().vault().version()));
  // An empty directory is not made a holder while one is away: it may be its mount point.
  world.close();
  world.options().keyHolders = {disks / "empty"};
  fs::create_directories(disks / "empty");
  world.open();
  CHECK(world.ledger().vault().holders().size() == 2);
  const auto replaced = world.ledger().addHolder(world.caller(), disks / "two", std::uint8_t{1});
  REQUIRE(replaced);
  CHECK(*replaced == 2);
  CHECK(holder(world, 1).state == HolderState::closed);
  CHECK(world.ledger().vault().destroyedEverywhere(world.ledger().vault().version()));
  std::map<AccessAction, int> actions;
  world.ledger().store().scanRecords(Seq(0), world.ledger().size(), [&](Seq, ByteView bytes) {
    const Result<Record> record = decodeRecord(bytes);
    if (record->kind == Kind::access) ++actions[decodeAccess(record->body)->action];
    CHECK(textOf(bytes).find("/one") == std::string_view::npos);
    return true;
  });
  CHECK(actions[AccessAction::holderAdded] == 2);
  CHECK(actions[AccessAction::holderClosed] == 1);
  CHECK_FALSE(world.ledger().closeHolder(world.caller(), 0));
  CHECK_FALSE(world.ledger().closeHolder(world.caller(), 1));
  CHECK_FALSE(world.ledger().addHolder(world.caller(), disks / "two", std::nullopt));
}

TEST_CASE("keys behind the log are opened only to destroy again what died, and say what is lost",
          "[P3][P5]") {
  Past past;
  World& world = past.world;
  const Slot first = *world.sequencer().resolve("crm:1");
  REQUIRE(world.submitOne(consent("crm:2", "given")));
  REQUIRE(world.erase("crm:2", {"marketing"}));
  past.eraseAndGoOn();
  const auto payloadOfFirst = [&] { return world.history("crm:1"); };
  replace(past.data / "keys", world.scratch() / "old-keys");
  CHECK(refusalOf(world.options()).code == RefusalCode::rolledBack);
  world.options().recoverKeys = true;
  SECTION("whole") {}
  SECTION("cut at any step") {
    std::vector<std::string> steps;
    const int stop = GENERATE(0, 1, 2, 3, 5, 7, 9, 11, 13);
    struct Crash {};
    int at = 0;
    world.options().onVaultStep = [&](std::string_view step) {
      if (step.find("open.") == 0) return;
      if (at++ == stop) throw Crash{};
    };
    try {
      static_cast<void>(Ledger::open(world.options()));
    } catch (const Crash&) {
    }
    world.options().onVaultStep = nullptr;
  }
  world.open();
  world.options().recoverKeys = false;
  CHECK_FALSE(payloadOfFirst());
  CHECK(world.eventsOf("crm:2") == 1);
  CHECK_FALSE(world.ledger().vault().slotLives(first));
  int recovered = 0;
  world.ledger().store().scanRecords(Seq(0), world.ledger().size(), [&](Seq, ByteView bytes) {
    const Result<Record> record = decodeRecord(bytes);
    if (record->kind == Kind::access &&
        decodeAccess(record->body)->action == AccessAction::keysRecovered)
      ++recovered;
    return true;
  });
  CHECK(recovered == 1);
  REQUIRE(world.submitOne(collect("crm:5")));
  world.reopen();
  CHECK(world.eventsOf("crm:5") == 1);
  CHECK_FALSE(world.history("crm:1"));
  checkWhole(world);
}

TEST_CASE(
    "an erasure is complete when the holder that was away has come back, and says who destroyed",
    "[P5]") {
  LedgerOptions options;
  const test::Scratch disks;
  options.keyHolders = {disks / "second"};
  World world(options);
  REQUIRE(world.submitOne(collect("crm:1")));
  world.close();
  fs::rename(disks / "second", disks / "away");
  world.open();
  const Result<Erasure> erased = world.erase("crm:1");
  REQUIRE(erased);
  const auto stepsOf = [&] {
    std::vector<ErasureBody> out;
    world.ledger().store().scanRecords(Seq(0), world.ledger().size(), [&](Seq, ByteView bytes) {
      const Result<Record> record = decodeRecord(bytes);
      if (record->kind == Kind::erasure) out.push_back(*decodeErasure(record->body));
      return true;
    });
    return out;
  };
  const auto count = [&](ErasureStep step) {
    const std::vector<ErasureBody> steps = stepsOf();
    return std::count_if(steps.begin(), steps.end(),
                         [&](const ErasureBody& body) { return body.step == step; });
  };
  CHECK(count(ErasureStep::committed) == 1);
  CHECK(count(ErasureStep::complete) == 0);
  CHECK_FALSE(world.history("crm:1"));
  world.reopen();  // a start alone completes nothing
  CHECK(count(ErasureStep::complete) == 0);
  fs::rename(disks / "away", disks / "second");
  world.reopen();  // its return does
  world.ledger().erasures().tick();
  CHECK(count(ErasureStep::complete) == 1);
  CHECK(count(ErasureStep::destroyed) == 2);
  std::set<int> who;
  for (const ErasureBody& body : stepsOf()) {
    if (body.step == ErasureStep::destroyed) who.insert(body.holder);
    if (body.step == ErasureStep::complete) CHECK(body.holdersDestroyed == 2);
  }
  CHECK(who == std::set<int>{0, 1});
}

}  // namespace lacuna::ledgertest
