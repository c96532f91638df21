// lacuna register ropa: the record of processing activities (Art. 30), as a page for printing or as JSON.
#include "ledger/register/ropa.h"
#include "tools/commands.h"
#include "tools/register_source.h"

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

RopaSource sourceOf(const Json& about) {
  const auto text = [&](const char* field) {
    if (!about.contains(field) || about[field].is_null()) return std::string();
    return cellOf(about[field], Language::en);
  };
  return {about.value("version", std::uint64_t{0}), text("since"), text("until"), text("sha256"),
          text("file")};
}

}  // namespace

void describeRegisterRopa(po::options_description& options) {
  options.add_options()  //
      ("as-of", po::value<std::string>()->value_name("T|VERSION"),
       "of the register that was in force at T, with the safeguards of that day; of a FILE the day "
       "alone")  //
      ("out", po::value<std::string>()->value_name("FILE"), "write it there; else it is printed");
}

Exit registerRopa(Invocation& call) {
  Console& console = call.console;
  const std::string asOf = timeOrSeqOf("as-of", call.text("as-of"));
  const std::string out = call.text("out");
  if (console.format() == Format::csv) throw UsageError("this record is a page, or --json");
  const auto shown = registerAsked(call, call.words.empty() ? "" : call.words[0], asOf);
  if (!shown) return console.refuse(shown.refusal());
  const Date on = dayOf(asOf, *shown->reg);
  const RopaSource source = sourceOf(shown->about);
  const std::string text =
      console.json()
          ? ropaJson(*shown->reg, on, source)
          : ropaPage(*shown->reg, on, source,
                     console.language() == Language::nl ? PageLanguage::nl : PageLanguage::en);
  if (out.empty()) {
    console.out() << text;
    return Exit::done;
  }
  writeFile(out, text);
  return console.showObject(
      Json{{"written", out}, {"bytes", text.size()}, {"on", lacuna::textOf(on)}}.dump(
          -1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace lacuna::tool
