#include "ledger/base/limits.h"
#include "tools/commands.h"
#include "tools/reading.h"

namespace lacuna::tool {
namespace {

constexpr std::array<std::string_view, 1> kColumns{"aliases"};

}  // namespace

Exit personFind(Invocation& call) {
  // "-" keeps the text out of process lists, as it does for PERSON.
  std::string text = call.words.at(0);
  if (text == "-" || text.starts_with('@')) {
    text = contentOf("the text to find", text == "-" ? text : text.substr(1), call.console.in(),
                     kAliasBytesMax);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  }
  if (text.empty()) throw UsageError("the text to find is empty");
  const std::string reason = reasonOf(call.text("reason"));
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.personFindRequest();
    request.setText(ptrOf(text));
    request.setReason(ptrOf(reason));
    const auto lines = askLines(loop, kj::mv(request));
    return lines ? call.console.showLines(*lines, kColumns) : call.console.refuse(lines.refusal());
  });
}

Exit personShow(Invocation& call) {
  const std::string reason = reasonOf(call.text("reason"));
  const std::string person = personOf(call.words.at(0), call.console.in());
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.personShowRequest();
    auto question = request.initRequest();
    question.setPerson(ptrOf(person));
    question.setReason(ptrOf(reason));
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

Exit personLink(Invocation& call) {
  const std::string reason = reasonOf(call.text("reason"));
  const std::string person = personOf(call.words.at(0), call.console.in());
  const std::string alias = personOf(call.words.at(1), call.console.in());
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.personLinkRequest();
    request.setPerson(ptrOf(person));
    request.setAlias(ptrOf(alias));
    request.setReason(ptrOf(reason));
    const auto answer = askText(loop, kj::mv(request));
    return answer ? call.console.showObject(*answer) : call.console.refuse(answer.refusal());
  });
}

}  // namespace lacuna::tool
