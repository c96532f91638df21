#include "tools/commands.h"
#include "tools/reading.h"
#include "tools/searching.h"

namespace lacuna::tool {
namespace po = boost::program_options;

void describeDisclose(po::options_description& options) {
  options.add_options()  //
      ("to", po::value<std::string>()->value_name("FILE"),
       "write the disclosure there, readable by you alone; else it is printed")  //
      ("person", po::value<std::string>()->value_name("PERSON"),
       "whose event it is: scheme:value, @FILE or -; else everyone's lots are looked through");
  describeReason(options);
}

Exit disclose(Invocation& call) {
  const std::uint64_t seq = numberOf("SEQ", call.words.at(0), INT64_MAX);
  const std::string file = call.text("to");
  std::string person = call.text("person");
  if (!person.empty()) person = personOf(person, call.console.in());
  const std::string reason = reasonOf(call.text("reason"));
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    auto request = officer.discloseRequest();
    request.setSeq(seq);
    request.setPerson(ptrOf(person));
    request.setReason(ptrOf(reason));
    const auto answer = person.empty() ? askWithSearch(loop, officer, kj::mv(request))
                                       : askText(loop, kj::mv(request));
    if (!answer) return call.console.refuse(answer.refusal());
    if (file.empty()) {
      call.console.out() << *answer;
      return Exit::done;
    }
    writeFile(file, *answer, Readers::owner);
    const Json content = parsedAnswer(*answer);
    return call.console.showObject(Json{
        {"seq", seq},
        {"recordedAt", content.value("recordedAt", "")},
        {"key",
         content.value("key", "")}}.dump());
  });
}

}  // namespace lacuna::tool
