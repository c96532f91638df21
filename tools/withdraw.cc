#include "tools/commands.h"
#include "tools/reading.h"
#include "tools/searching.h"

namespace lacuna::tool {
namespace po = boost::program_options;

void describeWithdraw(po::options_description& options) {
  options.add_options()  //
      ("ground", po::value<std::string>()->value_name("G"),
       "why, Art. 17(1): no-longer-needed, consent-withdrawn, objection, unlawful, legal-duty, "
       "child, retention-end")  //
      ("person", po::value<std::string>()->value_name("PERSON"),
       "whose event it is: scheme:value, @FILE or -; else everyone's lots are looked through");
  describeReason(options);
}

Exit withdraw(Invocation& call) {
  const std::uint64_t seq = numberOf("SEQ", call.words.at(0), INT64_MAX);
  const std::string ground = call.text("ground");
  if (ground.empty()) throw UsageError("--ground G is missing; see: lacuna withdraw --help");
  std::string person = call.text("person");
  if (!person.empty()) person = personOf(person, call.console.in());
  const std::string reason = reasonOf(call.text("reason"));
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.withdrawRequest();
    request.setSeq(seq);
    request.setGround(ptrOf(ground));
    request.setPerson(ptrOf(person));
    request.setReason(ptrOf(reason));
    const auto answer = person.empty() ? askWithSearch(loop, officer, kj::mv(request))
                                       : askText(loop, kj::mv(request));
    if (!answer) return call.console.refuse(answer.refusal());
    call.console.showObject(*answer);
    if (parsedAnswer(*answer).contains("complete")) return Exit::done;
    call.console.warn("the event is withdrawn here; a key holder that is away still has its key");
    return Exit::unfinished;
  });
}

}  // namespace lacuna::tool
