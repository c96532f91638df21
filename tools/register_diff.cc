// lacuna register diff: what two registers do not have in common.
#include "ledger/register/diff.h"
#include "tools/commands.h"
#include "tools/register_source.h"

#include <algorithm>
#include <array>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::array<std::string_view, 6> kColumns{"change", "kind", "id", "field", "from", "to"};

constexpr std::size_t kItemsShownMax = 8;  // in the cell of a whole entry

std::string_view wordOf(RegisterChange::What what) {
  constexpr std::array<std::string_view, 3> words{"added", "removed", "changed"};
  return words[static_cast<std::size_t>(what)];
}

std::string_view shownWord(RegisterChange::What what, Language language) {
  constexpr std::array<std::string_view, 3> dutch{"toegevoegd", "verwijderd", "gewijzigd"};
  return in(language, wordOf(what), dutch[static_cast<std::size_t>(what)]);
}

Json jsonOf(const RegisterValue& value) {
  switch (value.type) {
    case RegisterValue::Type::list:
      return value.items;
    case RegisterValue::Type::flag:
      return value.items.at(0) == "true";
    case RegisterValue::Type::number:
      return std::stoll(value.items.at(0));
    case RegisterValue::Type::text:
      break;
  }
  return value.items.at(0);
}

Json jsonOf(const RegisterChange& change) {
  Json out{{"change", wordOf(change.what)}, {"kind", change.kind}};
  if (!change.id.empty()) out["id"] = change.id;
  if (change.what == RegisterChange::What::changed) {
    out["field"] = change.field;
    out["from"] = change.from ? jsonOf(*change.from) : Json();
    out["to"] = change.to ? jsonOf(*change.to) : Json();
  } else {
    Json& entry = out["entry"] = Json::object();
    for (const RegisterField& field : change.entry) entry[field.name] = jsonOf(field.value);
  }
  return out;
}

// An entry in one cell: what it is called, else its fields.
std::string cellOfEntry(const RegisterChange& change, Language language) {
  const std::string label = std::string("label.") + std::string(in(language, "en", "nl"));
  std::string all;
  for (const RegisterField& field : change.entry) {
    if (field.name == label || field.name == "label" || field.name == "name")
      return field.value.items.at(0);
    const std::size_t items = field.value.items.size();
    const std::string value =
        items > kItemsShownMax
            ? std::to_string(items) + std::string(in(language, " items", " stuks"))
            : cellOf(jsonOf(field.value), language);
    all += (all.empty() ? "" : "; ") + field.name + " = " + value;
  }
  return all;
}

// Of two lists only what one has and the other has not; all of them when only the order changed.
std::string cellOfValue(const std::optional<RegisterValue>& value,
                        const std::optional<RegisterValue>& other, Language language) {
  if (!value) return "";
  if (value->type != RegisterValue::Type::list || !other) return cellOf(jsonOf(*value), language);
  std::vector<std::string> own;
  for (const std::string& item : value->items) {
    if (std::find(other->items.begin(), other->items.end(), item) == other->items.end())
      own.push_back(item);
  }
  const bool order = own.empty() && value->items.size() == other->items.size();
  return cellOf(order ? Json(value->items) : Json(own), language);
}

Table tableOf(const std::vector<RegisterChange>& changes, Format format, Language language) {
  const bool forPeople = format == Format::table;  // else for programs: words never change
  Table table;
  for (const std::string_view column : kColumns) {
    table.headings.push_back(forPeople ? headingOf(column, language) : std::string(column));
  }
  for (const RegisterChange& change : changes) {
    const bool added = change.what == RegisterChange::What::added;
    const bool whole = change.what != RegisterChange::What::changed;
    const std::string entry = whole ? cellOfEntry(change, language) : "";
    table.rows.push_back(
        {std::string(forPeople ? shownWord(change.what, language) : wordOf(change.what)),
         change.kind, change.id, change.field,
         whole ? (added ? "" : entry) : cellOfValue(change.from, change.to, language),
         whole ? (added ? entry : "") : cellOfValue(change.to, change.from, language)});
  }
  return table;
}

Exit show(Invocation& call, const ShownRegister& from, const ShownRegister& to) {
  const std::vector<RegisterChange> changes = differences(*from.reg, *to.reg);
  Console& console = call.console;
  if (console.json()) {
    Json out{{"from", from.about}, {"to", to.about}, {"changes", Json::array()}};
    for (const RegisterChange& change : changes) out["changes"].push_back(jsonOf(change));
    console.out() << out.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    return Exit::done;
  }
  const bool forPeople = console.format() == Format::table;
  if (forPeople) {
    console.out() << console.say("from: ", "van:  ") << printable(from.name) << '\n'
                  << console.say("to:   ", "naar: ") << printable(to.name) << '\n';
    if (changes.empty()) {
      console.out() << console.say("they say the same\n", "zij zeggen hetzelfde\n");
      return Exit::done;
    }
    console.out() << '\n';
  }
  console.showTable(tableOf(changes, console.format(), console.language()));
  return Exit::done;
}

Result<ShownRegister> beforeOf(Invocation& call, Loop& loop, wire::Officer::Client& officer,
                               const ShownRegister& to) {
  const auto number = to.about.at("version").get<std::uint64_t>();
  if (number > 1) return registerInForce(call, loop, officer, std::to_string(number - 1));
  return ShownRegister{Register::empty(),
                       std::string(call.console.say("nothing: there was none before",
                                                    "niets: er was nog geen register")),
                       Json{{"version", 0}}};
}

}  // namespace

void describeRegisterDiff(po::options_description& options) {
  options.add_options()  //
      ("from", po::value<std::string>()->value_name("T|VERSION"),
       "the older one: in force at T (RFC 3339 or a date), or a version by its number; the one "
       "before --to unless given")  //
      ("to", po::value<std::string>()->value_name("T|VERSION"),
       "the newer one; the one in force now unless given");
}

Exit registerDiff(Invocation& call) {
  const std::string from = timeOrSeqOf("from", call.text("from"));
  const std::string to = timeOrSeqOf("to", call.text("to"));
  const auto& files = call.words;
  if (!files.empty() && !to.empty()) throw UsageError("a FILE stands in the place of --to");
  if (files.size() == 2) {
    if (!from.empty()) throw UsageError("two FILEs are compared with each other, without --from");
    const auto first = registerOfFile(call, files[0]);
    if (!first) return call.console.refuse(first.refusal());
    const auto second = registerOfFile(call, files[1]);
    if (!second) return call.console.refuse(second.refusal());
    return show(call, *first, *second);
  }
  std::optional<ShownRegister> file;
  if (!files.empty()) {
    auto read = registerOfFile(call, files[0]);
    if (!read) return call.console.refuse(read.refusal());
    file = std::move(*read);
  }
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    const auto newer =
        file ? Result<ShownRegister>(*file) : registerInForce(call, loop, officer, to);
    if (!newer) return call.console.refuse(newer.refusal());
    const auto older = from.empty() && !file ? beforeOf(call, loop, officer, *newer)
                                             : registerInForce(call, loop, officer, from);
    if (!older) return call.console.refuse(older.refusal());
    return show(call, *older, *newer);
  });
}

}  // namespace lacuna::tool
