#include "ledger/register/diff.h"

#include "ledger/register/entry.h"

#include <algorithm>
#include <array>
#include <map>

namespace lacuna {
namespace {

using What = RegisterChange::What;

constexpr std::array<std::string_view, 4> kSingles = {"controller", "deadlines", "holidays",
                                                      "erasure"};

// What the strict reading of a register lets through is one of these (entry.cc).
std::string scalarOf(const toml::node& node, RegisterValue::Type& type) {
  type = RegisterValue::Type::text;
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* date = node.as_date()) {
    const toml::date& d = date->get();
    return textOf(
        Date(std::chrono::year(d.year), std::chrono::month(d.month), std::chrono::day(d.day)));
  }
  if (const auto* flag = node.as_boolean()) {
    type = RegisterValue::Type::flag;
    return flag->get() ? "true" : "false";
  }
  type = RegisterValue::Type::number;
  const auto* number = node.as_integer();
  LACUNA_ASSERT(number != nullptr, "a register holds texts, dates, flags and whole numbers");
  return std::to_string(number->get());
}

void put(const toml::table& table, const std::string& prefix, std::vector<RegisterField>& out) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      put(*inner, name + ".", out);
      continue;
    }
    RegisterField& field = out.emplace_back(RegisterField{name, {}});
    RegisterValue& value = field.value;
    if (const toml::array* list = node.as_array()) {
      RegisterValue::Type ignored{};
      for (const toml::node& item : *list) value.items.push_back(scalarOf(item, ignored));
      value.type = RegisterValue::Type::list;
    } else {
      value.items.push_back(scalarOf(node, value.type));
    }
  }
}

std::vector<RegisterField> fieldsOf(const toml::table& table) {
  std::vector<RegisterField> out;
  put(table, "", out);
  std::erase_if(out, [](const RegisterField& field) { return field.name == "id"; });
  std::sort(out.begin(), out.end(),
            [](const RegisterField& a, const RegisterField& b) { return a.name < b.name; });
  return out;
}

struct Entry {
  std::string id;
  std::vector<RegisterField> fields;
};

std::vector<Entry> entriesOf(const toml::table& root, std::string_view key) {
  std::vector<Entry> out;
  const toml::node* node = root.get(key);
  if (node == nullptr) return out;
  if (const toml::table* single = node->as_table()) {
    // The controller's id is one of its fields: it names nothing else.
    out.push_back({"", fieldsOf(*single)});
    if (const auto* id = single->get_as<std::string>("id")) {
      out.back().fields.insert(out.back().fields.begin(), {"id", {{}, {id->get()}}});
    }
  } else if (const toml::array* list = node->as_array()) {
    for (const toml::node& item : *list) {
      const toml::table& table = *item.as_table();
      out.push_back({table.get_as<std::string>("id")->get(), fieldsOf(table)});
    }
  }
  return out;
}

void compareFields(std::string_view kind, const Entry& from, const Entry& to,
                   std::vector<RegisterChange>& out) {
  std::map<std::string_view, std::pair<const RegisterValue*, const RegisterValue*>> both;
  for (const RegisterField& field : from.fields) both[field.name].first = &field.value;
  for (const RegisterField& field : to.fields) both[field.name].second = &field.value;
  for (const auto& [name, values] : both) {
    const auto& [was, is] = values;
    if (was != nullptr && is != nullptr && *was == *is) continue;
    RegisterChange& change = out.emplace_back();
    change.kind = kind, change.id = to.id, change.field = name;
    if (was != nullptr) change.from = *was;
    if (is != nullptr) change.to = *is;
  }
}

void compare(std::string_view kind, const std::vector<Entry>& from, const std::vector<Entry>& to,
             std::vector<RegisterChange>& out) {
  const auto put = [&](What what, const Entry& entry) {
    out.push_back({what, std::string(kind), entry.id, entry.fields, "", {}, {}});
  };
  std::map<std::string_view, const Entry*> before, after;
  for (const Entry& entry : from) before.emplace(entry.id, &entry);
  for (const Entry& entry : to) after.emplace(entry.id, &entry);
  for (const Entry& entry : to) {
    const auto was = before.find(entry.id);
    if (was == before.end()) {
      put(What::added, entry);
    } else {
      compareFields(kind, *was->second, entry, out);
    }
  }
  for (const Entry& entry : from) {
    if (after.find(entry.id) == after.end()) put(What::removed, entry);
  }
}

}  // namespace

std::vector<RegisterChange> differences(const Register& from, const Register& to) {
  // Both were read strictly before, so that the parser has nothing to refuse.
  const toml::table before = toml::parse(from.text()), after = toml::parse(to.text());
  std::vector<RegisterChange> out;
  for (const std::string_view single : kSingles) {
    compare(single, entriesOf(before, single), entriesOf(after, single), out);
  }
  for (std::size_t i = 0; i < kListCount; ++i) {
    const auto list = static_cast<List>(i);
    compare(oneOf(list), entriesOf(before, manyOf(list)), entriesOf(after, manyOf(list)), out);
  }
  return out;
}

}  // namespace lacuna
