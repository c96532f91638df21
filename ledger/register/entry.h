// Reading one table of a register's TOML strictly: every key is asked for by name, what nobody asked
// for is refused, every error knows its line. Internal to ledger/register/.
#pragma once

#include "ledger/register/register.h"

#include <toml++/toml.h>

#include <initializer_list>

namespace lacuna {

// What a reference points into; its place in kLists (entry.cc) gives the word and the refusal code.
enum class List : std::uint8_t {
  categories,
  classes,
  purposes,
  parties,
  systems,
  sources,
  safeguards,
  notices,
  wordings,
  agreements,
  campaigns,
  schemes,
  measures,
  claims,
  forms,
  subjects
};
inline constexpr std::size_t kListCount = 16;
std::string_view oneOf(List list);   // "purpose"
std::string_view manyOf(List list);  // "purposes": the key of its tables

struct Reference {
  List list;
  std::string id;
  std::uint32_t line = 0;
};

// The errors and references met while reading. Reading goes on past an error; the first by line is
// the answer.
class Reading {
 public:
  void refuse(std::uint32_t line, const std::string& sentence, std::string nearest = {},
              RefusalCode code = RefusalCode::invalidRegister);
  void refer(List list, std::string id, std::uint32_t line);
  const std::vector<Reference>& references() const { return references_; }
  // Refuses a reference whose target is not there.
  void dangling(const Reference& reference, std::span<const std::string> known);
  // Notes that `id` stands in `list` from that line; returns the line where it stood already, or 0.
  std::uint32_t define(List list, const std::string& id, std::uint32_t line);
  std::uint32_t lineOf(List list, const std::string& id) const;  // 0: it stands nowhere
  const std::map<std::pair<List, std::string>, std::uint32_t>& lines() const { return lines_; }
  const std::optional<RegisterError>& first() const { return first_; }

 private:
  std::optional<RegisterError> first_;
  std::vector<Reference> references_;
  std::map<std::pair<List, std::string>, std::uint32_t> lines_;
};

enum class Need : bool { optional, required };

class TomlEntry {
 public:
  // `what` names the table in sentences: "purpose 'newsletter'"; empty for the whole document.
  TomlEntry(const toml::table& table, std::string what, Reading& reading);

  std::uint32_t line() const { return line_; }
  std::uint32_t line(std::string_view key) const;
  void rename(std::string what) { what_ = std::move(what); }
  bool has(std::string_view key) const { return table_.contains(key); }
  void refuse(std::string_view key, const std::string& sentence, std::string nearest = {});
  // Said by done(), and only if the table has no unknown key, which may be the missing one mistyped.
  void missing(std::string_view key, std::string_view more = {});

  std::string text(std::string_view key, Need need = Need::optional);
  std::string name(std::string_view key, Need need = Need::required);  // an id
  std::vector<std::string> texts(std::string_view key);
  bool flag(std::string_view key);
  std::int64_t number(std::string_view key, std::int64_t least, std::int64_t most,
                      std::int64_t otherwise);
  std::optional<Date> date(std::string_view key);  // a TOML date, or the same as a string
  std::vector<Date> dates(std::string_view key);
  std::optional<Period> period(std::string_view key);
  // { nl = "...", en = "..." }, or one string for both.
  Label label(std::string_view key = "label");
  std::vector<std::string> choices(std::string_view key, std::span<const std::string_view> names);
  // The place of the value in `names`; `otherwise` when not given.
  std::size_t choice(std::string_view key, std::initializer_list<std::string_view> names,
                     std::size_t otherwise);
  std::string curie(std::string_view key);
  std::vector<std::string> curies(std::string_view key);
  std::string country(std::string_view key);
  std::string refer(std::string_view key, List list, Need need = Need::optional);
  std::vector<std::string> refers(std::string_view key, List list);
  // Any value; nothing when it is not given.
  const toml::node* take(std::string_view key) { return ask(key, Need::optional); }
  // A table inside this one, or nothing.
  std::optional<TomlEntry> inner(std::string_view key);
  // Refuses every key that was not asked for. Call it last.
  void done();

  const toml::table& table() const { return table_; }
  Reading& reading() { return reading_; }

 private:
  void refuseAt(std::uint32_t line, std::string_view key, std::string_view sentence,
                std::string nearest = {});
  const toml::node* ask(std::string_view key, Need need);
  const toml::array* list(std::string_view key);
  std::optional<std::string> textOf(const toml::node& node, std::string_view key);
  std::optional<Date> dateOf(const toml::node& node, std::string_view key);

  const toml::table& table_;
  std::string what_;
  Reading& reading_;
  std::uint32_t line_ = 0;
  std::vector<std::string> asked_, missing_;
};

}  // namespace lacuna
