// What an auditor, a web server and anybody with an export hold is about nobody: looked for, and held against another world.
#include "ledger/crypto/digest.h"
#include "ledger/proof/checkpoint.h"
#include "ledger/proof/receipt.h"
#include "ledger/proof/tiles.h"
#include "ledger/record/record.h"
#include "tests/support/cli_world.h"
#include "tests/support/leak_search.h"
#include "tests/support/public_bytes.h"

#include <set>

using namespace lacuna;
using namespace lacuna::test;

namespace {

// The events of the example; or the same of other persons, who are called otherwise and longer; or each of a person and
// of instances of its own, so that no two records are of one person. Time, kind and system are the same in all.
enum class Whose { theirs, others, everyEventOfAnother };

class Cast {
 public:
  explicit Cast(Whose whose) : whose_(whose) {}

  Json line(const std::string& text) {
    Json event = Json::parse(text);
    ++number_;
    if (whose_ == Whose::theirs) return event;
    event["id"] = "of-the-other-world-" + std::to_string(number_);
    if (event.contains("person")) event["person"] = person(event["person"]);
    for (const char* party : {"recipient", "source", "actor", "via"}) {
      if (event.contains(party)) event[party] = instance(event[party].get<std::string>());
    }
    if (event.contains("data")) event["data"] = Json{{"other", std::string(number_ % 90, 'o')}};
    return event;
  }
  // Somebody of the example, as this world calls them.
  std::string alias(const std::string& text) const {
    const auto found = aliases_.find(text);
    return found == aliases_.end() ? text : found->second;
  }

 private:
  Json person(const Json& given) {
    if (!given.is_array()) return other(given.get<std::string>());
    Json out = Json::array();
    for (const Json& one : given) out.push_back(other(one.get<std::string>()));
    return out;
  }
  std::string other(const std::string& alias) {
    const std::string scheme = alias.substr(0, alias.find(':'));
    std::string& known = aliases_[alias];
    if (known.empty() || whose_ == Whose::everyEventOfAnother) {
      const std::string name =
          "p" + std::to_string(number_) + std::string(aliases_.size() % 17, 'q');
      known = scheme + ":" + name;
      if (scheme == "email") known += "@elsewhere.example.com";
      if (scheme == "phone") known = "phone:+316" + std::to_string(20'000'000 + number_);
    }
    return known;
  }
  std::string instance(const std::string& party) {
    const auto colon = party.find(':');
    if (colon == std::string::npos) return party;  // a party of the register is no person
    std::string& known = instances_[party];
    if (known.empty() || whose_ == Whose::everyEventOfAnother) {
      known = party.substr(0, colon) + ":somebody-else-" + std::to_string(number_);
    }
    return known;
  }

  Whose whose_;
  std::size_t number_ = 0;
  std::map<std::string, std::string> aliases_, instances_;
};

// With erasures a record each step: which steps there are follows from what is kept of whom, as it may.
enum class Day { withErasures, withoutErasures };

// The example in a daemon that has something to hide, and all that it gives away.
struct Kjenning : CliWorld {
  explicit Kjenning(Whose whose, Day day = Day::withErasures) : cast(whose) {
    daemon->stop();
    std::filesystem::remove(data.string() + ".log");
    daemon.emplace(data, std::vector<std::string>{"--allow-weak-erasure", "--origin",
                                                  "example.org/cli", "--http", "127.0.0.1:0"});
    applyKjenning();
    std::istringstream in(contentOf(kExamples + "kjenning/events.jsonl"));
    std::string all;
    for (std::string line; std::getline(in, line);) {
      events.push_back(cast.line(line));
      all += events.back().dump() + "\n";
    }
    done({"submit", written("events", all), "--admit"});
    officersDay(day);
    checkpoint();
    done({"export-log", file("export")});
    captured = overHttp(port());
    for (auto& [name, bytes] : asAuditor(data / "lacuna.sock")) captured["wire " + name] = bytes;
    for (auto& [name, bytes] : asFiles(file("export"))) captured[name] = bytes;
    captured["wire log --public"] = done({"log", "--public", "--json"}).out;
  }
  // What leaves public records beside those of the events.
  void officersDay(Day day) const {
    checkpoint();
    done({"history", cast.alias("crm:100005"), "--reason", "request:1"});
    done({"state", cast.alias("crm:100006"), "--reason", "support"});
    lacuna({"history", "crm:nobody-at-all", "--reason", "audit"});
    done({"disclose", "70", "--reason", "other:court"});
    if (day == Day::withErasures) done({"withdraw", "80", "--ground", "unlawful"});
    if (day == Day::withoutErasures) return;
    lacuna({"erase", cast.alias("crm:100011"), "--ground", "objection", "--class", "marketing"});
    lacuna({"erase", cast.alias("crm:100012"), "--ground", "consent-withdrawn"});
  }
  std::uint16_t port() const {
    const std::string mark = "HTTP on loopback, port ", log = contentOf(data.string() + ".log");
    const auto at = log.find(mark);
    REQUIRE(at != std::string::npos);
    return static_cast<std::uint16_t>(std::stoi(log.substr(at + mark.size())));
  }

  Cast cast;
  std::vector<Json> events;
  PublicBytes captured;
};

// Texts of the input: of persons, who stand nowhere; and of the register, which is itself public.
struct Input {
  std::set<std::string> persons, words;

  explicit Input(const std::vector<Json>& events) {
    for (const Json& event : events) {
      for (const auto& [field, value] : event.items()) take(field, value);
    }
  }

 private:
  void take(const std::string& field, const Json& value) {
    if (value.is_object() || value.is_array()) {
      for (const Json& inner : value) take(field, inner);
    } else if (value.is_string()) {
      takeText(field, value.get<std::string>());
    }
  }
  // "zendesk" is also what somebody's staff is called, and a word of the register.
  void take(const std::string& text) { (has(register_, text) ? words : persons).insert(text); }
  void takeText(const std::string& field, const std::string& text) {
    const auto colon = text.find(':');
    if (field == "person") {
      persons.insert({text, text.substr(colon + 1)});
      if (const auto at = text.find('@'); at != std::string::npos) {
        persons.insert(text.substr(colon + 1, at - colon - 1));
      }
    } else if (field == "data") {
      take(text);
    } else if (field == "id") {
      persons.insert(text);
    } else if (field == "recipient" || field == "source" || field == "actor" || field == "via") {
      if (colon != std::string::npos) persons.insert(text), take(text.substr(colon + 1));
      if (colon == std::string::npos && field != "actor") words.insert(text);
    } else if (field == "purpose" || field == "class" || field == "agreement" ||
               field == "wording") {
      words.insert(text);
    }
  }

  const std::string register_ = contentOf(kExamples + "kjenning/register.toml");
};

bool isDocument(const std::string& name) { return has(name, "document"); }
bool isBundle(const std::string& name) {
  return has(name, "tile/entries/") && !has(name, " head") &&
         !has(name, "x001");  // which is refused
}
bool isTile(const std::string& name) {
  return has(name, "tile/") && !has(name, "tile/entries/") && !has(name, " head");
}
bool isRecord(const std::string& name) { return name.starts_with("wire record "); }

std::vector<Bytes> entriesOf(const std::string& name, const std::string& bundle) {
  const auto at = name.rfind(".p/");
  const unsigned width =
      at == std::string::npos ? 256 : static_cast<unsigned>(std::stoul(name.substr(at + 3)));
  return decodeBundle(bytesOf(bundle), width).value();
}

std::vector<Leak> leaksIn(const PublicBytes& captured, const LeakSearch& persons,
                          const LeakSearch& words) {
  std::vector<Leak> out;
  const auto take = [&](std::vector<Leak> leaks) {
    out.insert(out.end(), leaks.begin(), leaks.end());
  };
  const auto fixed = [&](const std::string& name, ByteView record) {
    const Bytes plain = withoutChance(record);
    for (const LeakSearch* search : {&persons, &words}) {
      take(search->inPlain(name, textOf(ByteView(plain))));
    }
  };
  for (const auto& [name, bytes] : captured) {
    for (const LeakSearch* search : {&persons, &words}) {
      // The register is a document, and says what purposes and recipients there are.
      if (search == &words && isDocument(name)) continue;
      const bool random = isTile(name) || isBundle(name) || isRecord(name);
      take(random ? search->inBinary(name, bytes) : search->inText(name, bytes));
      take(search->inText("the name " + name, name));
    }
    if (isRecord(name)) fixed(name, bytesOf(bytes));
    if (!isBundle(name) || bytes.empty()) continue;
    for (const Bytes& record : entriesOf(name, bytes)) fixed(name, record);
  }
  return out;
}

// A signed note without its root and its signature.
std::string noteWithoutChance(const std::string& text) {
  const auto note = parseNote(text);
  REQUIRE(note);
  std::string out =
      note->checkpoint.origin + " " + std::to_string(note->checkpoint.size.raw()) + " by";
  for (const NoteSignature& line : note->signatures) {
    out += " " + line.name + " " + std::to_string(line.signature.size());
  }
  return out;
}

std::string recordWithoutChance(ByteView record) {
  const Bytes out = withoutChance(record);
  return {out.begin(), out.end()};
}

std::string receiptWithoutChance(const std::string& text) {
  const auto proof = proofOfText(text);
  if (!proof) return text;  // a refusal
  return recordWithoutChance(proof->extra) + " at " + std::to_string(proof->index.raw()) +
         " with " + std::to_string(proof->hashes.size()) + " hashes under " +
         noteWithoutChance(proof->checkpoint);
}

// What is left of an answer when chance and time are taken out of it.
std::string answerWithoutChance(const std::string& name, const std::string& bytes) {
  if (isTile(name)) return std::to_string(bytes.size());
  if (isRecord(name)) return recordWithoutChance(bytesOf(bytes));
  if (isBundle(name) && !bytes.empty()) {
    std::string out;
    for (const Bytes& entry : entriesOf(name, bytes)) {
      out += recordWithoutChance(entry) + "|";
    }
    return out;
  }
  if (name.starts_with("wire receipt")) return receiptWithoutChance(bytes);
  if (name == "wire checkpoint" || name == "GET /checkpoint" || name == "file checkpoint") {
    return noteWithoutChance(bytes);
  }
  if (name == "wire log --public") {
    std::string out;
    for (Json line : linesOf(bytes)) {
      for (const char* field : {"recordedAt", "ledger", "key"}) line.erase(field);
      out += line.dump() + "\n";
    }
    return out;
  }
  if (name == "wire status" || name == "GET /v1/status") {
    Json status = Json::parse(bytes);
    // The machine's, and the key; `persons` is told to officers and operators alone.
    for (const char* field : {"key", "groups", "queuedBytes", "freeDiskBytes", "persons"}) {
      status.erase(field);
    }
    return status.dump();
  }
  // A key; how often the timer signed; how well random bytes shrank.
  if (name == "wire verifierKey" || name == "wire checkpoints") return {};
  if (has(name, "compressed head") || has(name, "/v1/status head")) {
    return bytes.substr(0, bytes.find("\r\nContent-Length: "));
  }
  return bytes;
}

void checkSame(const Kjenning& one, const Kjenning& other) {
  REQUIRE(one.captured.size() == other.captured.size());
  std::size_t compared = 0;
  for (const auto& [name, bytes] : one.captured) {
    const auto found = other.captured.find(name);
    if (found == other.captured.end()) {
      FAIL_CHECK("only in one world: " + name);
      continue;
    }
    if (answerWithoutChance(name, bytes) != answerWithoutChance(name, found->second)) {
      FAIL_CHECK("differs between the worlds: " + name);
    }
    ++compared;
  }
  CHECK(compared > 10'000);
}

}  // namespace

TEST_CASE("nothing that is reachable holds a person, a purpose or a recipient, in any form",
          "[http][P4][P6][P9]") {
  const Kjenning world(Whose::theirs);
  const Input input(world.events);
  CHECK(input.persons.size() > 7'000);
  CHECK(input.words.size() > 20);
  LeakSearch persons, words;
  for (const std::string& text : input.persons) persons.add(text);
  for (const std::string& text : input.words) words.add(text);
  std::size_t bytes = 0;
  for (const auto& [name, content] : world.captured) bytes += content.size();
  CHECK(bytes > 5'000'000);

  for (const Leak& leak : leaksIn(world.captured, persons, words)) {
    FAIL_CHECK(leak.where + " holds '" + leak.text + "', " + leak.form);
  }

  // Every tag and every commitment stands once: nothing in a record says that two are of one person.
  std::set<std::string> seen;
  for (const auto& [name, content] : world.captured) {
    if (!isRecord(name)) continue;
    const Record record = decodeRecord(bytesOf(content)).value();
    CHECK(seen.insert(hexOf(record.tag.view())).second);
    if ((record.flags & kHasEnvelope) != 0) {
      CHECK(seen.insert(hexOf(record.commitment.view())).second);
    }
  }
  CHECK(seen.size() > 10'000);

  // The search sees what is there: each form, planted where it would hide.
  const std::string alias = "email:youssef.schouten.204@example.org";
  const auto sees = [&](const std::string& where, const std::string& planted) {
    PublicBytes spoiled{{where, planted}};
    return !leaksIn(spoiled, persons, words).empty();
  };
  const std::string random(50, '\x9a');
  CHECK_FALSE(sees("file tile/0/000", random));
  for (const std::string& planted :
       {alias, std::string("YOUSSEF.SCHOUTEN.204"), hexOf(bytesOf(alias)),
        base64Of(bytesOf("x" + alias)), base64Of(bytesOf("xy" + alias)),
        std::string("email%3ayoussef.schouten.204%40example.org"),
        std::string(textOf(ByteView(sha256(bytesOf(alias))).first(16)))}) {
    CAPTURE(planted);
    CHECK(sees("file tile/0/000", random + planted + random));
  }
  CHECK(sees("GET /v1/status", "{\"last\":\"zoom\"}"));
  CHECK(sees("wire receipt 3", "extra " + base64Of(bytesOf(random + "Ren\u00e9 de Wit" + random))));
  CHECK(sees("GET /document/00", "about " + alias));
  CHECK_FALSE(sees("GET /document/00", "recipient = \"mandrill\""));
}

TEST_CASE(
    "of other persons, and of nobody twice, the same bytes are reachable, but for chance and time",
    "[http][P4][P6][P9]") {
  SECTION("other persons") { checkSame(Kjenning(Whose::theirs), Kjenning(Whose::others)); }
  SECTION("each event of another person") {
    checkSame(Kjenning(Whose::theirs, Day::withoutErasures),
              Kjenning(Whose::everyEventOfAnother, Day::withoutErasures));
  }
}
