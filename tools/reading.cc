#include "tools/reading.h"

namespace lacuna::tool {
namespace po = boost::program_options;

void describeReading(po::options_description& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()  //
      ("as-of", text("T"),
       "what held at T: RFC 3339, or a date, meaning its end in the controller's zone")  //
      ("known-at", text("T|SEQ"), "what the ledger knew at T, or through record SEQ")    //
      ("class", text("C"), "only this retention class")                                  //
      ("purpose", text("P"), "only this purpose")                                        //
      ("recipient", text("R"), "only this recipient")                                    //
      ("from", text("T"), "only what happened at T or later")                            //
      ("to", text("T"), "only what happened at T or before");
  describeReason(options);
}

Reading readingOf(const Invocation& call) {
  Reading out;
  out.asOf = timeOf("as-of", call.text("as-of"));
  out.knownAt = timeOrSeqOf("known-at", call.text("known-at"));
  out.from = timeOf("from", call.text("from"));
  out.to = timeOf("to", call.text("to"));
  out.reason = reasonOf(call.text("reason"));
  out.klass = call.text("class");
  out.purpose = call.text("purpose");
  out.recipient = call.text("recipient");
  out.person = personOf(call.words.at(0), call.console.in());
  return out;
}

void fill(const Reading& reading, wire::ReadRequest::Builder request) {
  request.setPerson(ptrOf(reading.person));
  request.setReason(ptrOf(reading.reason));
  request.setAsOf(ptrOf(reading.asOf));
  request.setKnownAt(ptrOf(reading.knownAt));
  request.setClass(ptrOf(reading.klass));
  request.setPurpose(ptrOf(reading.purpose));
  request.setRecipient(ptrOf(reading.recipient));
  request.setFrom(ptrOf(reading.from));
  request.setTo(ptrOf(reading.to));
}

}  // namespace lacuna::tool
