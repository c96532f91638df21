#include "tools/commands.h"
#include "tools/reading.h"

namespace lacuna::tool {
namespace po = boost::program_options;

void describeHoldPlace(po::options_description& options) {
  options.add_options()  //
      ("ground", po::value<std::string>()->value_name("G"),
       "why, Art. 17(3): legal-claims, legally-required, public-interest, public-health, "
       "official-authority, archiving, freedom-of-expression")  //
      ("class", po::value<std::vector<std::string>>()->value_name("C"),
       "only this retention class; repeatable")  //
      ("review", po::value<std::string>()->value_name("DATE"),
       "the day on which it is to be looked at again");
  describeReason(options);
}

Exit holdPlace(Invocation& call) {
  const std::string ground = call.text("ground"), review = call.text("review");
  if (ground.empty()) throw UsageError("--ground G is missing; see: lacuna hold place --help");
  if (review.empty()) throw UsageError("--review DATE is missing; see: lacuna hold place --help");
  const std::vector<std::string> classes = call.list("class");
  const std::string reason = reasonOf(call.text("reason"));
  const std::string person = personOf(call.words.at(0), call.console.in());
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.holdPlaceRequest();
    auto hold = request.initRequest();
    hold.setPerson(ptrOf(person));
    hold.setGround(ptrOf(ground));
    hold.setReview(ptrOf(review));
    hold.setReason(ptrOf(reason));
    auto named = hold.initClasses(static_cast<unsigned>(classes.size()));
    for (unsigned i = 0; i < named.size(); ++i) named.set(i, ptrOf(classes[i]));
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

Exit holdLift(Invocation& call) {
  const std::uint64_t number = numberOf("N, the number of the hold,", call.words.at(0), UINT64_MAX);
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.holdLiftRequest();
    request.setNumber(number);
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

Exit holdList(Invocation& call) {
  const std::string reason = reasonOf(call.text("reason"));
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.holdsRequest();
    request.setReason(ptrOf(reason));
    const auto lines = askLines(loop, kj::mv(request));
    return lines ? call.console.showLines(*lines) : call.console.refuse(lines.refusal());
  });
}

}  // namespace lacuna::tool
