#include "ledger/base/clock.h"
#include "ledger/base/limits.h"
#include "ledger/proof/certificate.h"
#include "tools/commands.h"
#include "tools/reading.h"

#include <array>
#include <fstream>
#include <sstream>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr unsigned kAttemptsMax = 5;
constexpr std::array<std::string_view, 2> kWaits{"committed", "complete"};
constexpr std::array<std::string_view, 7> kGrounds{
    "no-longer-needed", "consent-withdrawn", "objection", "unlawful", "legal-duty", "child",
    "retention-end"};

struct Order {
  std::string person, ground, id;
  std::vector<std::string> persons, classes;
  bool dryRun = false;
};

// One person a line; empty lines are left out.
std::vector<std::string> personsOf(const std::string& file, std::istream& standardInput) {
  std::istringstream lines(
      contentOf("the list of persons", file, standardInput, kMessageBytesMax / 2));
  std::vector<std::string> out;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) out.push_back(std::move(line));
  }
  if (out.empty()) throw UsageError("the list of persons is empty");
  if (out.size() > kErasePersonsMax) {
    throw UsageError("one erasure names at most 10000 persons: give the list in parts");
  }
  return out;
}

Result<std::string> ask(const Invocation& call, const Order& order, bool& sent) {
  Loop loop;
  Connection connection(loop, call.address());
  auto officer = connection.officer();
  if (!officer) return officer.refusal();
  auto request = officer->eraseRequest();
  auto erasure = request.initRequest();
  erasure.setPerson(ptrOf(order.person));
  erasure.setGround(ptrOf(order.ground));
  erasure.setDryRun(order.dryRun);
  erasure.setErasureId(ptrOf(order.id));
  auto classes = erasure.initClasses(static_cast<unsigned>(order.classes.size()));
  for (unsigned i = 0; i < classes.size(); ++i) classes.set(i, ptrOf(order.classes[i]));
  auto persons = erasure.initPersons(static_cast<unsigned>(order.persons.size()));
  for (unsigned i = 0; i < persons.size(); ++i) persons.set(i, ptrOf(order.persons[i]));
  sent = true;
  return askText(loop, kj::mv(request));
}

// The erasure has an id of our own, so that asking again after a lost connection is the same erasure.
Result<std::string> askUntilAnswered(Invocation& call, const Order& order) {
  bool sent = false;
  for (unsigned attempt = 1;; ++attempt) {
    try {
      return ask(call, order, sent);
    } catch (const kj::Exception& exception) {
      const bool lost = exception.getType() == kj::Exception::Type::DISCONNECTED;
      if (!sent || !lost || attempt == kAttemptsMax) throw;
    }
    Loop loop;
    loop.io().provider->getTimer().afterDelay(attempt * 400 * kj::MILLISECONDS).wait(loop.wait());
  }
}

bool reached(const Json& report, const char* step) {
  if (!report.contains(step)) return false;
  const Json& value = report[step];
  return value.is_boolean() ? value.get<bool>() : !value.is_null();
}

// Why one person is kept whole: the first lot's rule.
Refusal refusalOf(const Json& report) {
  for (const Json& lot : report.value("lots", Json::array())) {
    if (lot.value("keptBy", "") != "law") continue;
    return {RefusalCode::keptByLaw, "a law keeps all of this (" + lot.value("law", "") +
                                        "), until " + lot.value("until", "a day not yet known") +
                                        "; nothing was erased"};
  }
  return {RefusalCode::nothingToErase, "nothing of this can be erased"};
}

// The key holders that still have their keys, and since when they are away.
std::string pendingText(const Console& console, const Json& report) {
  std::string out;
  for (const Json& holder : report.value("pending", Json::array())) {
    out += out.empty() ? "" : ", ";
    out += std::string(console.say("key holder ", "sleutelhouder ")) + holder["holder"].dump();
    if (!holder.contains("since")) continue;
    out += std::string(console.say(", away since ", ", weg sinds ")) +
           holder["since"].get<std::string>();
  }
  return out.empty() ? std::string(console.say("a key holder", "een sleutelhouder")) : out;
}

// What the state of an erasure means for whoever asked for it to be done.
Exit exitOf(Console& console, const Json& report, std::string_view wait) {
  const std::string state = report.value("state", "");
  if (reached(report, wait == "committed" ? "committed" : "complete")) {
    if (report.contains("waitsForHold")) {
      console.warn(
          console.say("a hold keeps some of this; it is erased when the hold is lifted",
                      "een bewaarplicht houdt een deel; dat wordt gewist als zij is opgeheven"));
      return Exit::unfinished;
    }
    return Exit::done;
  }
  if (state == "refused" || state == "cancelled") {
    const Refusal refusal = state == "refused"
                                ? refusalOf(report)
                                : Refusal{RefusalCode::notPending, "this erasure was cancelled"};
    console.warn(sentenceOf(refusal, console.language()));
    return Exit::refused;
  }
  if (state == "followed") return Exit::done;
  console.warn(
      reached(report, "committed")
          ? std::string(
                console.say("the erasure is committed and not yet complete: it waits for ",
                            "de wissing is vastgesteld en nog niet voltooid: zij wacht op ")) +
                pendingText(console, report)
      : state == "held"
          ? console.say("a hold keeps all of this: it is erased when the hold is lifted",
                        "een bewaarplicht houdt dit alles: het wordt gewist als zij is opgeheven")
      : report.contains("needsApproval")
          ? console.say(
                "the erasure is accepted and waits for another officer: lacuna erasure approve N",
                "de wissing is aangenomen en wacht op een tweede functionaris: lacuna erasure "
                "approve N")
          : console.say("the erasure is accepted and not yet committed: its cooling-off time runs",
                        "de wissing is aangenomen en nog niet vastgesteld: haar bedenktijd loopt"));
  return Exit::unfinished;
}

// What an earlier certificate of the same erasure lacks, behind it: its states stay as they were signed.
std::string continued(const std::string& before, const std::string& now) {
  const Result<Certificate> old = certificateOfText(before), made = certificateOfText(now);
  if (!old || !made || old->key != made->key) return now;
  const Result<CertificateStatement> last = decodeStatement(old->states.back().text);
  if (!last || !verifyCertificate(before, std::nullopt)) return now;
  Certificate out = *old;
  for (const SignedStatement& state : made->states) {
    const Result<CertificateStatement> statement = decodeStatement(state.text);
    if (!statement || statement->erasure != last->erasure) return now;
    if (statement->tier > last->tier) out.states.push_back(state);
  }
  if (out.states.size() == old->states.size()) return now;
  out.proofs.insert(out.proofs.end(), made->proofs.begin(), made->proofs.end());
  const std::string text = textOf(out);
  return verifyCertificate(text, std::nullopt) ? text : now;
}

std::string earlier(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kCertificateBytesMax, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

// To the file, or with none to the output. A file that holds an earlier certificate of it is continued.
Exit writeCertificate(Invocation& call, std::uint64_t number, const std::string& file) {
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.erasureCertificateRequest();
    request.setNumber(number);
    const auto answer = askText(loop, kj::mv(request));
    if (!answer) return call.console.refuse(answer.refusal());
    if (file.empty()) {
      call.console.out() << *answer;
    } else {
      writeFile(file, continued(earlier(file), *answer));
    }
    return Exit::done;
  });
}

void needOnePlace(const Invocation& call, bool list) {
  if (list == call.words.empty()) return;
  throw UsageError(list ? "name PERSON or --persons FILE, not both"
                        : "PERSON or --persons FILE is missing; see: lacuna erase --help");
}

}  // namespace

void describeErase(po::options_description& options) {
  options.add_options()  //
      ("ground", po::value<std::string>()->value_name("G"),
       "why, Art. 17(1): no-longer-needed, consent-withdrawn, objection, unlawful, legal-duty, "
       "child, retention-end")  //
      ("class", po::value<std::vector<std::string>>()->value_name("C"),
       "only this retention class; repeatable")                                 //
      ("dry-run", "only the plan: what would be erased, what is kept and why")  //
      ("wait", po::value<std::string>()->value_name("committed|complete"),
       "what exit 0 means; complete unless given")  //
      ("persons", po::value<std::string>()->value_name("FILE|-"),
       "a list instead of PERSON: one person a line, erased together")  //
      ("certificate", po::value<std::string>()->value_name("FILE"),
       "write the certificate there, once it is erased");
}

Exit erase(Invocation& call) {
  Order order;
  order.ground = call.text("ground");
  if (order.ground.empty()) throw UsageError("--ground G is missing; see: lacuna erase --help");
  oneOf("--ground", order.ground, kGrounds);
  order.classes = call.list("class");
  order.dryRun = call.flag("dry-run");
  const std::string wait =
      call.text("wait").empty() ? "complete" : oneOf("--wait", call.text("wait"), kWaits);
  const std::string list = call.text("persons");
  needOnePlace(call, !list.empty());
  if (list.empty()) {
    order.person = personOf(call.words.at(0), call.console.in());
  } else {
    order.persons = personsOf(list, call.console.in());
  }
  if (!order.dryRun) {
    ByteArray<16> id{};
    systemEntropy().fill(id);
    order.id = hexOf(id);
  }
  const auto answer = askUntilAnswered(call, order);
  if (!answer) return call.console.refuse(answer.refusal());
  call.console.showObject(*answer);
  if (order.dryRun) return Exit::done;
  const Json report = parsedAnswer(*answer);
  const Exit exit = exitOf(call.console, report, wait);
  const std::string certificate = call.text("certificate");
  if (certificate.empty()) return exit;
  if (!reached(report, "committed")) {
    call.console.warn("there is no certificate yet; later: lacuna erasure certificate N --to FILE");
    return exit;
  }
  const Exit written = writeCertificate(call, report["case"].get<std::uint64_t>(), certificate);
  return written == Exit::done ? exit : written;
}

// ---- what became of it

namespace {

std::uint64_t caseOf(const Invocation& call) {
  return numberOf("N, the number of the erasure,", call.words.at(0), UINT64_MAX);
}

template <typename Make>
Exit askAbout(Invocation& call, Make make, bool decides) {
  const std::uint64_t number = caseOf(call);
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = make(officer);
    request.setNumber(number);
    const auto answer = askText(loop, kj::mv(request));
    if (!answer) return call.console.refuse(answer.refusal());
    call.console.showObject(*answer);
    return decides ? exitOf(call.console, parsedAnswer(*answer), "complete") : Exit::done;
  });
}

}  // namespace

Exit erasureList(Invocation& call) {
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    const auto lines = askLines(loop, officer.erasuresRequest());
    return lines ? call.console.showLines(*lines) : call.console.refuse(lines.refusal());
  });
}
Exit erasureShow(Invocation& call) {
  return askAbout(
      call, [](auto& officer) { return officer.erasureShowRequest(); }, false);
}
Exit erasureApprove(Invocation& call) {
  return askAbout(
      call, [](auto& officer) { return officer.erasureApproveRequest(); }, true);
}
Exit erasureCancel(Invocation& call) {
  return askAbout(
      call, [](auto& officer) { return officer.erasureCancelRequest(); }, false);
}
void describeErasureCertificate(po::options_description& options) {
  options.add_options()("to", po::value<std::string>()->value_name("FILE"),
                        "write it there; the output unless given");
}
Exit erasureCertificate(Invocation& call) {
  return writeCertificate(call, caseOf(call), call.text("to"));
}
Exit erasureResume(Invocation& call) {
  return askAbout(
      call, [](auto& officer) { return officer.erasureResumeRequest(); }, true);
}

}  // namespace lacuna::tool
