// Every command of lacuna and every documented exit code, against a real lacunad.
#include "tests/support/cli_world.h"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace lacuna {
namespace {

using namespace test;
using World = test::CliWorld;

}  // namespace

TEST_CASE(
    "submit: exit 0 only if all are durable; refusals name line, code and nearest id, and are "
    "kept") {
  World world;
  const Finished early = world.lacuna({"submit", kExamples + "events.jsonl"});
  CHECK(early.exit == 1);  // no register yet: nothing can be named
  world.applyKjenning();

  const std::string good =
      R"({"id":"a-1","kind":"processing","person":"crm:9001","purpose":"course-admin","operation":"collect","system":"website"})";
  const std::string bad =
      R"({"id":"a-2","kind":"processing","person":"crm:9001","purpose":"course-adnim","operation":"collect","system":"website"})";
  const Finished mixed = world.lacuna({"submit", "-", "--refused", world.file("refused.jsonl")},
                                      good + "\n" + bad + "\n{\"kind\"\n");
  CHECK(mixed.exit == 1);
  CHECK(has(mixed.err, "line 2: unknown-purpose: "));
  CHECK(has(mixed.err, "(nearest: course-admin)"));
  CHECK(has(mixed.err, "line 3: invalid-json: "));
  CHECK(has(mixed.out, "1 durable, 2 refused"));
  CHECK(contentOf(world.file("refused.jsonl")) == bad + "\n{\"kind\"\n");

  const std::uint64_t before = world.size();
  const Finished again = world.done({"submit", "--json"}, good + "\n");  // P11
  const Json answer = linesOf(again.out).at(0);
  CHECK(answer["line"] == 1);
  CHECK(answer["repeated"] == true);
  CHECK(answer["leaf"].get<std::string>().size() == 64);
  CHECK(world.size() == before);

  std::string other = good;
  other.replace(other.find("collect"), 7, "observe");
  const Finished reused = world.lacuna({"submit", "--json"}, other + "\n");
  CHECK(reused.exit == 1);
  CHECK(linesOf(reused.out).at(0)["refused"] == "id-reused");
}

TEST_CASE("submit: --check records nothing, --admit lets unknown persons in") {
  World world;
  world.applyKjenning();
  const std::uint64_t before = world.size();
  const std::string line = R"({"kind":"note","person":"crm:9002","system":"website"})";
  CHECK(has(
      world
          .done(
              {"submit", "--check"},
              R"({"kind":"processing","person":"crm:9001","purpose":"course-admin","operation":"collect","system":"website"})"
              "\n")
          .out,
      "1 admissible, 0 refused"));
  CHECK(world.size() == before);
  const Finished unknown = world.lacuna({"submit"}, line + "\n");
  CHECK(unknown.exit == 1);
  CHECK(has(unknown.err, "line 1: unknown-person: "));
  CHECK_FALSE(has(unknown.err, "9002"));
  CHECK(world.done({"submit", "--admit"}, line + "\n").exit == 0);
}

TEST_CASE("submit: bad input is one sentence a line, and nothing else is lost") {
  World world;
  world.applyKjenning();
  const std::string good =
      R"({"kind":"processing","person":"crm:1","purpose":"course-admin","operation":"collect","system":"website"})";
  const std::string future =
      R"({"kind":"processing","person":"crm:1","purpose":"course-admin","operation":"collect","system":"website","at":"2999-01-01T00:00:00Z"})";
  const std::string oversize =
      R"({"kind":"note","person":"crm:1","data":{"x":")" + std::string(200'000, 'x') + "\"}}";
  std::string input = R"({"kind":"processing","persn":"crm:1"})"
                      "\n";
  input += "not json\n" + future + "\n" + oversize + "\n" + std::string("\xff\xfe\n") + good + "\n";
  input += R"({"kind":"access","person":"crm:1"})"
           "\n" +
           std::string(5'000'000, 'y') + "\n" + good;
  const Finished finished =
      world.lacuna({"submit", "--json", "--refused", world.file("refused")}, input);
  CHECK(finished.exit == 1);
  std::map<std::uint64_t, std::string> codes;
  for (const Json& line : linesOf(finished.out)) {
    codes[line["line"].get<std::uint64_t>()] =
        line.contains("refused") ? line["refused"].get<std::string>() : "durable";
  }
  CHECK(codes[1] == "unknown-field");
  CHECK(codes[2] == "invalid-json");
  CHECK(codes[3] == "in-future");
  CHECK(codes[4] == "too-large");
  CHECK(codes[5] == "invalid-json");
  CHECK(codes[6] == "durable");
  CHECK(codes[7] == "kind-not-allowed");
  CHECK(codes[8] == "too-large");
  CHECK(codes[9] == "durable");
  CHECK(codes.size() == 9);
}

TEST_CASE("submit: 5,000 events of Kjenning stream in, and again without a second record",
          "[P11]") {
  World world;
  world.applyKjenning();
  const Finished first = world.done({"submit", kExamples + "kjenning/events.jsonl"});
  CHECK(has(first.out, "5000 durable, 0 refused"));
  const std::uint64_t size = world.size();
  CHECK(size >= 5000);
  const Finished again = world.done({"submit"}, contentOf(kExamples + "kjenning/events.jsonl"));
  CHECK(has(again.out, "5000 known before"));
  CHECK(world.size() == size);
}

TEST_CASE("history, state and recipients answer in every form, and the question is in the history",
          "[P9]") {
  World world;
  world.applyKjenning();
  world.submitExamples();
  const std::string person = "email:noor@example.nl";

  const Finished json = world.done({"history", person, "--json", "--reason", "request:12"});
  const auto events = linesOf(json.out);
  REQUIRE(events.size() >= 3);
  CHECK(events[0]["kind"] == "processing");
  CHECK(events[1]["recipient"] == "zoom");
  const auto seen =
      linesOf(world.done({"--json", "history", "-", "--reason", "audit"}, person + "\n").out);
  const auto asked = [&](const std::string& reason) {
    return std::any_of(seen.begin(), seen.end(), [&](const Json& e) {
      return e["kind"] == "consultation" && has(e.value("reason", ""), reason);
    });
  };
  CHECK(asked("request"));

  CHECK(has(world.done({"history", person}).out, "Seq"));
  CHECK(has(world.done({"history", person, "--lang", "nl"}).out, "Soort"));
  CHECK(world.done({"history", person, "--format", "csv"}).out.starts_with("seq,leaf,at,"));
  CHECK(linesOf(
            world.done({"history", person, "--json", "--as-of", "2020-04-10", "--reason", "audit"})
                .out)
            .size() == 1);
  CHECK(
      linesOf(
          world.done({"history", person, "--json", "--purpose", "newsletter", "--reason", "audit"})
              .out)
          .size() == 1);

  const Json state = Json::parse(
      world.done({"state", "@" + world.written("person", person + "\n"), "--json"}).out);
  CHECK(state["consents"][0]["purpose"] == "newsletter");
  CHECK(has(world.done({"state", person}).out, "Consents"));
  CHECK(has(world.done({"state", person, "--lang", "nl"}).out, "Toestemmingen"));
  CHECK(has(world.done({"state", person, "--format", "csv"}).out, "consents,1,purpose,newsletter"));

  CHECK(linesOf(world.done({"recipients", person, "--json"}).out).at(0)["recipient"] == "zoom");
  CHECK(has(world.done({"recipients", person}).out, "zoom"));

  const Finished nobody = world.lacuna({"history", "crm:404", "--json"});
  CHECK(nobody.exit == 1);
  CHECK(Json::parse(nobody.out).contains("refused"));
  CHECK_FALSE(has(nobody.err, "404"));  // P4: no error text holds an alias
}

TEST_CASE("persons are found, shown and linked") {
  World world;
  world.applyKjenning();
  world.submitExamples();
  CHECK(linesOf(world.done({"person", "find", "noor@", "--json", "--reason", "support"}).out)
            .size() == 1);
  const Finished shown =
      world.done({"person", "show", "crm:200001", "--json", "--reason", "support"});
  CHECK(has(shown.out, "email:noor@example.nl"));
  world.done({"person", "link", "crm:200001", "student:77", "--reason", "support"});
  CHECK(has(world.done({"person", "show", "student:77", "--reason", "support"}).out, "crm:200001"));
}

TEST_CASE(
    "erase: a plan first, then committed and complete; afterwards nobody is there and the log "
    "still verifies",
    "[P5]") {
  World world;
  world.applyKjenning();
  world.submitExamples();
  const std::string person = "crm:200001";
  const Finished bored = world.lacuna({"erase", person, "--ground", "objecton"});
  CHECK(bored.exit == 2);
  CHECK(has(bored.err, "no-longer-needed, consent-withdrawn"));
  CHECK(has(bored.err, "nearest: objection"));
  world.done(
      {"erase", person, "--ground", "consent-withdrawn", "--class", "marketing", "--dry-run"});
  world.done({"erase", person, "--ground", "consent-withdrawn", "--class", "marketing"});
  CHECK(world.done({"person", "show", person, "--reason", "support"}).exit == 0);
  const Finished whole = world.done({"erase", person, "--ground", "no-longer-needed", "--json"});
  const Json report = Json::parse(whole.out);
  CHECK(report.contains("committed"));
  CHECK(report.contains("complete"));
  CHECK(world.lacuna({"history", person}).exit == 1);
  CHECK(world.lacuna({"erase", person, "--ground", "no-longer-needed"}).exit == 1);
  world.checkpoint();
  CHECK(world.lacuna({"verify", "--key", world.key()}).exit == 0);
}

TEST_CASE("register: applied whole or refused with the line; shown as applied, at any date") {
  World world;
  world.applyKjenning();
  CHECK(world.done({"register", "show"}).out == contentOf(kExamples + "kjenning/register.toml"));
  CHECK(Json::parse(world.done({"register", "show", "--json"}).out)["register"].is_string());
  const Finished wrong = world.lacuna({"register", "apply", "-"}, "[[purposes]]\nid = 3\n");
  CHECK(wrong.exit == 1);
  CHECK(has(wrong.err, "line "));
  CHECK(world.done({"register", "show"}).out == contentOf(kExamples + "kjenning/register.toml"));
  CHECK(world.lacuna({"register", "show", "--as-of", "1999-01-01"}).exit <= 1);
}

TEST_CASE("access: the first grant ends single-user mode, and a role not held is refused", "[P9]") {
  World world;
  world.applyKjenning();
  CHECK(has(world.done({"access", "list"}).out, "single-user mode"));
  const std::string uid = std::to_string(::getuid());
  const Finished granted = world.done({"access", "grant", "--uid", uid, "--role",
                                       "operator,auditor", "--label", "machine room", "--json"});
  const auto principal = Json::parse(granted.out)["principal"].get<std::uint64_t>();
  const auto grants = linesOf(world.done({"access", "list", "--json"}).out);
  CHECK(grants.at(0)["roles"] == Json{"auditor", "operator"});
  CHECK(Json::parse(world.done({"status", "--json"}).out)["singleUser"] == false);
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"history", "crm:1"},
                                             {"register", "show"},
                                             {"submit", kExamples + "events.jsonl"},
                                             {"erase", "crm:1", "--ground", "unlawful"}}) {
    const Finished refused = world.lacuna(arguments);
    CHECK(refused.exit == 1);
    CHECK(has(refused.err, "refused (wrong-role): "));
  }
  world.done({"access", "grant", "--uid", uid, "--role", "recorder", "--system", "website"});
  const Finished wrongSystem = world.lacuna(
      {"submit", "--json"},
      R"({"kind":"processing","person":"crm:1","purpose":"course-admin","operation":"collect","system":"office"})"
      "\n");
  CHECK(wrongSystem.exit == 1);
  CHECK(linesOf(wrongSystem.out).at(0)["refused"] == "wrong-system");
  CHECK(world.lacuna({"access", "revoke", "999"}).exit == 1);
  world.done({"access", "revoke", std::to_string(principal)});
  CHECK(world.lacuna({"checkpoint"}).exit == 1);
  world.done(
      {"access", "list"});  // who runs the daemon stays operator, and cannot lock everybody out
}

TEST_CASE("status and keys say how things are") {
  World world;
  const Json status = Json::parse(world.done({"status", "--json"}).out);
  CHECK(status["singleUser"] == true);
  CHECK(world.done({"status", "--check"}).exit == 0);
  CHECK(has(world.done({"status", "--lang", "nl"}).out, "Verzegeld"));
  for (const char* what : {"status", "check"}) {
    const Json keys = Json::parse(world.done({"keys", what, "--json"}).out);
    CHECK_FALSE(keys["holders"][0]["assurance"].get<std::string>().empty());
    CHECK(has(world.done({"keys", what}).out, "Assurance"));
  }
}

TEST_CASE("a receipt is proved, verified offline, and fails with exit 4 when changed", "[P1]") {
  World world;
  world.applyKjenning();
  world.submitExamples();
  world.checkpoint();
  const std::string key = world.key();
  world.done({"prove", "2", "--out", world.file("receipt")});
  CHECK(world.done({"prove", "2"}).out == contentOf(world.file("receipt")));
  world.daemon->kill();  // offline from here

  const Finished trusted = world.done({"verify", "--receipt", world.file("receipt"), "--key", key});
  CHECK(has(trusted.out, "verified: record 2"));
  const Finished believed = world.done({"verify", "--receipt", world.file("receipt")});
  CHECK(has(believed.out, "internally consistent"));
  CHECK_FALSE(has(believed.out, "verified"));

  const std::string receipt = contentOf(world.file("receipt"));
  std::size_t at = receipt.find("extra ") + 6 + 60;
  for (int i = 0;
       i<20; ++i, at += (receipt.size() - 100) / 20> 0 ? (receipt.size() - 100) / 25 : 1) {
    if (at >= receipt.size() || receipt[at] == '\n') continue;
    std::string changed = receipt;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    if (changed == receipt) continue;
    const Finished failed =
        world.lacuna({"verify", "--receipt", world.written("changed", changed), "--key", key});
    CAPTURE(at, failed.out);
    CHECK(failed.exit == 4);
    CHECK(has(failed.err, "verification failed: "));
  }
  CHECK(world.lacuna({"prove", "1"}).exit == 3);  // nobody answers any more
}

TEST_CASE("proving what is not there is refused as such, and not as something to come") {
  World world;
  const Finished refused = world.lacuna({"prove", "1000000"});
  CHECK(refused.exit == 1);
  CHECK(has(refused.err, "refused (not-found): the log has no record of that number"));
}

TEST_CASE("what cannot be is refused: times that exclude each other, a record that is none") {
  World world;
  world.applyKjenning();
  world.submitExamples();
  const Finished times =
      world.lacuna({"history", "crm:200001", "--from", "2021-01-01", "--to", "2020-01-01"});
  CHECK(times.exit == 1);
  CHECK(has(times.err, "invalid-value"));
  const Finished corrects = world.lacuna(
      {"submit"}, R"({"kind":"note","person":"crm:200001","system":"website","corrects":100000})"
                  "\n");
  CHECK(corrects.exit == 1);
  CHECK(has(corrects.err, "not-found"));
}

TEST_CASE("--lang nl: headings, counts and refusals are Dutch; codes and ids are not") {
  World world;
  world.applyKjenning();
  const std::string events = contentOf(kExamples + "events.jsonl");
  CHECK(has(world.done({"submit", "--lang", "nl"}, events).out, "3 gebeurtenissen: 3 vastgelegd"));
  const Finished nobody = world.lacuna({"history", "crm:404", "--lang", "nl"});
  CHECK(has(nobody.err, "geweigerd (unknown-person): onder deze alias is niemand bekend"));
  const std::string verified = world.done({"verify", "--lang", "nl"}).out;
  CHECK(verified.starts_with("in zichzelf sluitend: "));
  CHECK(has(verified, "niet gecontroleerd: enveloppen"));
  CHECK(has(world.done({"access", "list", "--lang", "nl"}).out, "eengebruikersmodus"));
  CHECK(has(world.done({"status", "--lang", "nl"}).out, "Vrij op schijf"));
  CHECK(world.lacuna({"--lang", "nl", "--connect", "unix:" + world.file("none"), "status"})
            .err.starts_with("lacuna: storing: "));
}

TEST_CASE("a csv has its columns, whatever there is to show") {
  World world;
  world.applyKjenning();
  world.submitExamples();
  CHECK(world.done({"access", "list", "--format", "csv"}).out ==
        "principal,uid,gid,roles,systems,label,since,revoked\r\n");
  CHECK(world.done({"person", "find", "nobody", "--format", "csv", "--reason", "audit"}).out ==
        "aliases\r\n");
  CHECK(world
            .done({"history", "crm:200001", "--purpose", "newsletter", "--to", "2001-01-01",
                   "--format", "csv"})
            .out.starts_with("seq,leaf,at,recordedAt,kind,"));
}

TEST_CASE("verify: the daemon's log as an auditor, with and without a key, since an old checkpoint",
          "[P1][P3]") {
  World world;
  world.applyKjenning();
  const std::string old = world.checkpoint();
  const std::string since = world.written("since", old);
  world.submitExamples();
  world.checkpoint();
  const std::string key = world.key();

  const Finished believed = world.done({"verify"});
  CHECK(believed.out.starts_with("internally consistent"));
  CHECK_FALSE(has(believed.out, "verified"));
  CHECK(has(believed.out, key));
  CHECK(has(believed.out, "not checked: envelopes"));

  const Finished trusted = world.done({"verify", "--key", world.written("key", key + "\n"),
                                       "--since", since, "--report", world.file("report.json")});
  CHECK(trusted.out.starts_with("verified: "));
  const Json report = Json::parse(contentOf(world.file("report.json")));
  CHECK(report["result"] == "verified");
  CHECK(report["key"] == key);
  CHECK(report["checkpoints"][0] == old);
  CHECK(Json::parse(world.done({"verify", "--key", key, "--json"}).out)["result"] == "verified");

  // Another ledger under the same name: its checkpoint and its key do not fit.
  World other;
  other.applyKjenning();
  const std::string foreign = other.written("foreign", other.checkpoint());
  CHECK(world.lacuna({"verify", "--key", other.key()}).exit == 4);
  CHECK(world.lacuna({"verify", "--key", key, "--since", foreign}).exit == 4);
}

TEST_CASE(
    "verify --data: a copy, live or stopped, is verified with its envelopes; damage is exit 4",
    "[P1]") {
  World world;
  world.applyKjenning();
  world.done({"submit", kExamples + "kjenning/events.jsonl"});
  const std::string since = world.written("since", world.checkpoint());
  const std::string key = world.key();

  std::filesystem::create_directory(world.file("live"));
  std::filesystem::copy(world.data / "log", world.file("live") + "/log",
                        std::filesystem::copy_options::recursive);
  const Finished live =
      world.done({"verify", "--data", world.file("live"), "--key", key, "--since", since});
  CHECK(live.out.starts_with("verified: "));
  CHECK(world.daemon->stop() == 0);
  const Finished stopped =
      world.done({"verify", "--data", world.data.string(), "--key", key, "--json"});
  const Json report = Json::parse(stopped.out);
  CHECK(report["checked"]["envelopes"].get<std::uint64_t>() > 4000);
  CHECK(report["checked"]["documents"].get<std::uint64_t>() >= 1);
  CHECK(world.done({"verify", "--data", world.data.string()})
            .out.starts_with("internally consistent"));

  // Each file of the log damaged in turn: found, or without meaning; never a crash or another exit code.
  std::size_t found = 0, files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(world.data / "log")) {
    if (!entry.is_regular_file() || entry.file_size() < 64) continue;
    const std::string name = entry.path().extension().string();
    if (name != ".sst" && name != ".log") continue;
    ++files;
    const std::string damaged = world.file("damaged");
    std::filesystem::remove_all(damaged);
    std::filesystem::create_directory(damaged);
    std::filesystem::copy(world.data / "log", damaged + "/log",
                          std::filesystem::copy_options::recursive);
    std::string bytes = contentOf(entry.path());
    for (std::size_t at = bytes.size() / 4; at < bytes.size() / 2; ++at)
      bytes[at] = static_cast<char>(~bytes[at]);
    std::ofstream(damaged + "/log/" + entry.path().filename().string(), std::ios::binary) << bytes;
    const Finished finished =
        world.lacuna({"verify", "--data", damaged, "--key", key, "--since", since});
    CAPTURE(entry.path().filename().string(), finished.exit, finished.err);
    CHECK((finished.exit == 0 || finished.exit == 4));
    if (finished.exit == 4) ++found;
  }
  CHECK(files > 0);
  CHECK(found > 0);

  CHECK(world.lacuna({"verify", "--data", world.file("since")}).exit == 2);  // no directory
  std::filesystem::create_directory(world.file("empty"));
  CHECK(world.lacuna({"verify", "--data", world.file("empty")}).exit == 1);  // no ledger
}

TEST_CASE("submit survives the daemon's death and return without losing or doubling an event",
          "[P2][P11]") {
  World world;
  world.applyKjenning();
  const std::string events = contentOf(kExamples + "kjenning/events.jsonl");
  Finished finished;
  std::thread client([&] {
    finished = world.lacuna({"submit", "--json", "--retry", "50"}, events);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  world.daemon->kill();
  world.start();
  client.join();
  CAPTURE(finished.err);
  CHECK(finished.exit == 0);  // it waited for the daemon; and the same input once more is safe
  const Finished again = world.done({"submit"}, events);
  CAPTURE(again.out);
  CHECK(has(again.out, "5000 events: 5000 durable"));
  CHECK(has(again.out, ", 0 refused"));
  world.checkpoint();
  CHECK(world.done({"verify", "--key", world.key()}).exit == 0);
  std::size_t acknowledged = 0;
  for (const Json& line : linesOf(finished.out)) acknowledged += line.contains("seq") ? 1 : 0;
  if (finished.exit == 0) CHECK(acknowledged == 5000);
}

TEST_CASE("an output that cannot be written is a fault, not a success") {
  World world;
  const std::string command =
      test::builtProgram("lacuna") + " --connect " + world.daemon->socket() + " status > /dev/full";
  CHECK(test::runProgram({"/bin/sh", "-c", command}).exit == 3);
}

}  // namespace lacuna
