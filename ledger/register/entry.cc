#include "ledger/register/entry.h"

#include "ledger/base/limits.h"
#include "ledger/register/vocabulary.h"

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

struct ListWord {
  std::string_view one, many;
  RefusalCode unknown;
};
// In the order of List.
constexpr std::array<ListWord, kListCount> kLists = {{
    {"category", "categories", RefusalCode::unknownCategory},
    {"class", "classes", RefusalCode::unknownClass},
    {"purpose", "purposes", RefusalCode::unknownPurpose},
    {"party", "parties", RefusalCode::unknownRecipient},
    {"system", "systems", RefusalCode::unknownSystem},
    {"source", "sources", RefusalCode::unknownSource},
    {"safeguard", "safeguards", RefusalCode::unknownSafeguard},
    {"notice", "notices", RefusalCode::unknownNotice},
    {"wording", "wordings", RefusalCode::unknownWording},
    {"agreement", "agreements", RefusalCode::unknownAgreement},
    {"campaign", "campaigns", RefusalCode::invalidRegister},
    {"scheme", "schemes", RefusalCode::unknownScheme},
    {"measure", "measures", RefusalCode::invalidRegister},
    {"claim", "claims", RefusalCode::invalidRegister},
    {"form", "forms", RefusalCode::invalidRegister},
    {"subject", "subjects", RefusalCode::invalidRegister},
}};

std::uint32_t lineOf(const toml::node& node) { return node.source().begin.line; }

std::string quoted(std::string_view text) {
  std::size_t shown = std::min<std::size_t>(text.size(), 60);
  while (shown < text.size() && shown > 0 && (text[shown] & 0xC0) == 0x80) --shown;
  std::string out = "'";
  for (const char c : text.substr(0, shown)) out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return out + (shown < text.size() ? "...'" : "'");
}

}  // namespace

std::string_view oneOf(List list) { return kLists[static_cast<std::size_t>(list)].one; }
std::string_view manyOf(List list) { return kLists[static_cast<std::size_t>(list)].many; }

void Reading::refuse(std::uint32_t line, const std::string& sentence, std::string nearest,
                     RefusalCode code) {
  if (first_ && first_->line <= line) return;
  std::string message = "line " + std::to_string(line) + ": " + sentence;
  if (!nearest.empty()) message += "; did you mean '" + nearest + "'?";
  first_ = RegisterError{line, Refusal{code, std::move(message), std::move(nearest)}};
}

void Reading::refer(List list, std::string id, std::uint32_t line) {
  references_.push_back({list, std::move(id), line});
}

void Reading::dangling(const Reference& reference, std::span<const std::string> known) {
  const ListWord& word = kLists[static_cast<std::size_t>(reference.list)];
  refuse(reference.line, "there is no " + std::string(word.one) + " " + quoted(reference.id),
         nearestOf(reference.id, known), word.unknown);
}

std::uint32_t Reading::define(List list, const std::string& id, std::uint32_t line) {
  const auto [at, fresh] = lines_.emplace(std::pair(list, id), line);
  return fresh ? 0 : at->second;
}

std::uint32_t Reading::lineOf(List list, const std::string& id) const {
  const auto at = lines_.find(std::pair(list, id));
  return at == lines_.end() ? 0 : at->second;
}

TomlEntry::TomlEntry(const toml::table& table, std::string what, Reading& reading)
    : table_(table), what_(std::move(what)), reading_(reading), line_(lineOf(table)) {}

std::uint32_t TomlEntry::line(std::string_view key) const {
  const toml::node* node = table_.get(key);
  return node == nullptr ? line_ : lineOf(*node);
}

void TomlEntry::refuseAt(std::uint32_t line, std::string_view key, std::string_view sentence,
                         std::string nearest) {
  const std::string of = what_.empty() ? "" : what_ + ": ";
  reading_.refuse(line, of + "`" + std::string(key) + "` " + std::string(sentence),
                  std::move(nearest));
}

void TomlEntry::refuse(std::string_view key, const std::string& sentence, std::string nearest) {
  refuseAt(line(key), key, sentence, std::move(nearest));
}

void TomlEntry::missing(std::string_view key, std::string_view more) {
  const std::string of = what_.empty() ? "" : what_ + ": ";
  missing_.push_back(of + "`" + std::string(key) + "` is missing" + std::string(more));
}

const toml::node* TomlEntry::ask(std::string_view key, Need need) {
  asked_.emplace_back(key);
  const toml::node* node = table_.get(key);
  if (node == nullptr && need == Need::required) missing(key);
  return node;
}

std::optional<std::string> TomlEntry::textOf(const toml::node& node, std::string_view key) {
  const toml::value<std::string>* text = node.as_string();
  if (text == nullptr) {
    refuseAt(lineOf(node), key, "must be a string");
  } else if (text->get().empty() || text->get().size() > kRegisterTextBytesMax ||
             !textClean(text->get())) {
    refuseAt(lineOf(node), key,
             "must be 1 to " + std::to_string(kRegisterTextBytesMax) +
                 " bytes without control characters");
  } else {
    return text->get();
  }
  return std::nullopt;
}

std::string TomlEntry::text(std::string_view key, Need need) {
  const toml::node* node = ask(key, need);
  return node == nullptr ? std::string() : textOf(*node, key).value_or("");
}

std::string TomlEntry::name(std::string_view key, Need need) {
  std::string id = text(key, need);
  if (id.empty() || nameValid(id)) return id;
  refuse(key, "must be lower-case letters, digits, '-', '_' and '.', at most " +
                  std::to_string(kNameBytesMax) + " bytes");
  return {};
}

const toml::array* TomlEntry::list(std::string_view key) {
  const toml::node* node = ask(key, Need::optional);
  if (node == nullptr) return nullptr;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    refuse(key, "must be a list");
  } else if (array->size() > kRegisterListMax) {
    refuse(key, "has more than " + std::to_string(kRegisterListMax) + " items");
    return nullptr;
  }
  return array;
}

std::vector<std::string> TomlEntry::texts(std::string_view key) {
  std::vector<std::string> out;
  const toml::array* array = list(key);
  if (array == nullptr) return out;
  for (const toml::node& node : *array) {
    std::optional<std::string> item = textOf(node, key);
    if (!item) continue;
    if (std::find(out.begin(), out.end(), *item) != out.end()) {
      refuseAt(lineOf(node), key, "names " + quoted(*item) + " twice");
    }
    out.push_back(std::move(*item));
  }
  return out;
}

bool TomlEntry::flag(std::string_view key) {
  const toml::node* node = ask(key, Need::optional);
  if (node == nullptr) return false;
  const toml::value<bool>* value = node->as_boolean();
  if (value == nullptr) refuse(key, "must be true or false");
  return value != nullptr && value->get();
}

std::int64_t TomlEntry::number(std::string_view key, std::int64_t least, std::int64_t most,
                               std::int64_t otherwise) {
  const toml::node* node = ask(key, Need::optional);
  if (node == nullptr) return otherwise;
  const toml::value<std::int64_t>* value = node->as_integer();
  if (value != nullptr && value->get() >= least && value->get() <= most) return value->get();
  refuse(key,
         "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

std::optional<Date> TomlEntry::dateOf(const toml::node& node, std::string_view key) {
  std::optional<Date> date;
  if (const toml::value<toml::date>* value = node.as_date()) {
    const toml::date& d = value->get();
    date = Date(std::chrono::year(d.year), std::chrono::month(d.month), std::chrono::day(d.day));
    if (!date->ok() || d.year < 1900 || d.year > 9999) date.reset();
  } else if (const toml::value<std::string>* text = node.as_string()) {
    date = lacuna::dateOf(text->get());
  }
  if (!date) {
    refuseAt(lineOf(node), key, "must be a date such as 2020-03-31");
  }
  return date;
}

std::optional<Date> TomlEntry::date(std::string_view key) {
  const toml::node* node = ask(key, Need::optional);
  return node == nullptr ? std::nullopt : dateOf(*node, key);
}

std::vector<Date> TomlEntry::dates(std::string_view key) {
  std::vector<Date> out;
  const toml::array* array = list(key);
  if (array == nullptr) return out;
  for (const toml::node& node : *array) {
    if (const std::optional<Date> date = dateOf(node, key)) out.push_back(*date);
  }
  return out;
}

std::optional<Period> TomlEntry::period(std::string_view key) {
  if (!has(key)) {
    asked_.emplace_back(key);
    return std::nullopt;
  }
  const std::string given = text(key);
  const std::optional<Period> period = lacuna::periodOf(given);
  const Period zero;
  if (period && *period != zero && period->years <= kPeriodYearsMax &&
      period->months <= 12 * kPeriodYearsMax && period->days <= 366 * kPeriodYearsMax) {
    return period;
  }
  refuse(key, "must be a period such as \"P7Y\", \"P1M\" or \"P28D\", at most " +
                  std::to_string(kPeriodYearsMax) + " years");
  return std::nullopt;
}

Label TomlEntry::label(std::string_view key) {
  const toml::node* node = ask(key, Need::optional);
  if (node == nullptr) return {};
  if (node->is_string()) {
    const std::string both = textOf(*node, key).value_or("");
    return {both, both};
  }
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    refuse(key, "must be { nl = \"...\", en = \"...\" }");
    return {};
  }
  TomlEntry inside(*table, what_ + ", " + std::string(key), reading_);
  Label label{inside.text("nl", Need::required), inside.text("en", Need::required)};
  inside.done();
  return label;
}

std::vector<std::string> TomlEntry::choices(std::string_view key,
                                            std::span<const std::string_view> names) {
  std::vector<std::string> given = texts(key);
  for (const std::string& item : given) {
    if (std::find(names.begin(), names.end(), item) != names.end()) continue;
    const std::vector<std::string> known(names.begin(), names.end());
    std::string sentence = "must hold some of";
    for (const std::string& name : known) sentence += " " + name;
    refuse(key, sentence, nearestOf(item, known));
  }
  return given;
}

std::size_t TomlEntry::choice(std::string_view key, std::initializer_list<std::string_view> names,
                              std::size_t otherwise) {
  const std::string given = text(key);
  if (given.empty()) return otherwise;
  const auto at = std::find(names.begin(), names.end(), given);
  if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
  const std::vector<std::string> known(names.begin(), names.end());
  std::string sentence = "must be one of";
  for (const std::string& name : known) sentence += name.empty() ? "" : " " + name;
  refuse(key, sentence, nearestOf(given, known));
  return otherwise;
}

std::string TomlEntry::curie(std::string_view key) {
  std::string given = text(key);
  if (given.empty() || curieValid(given)) return given;
  refuse(key, "must be a term such as dpv:DataProcessor or pd:Name");
  return {};
}

std::vector<std::string> TomlEntry::curies(std::string_view key) {
  std::vector<std::string> given = texts(key);
  for (const std::string& item : given) {
    if (!curieValid(item)) refuse(key, "must hold terms such as dpv:DataProcessor or pd:Name");
  }
  return given;
}

std::string TomlEntry::country(std::string_view key) {
  std::string given = text(key);
  if (given.empty() || countryValid(given)) return given;
  refuse(key, "must be a country such as loc:NL");
  return {};
}

std::string TomlEntry::refer(std::string_view key, List list, Need need) {
  std::string id = name(key, need);
  if (!id.empty()) reading_.refer(list, id, line(key));
  return id;
}

std::vector<std::string> TomlEntry::refers(std::string_view key, List to) {
  std::vector<std::string> ids = texts(key);
  const toml::array* array = table_.get_as<toml::array>(key);
  if (array == nullptr) return ids;
  for (const toml::node& node : *array) {
    if (const toml::value<std::string>* id = node.as_string()) {
      reading_.refer(to, id->get(), lineOf(node));
    }
  }
  return ids;
}

std::optional<TomlEntry> TomlEntry::inner(std::string_view key) {
  const toml::node* node = ask(key, Need::optional);
  if (node == nullptr) return std::nullopt;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    refuse(key, "must be a table");
    return std::nullopt;
  }
  return TomlEntry(*table, (what_.empty() ? "" : what_ + ", ") + std::string(key), reading_);
}

void TomlEntry::done() {
  const std::string of = what_.empty() ? "" : what_ + ": ";
  for (const auto& [key, node] : table_) {
    const std::string_view name = key.str();
    if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
    const std::uint32_t at = key.source().begin.line != 0 ? key.source().begin.line : lineOf(node);
    reading_.refuse(at, of + "there is no key " + quoted(name), nearestOf(name, asked_),
                    RefusalCode::unknownField);
    missing_.clear();
  }
  if (!missing_.empty()) reading_.refuse(line_, missing_.front());
}

}  // namespace lacuna
