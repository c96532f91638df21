// lacuna export and verify --export, as an officer hands them out and a person, or who helps one, checks them.
#include "tests/support/cli_world.h"

#include <sys/stat.h>

namespace lacuna {
namespace {

using namespace test;
namespace fs = std::filesystem;

std::vector<std::string> namesIn(const fs::path& directory) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(directory)) {
    out.push_back(entry.path().filename().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string without(const std::string& text, std::size_t line) {
  std::istringstream in(text);
  std::string out, each;
  for (std::size_t i = 0; std::getline(in, each); ++i) {
    if (i != line) out += each + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("a person's export is made, and checked offline by its files and a key",
          "[P1][P9][export]") {
  CliWorld world;
  world.applyKjenning();
  world.done({"submit", kExamples + "kjenning/events.jsonl"});
  const std::string key = world.key(), dir = world.file("export");
  CHECK(world.lacuna({"export", "crm:100005"}).exit == 2);
  CHECK(world.lacuna({"export", "--to", dir}).exit == 2);
  CHECK(has(world.lacuna({"export", "crm:nobody", "--to", dir}).err, "unknown-person"));
  CHECK_FALSE(fs::exists(dir));
  const Json made = Json::parse(
      world.done({"--json", "export", "crm:100005", "--to", dir + "/", "--reason", "request:17"})
          .out);
  CHECK(made["events"].get<std::uint64_t>() > 20);
  CHECK(namesIn(dir) == std::vector<std::string>{"checkpoint.txt", "events.jsonl", "manifest.json",
                                                 "page.en.html", "page.nl.html", "person.json",
                                                 "proofs.jsonl"});
  CHECK((fs::status(dir).permissions() & fs::perms::all) == fs::perms::owner_all);
  CHECK((fs::status(fs::path(dir) / "events.jsonl").permissions() & fs::perms::all) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  for (const std::string& name : namesIn(world.dir.path())) CHECK_FALSE(has(name, ".tmp"));
  // Nothing is written over.
  CHECK(has(world.lacuna({"export", "crm:100005", "--to", dir}).err, "already-exists"));
  const Json person = Json::parse(contentOf(fs::path(dir) / "person.json"));
  CHECK(person["controller"]["name"] == "Kjenning B.V.");
  CHECK(person["request"]["reason"] == "request:17");
  bool teacher = false, shield = false;
  for (const Json& recipient : person["recipients"]) {
    teacher = teacher || has(recipient["recipient"].get<std::string>(), "teacher:");
    if (recipient["recipient"] != "mandrill") continue;
    shield = true;
    CHECK(recipient["sharings"].size() == recipient["count"].get<std::size_t>());
    CHECK(recipient["safeguard"] == "us-privacy-shield");
    CHECK(recipient["sharings"][0]["safeguard"]["id"] == "us-safe-harbor");  // that of its date
    CHECK(recipient["sharings"][0]["safeguard"]["stood"] == true);
  }
  CHECK(teacher);
  CHECK(shield);
  const std::string history =
      world.done({"--json", "history", "crm:100005", "--reason", "audit"}).out;
  CHECK(has(history, R"("operation":"export","reason":"request:17")"));

  world.daemon.reset();  // from here on offline
  const auto verified = [&](const std::string& where, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"verify", "--export", where});
    return world.lacuna(more);
  };
  const Finished checked = verified(dir, {"--json", "--key", key});
  CAPTURE(checked.err);
  REQUIRE(checked.exit == 0);
  const Json report = Json::parse(checked.out);
  CHECK(report["result"] == "verified");
  CHECK(report["events"] == made["events"]);
  CHECK(has(verified(dir, {"--key", key}).out, "in each every event from the first to the last"));
  CHECK(has(verified(dir, {"--key", key, "--lang", "nl"}).out, "geverifieerd: "));
  CHECK(has(verified(dir).out, "internally consistent: "));
  const std::string policy = world.written("policy.txt", "log " + key + "\nquorum none\n");
  CHECK(verified(dir, {"--policy", policy}).exit == 0);
  CHECK(verified(dir, {"--since", policy}).exit == 2);

  // Damage, file by file.
  const auto damaged = [&](const std::string& name, const std::string& content) {
    const fs::path copy = world.file("copy");
    fs::remove_all(copy);
    fs::copy(dir, copy);
    std::ofstream(copy / name, std::ios::binary) << content;
    const Finished finished = verified(copy.string(), {"--key", key});
    CHECK(finished.exit == 4);
    return finished.err;
  };
  const fs::path at(dir);
  const std::string events = contentOf(at / "events.jsonl"),
                    proofs = contentOf(at / "proofs.jsonl");
  CHECK(has(damaged("events.jsonl", without(events, 3)), "lacks an event: of lot"));
  CHECK(has(damaged("events.jsonl", events.substr(0, events.size() - 1)), "cut off"));
  CHECK(has(damaged("proofs.jsonl", without(proofs, 0)), "proves another event"));
  CHECK(has(damaged("person.json", contentOf(at / "person.json") + " "),
            "another person.json than its manifest was signed for"));
  const std::string page = contentOf(at / "page.nl.html");
  CHECK(has(page, "Uw persoonsgegevens bij Kjenning B.V."));
  CHECK(has(contentOf(at / "page.en.html"), "Your personal data at Kjenning B.V."));
  CHECK(has(page, "crm:100005"));
  CHECK(has(damaged("page.nl.html", page + " "),
            "another page.nl.html than its manifest was signed for"));
  CHECK(has(damaged("cover.txt", "Dear Sir"), "something that its manifest does not name"));
  std::string manifest = contentOf(at / "manifest.json");
  const std::size_t counted = manifest.find("\"events\": ");
  REQUIRE(counted != std::string::npos);
  manifest[counted + 10] = manifest[counted + 10] == '9' ? '8' : '9';
  CHECK(has(damaged("manifest.json", manifest), "a manifest that its key did not sign"));
  CHECK(has(damaged("manifest.json", "{}"), "lacuna-person-export/1"));
  std::string note = contentOf(at / "checkpoint.txt");
  note.back() = ' ';
  CHECK_FALSE(damaged("checkpoint.txt", note).empty());
  fs::remove_all(world.file("copy"));
  fs::create_directory(world.file("copy"));
  const Finished neither = verified(world.file("copy"), {"--key", key});
  CHECK(neither.exit == 4);
  CHECK(has(neither.err, "neither the export of a log"));
}

TEST_CASE("an export stays what it was after an erasure, and only an officer makes one",
          "[P5][P9][export]") {
  CliWorld world;
  world.applyKjenning();
  world.done({"submit", kExamples + "kjenning/events.jsonl"});
  const std::string key = world.key(), dir = world.file("export");
  fs::create_directory(dir);  // an empty one is taken
  world.done({"export", "crm:100005", "--to", dir, "--reason", "request:1"});
  world.done({"erase", "crm:100005", "--ground", "consent-withdrawn"});
  const Finished gone = world.lacuna({"export", "crm:100005", "--to", world.file("again")});
  CHECK(gone.exit == 1);
  CHECK_FALSE(fs::exists(world.file("again")));
  CHECK(world.done({"verify", "--export", dir, "--key", key}).exit == 0);
  world.done({"access", "grant", "--uid", std::to_string(::getuid()), "--role", "auditor"});
  const Finished asAuditor = world.lacuna({"export", "crm:100006", "--to", world.file("again")});
  CHECK(asAuditor.exit == 1);
  CHECK(has(asAuditor.err, "wrong-role"));
}

}  // namespace lacuna
