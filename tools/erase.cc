#include "ledger/base/clock.h"
#include "tools/commands.h"
#include "tools/reading.h"

#include <array>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr unsigned kAttemptsMax = 5;
constexpr std::array<std::string_view, 2> kWaits{"committed", "complete"};

struct Order {
  std::string person, ground, id;
  std::vector<std::string> classes;
  bool dryRun = false;
};

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
      ("certificate", po::value<std::string>()->value_name("FILE"), "refused by this version");
}

Exit erase(Invocation& call) {
  Order order;
  order.ground = call.text("ground");
  if (order.ground.empty()) throw UsageError("--ground G is missing; see: lacuna erase --help");
  order.classes = call.list("class");
  order.dryRun = call.flag("dry-run");
  const std::string wait =
      call.text("wait").empty() ? "complete" : oneOf("--wait", call.text("wait"), kWaits);
  if (!call.text("certificate").empty()) {
    return call.console.refuse(
        {RefusalCode::unsupported,
         "certificates of erasure come with a later version; nothing was erased"});
  }
  order.person = personOf(call.words.at(0), call.console.in());
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
  if (reached(report, wait == "committed" ? "committed" : "complete")) return Exit::done;
  call.console.warn(
      reached(report, "committed")
          ? "the erasure is committed and not yet complete: a key holder still has its key"
          : "the erasure is accepted and not yet committed");
  return Exit::unfinished;
}

}  // namespace lacuna::tool
