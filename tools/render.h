// How answers look: aligned tables for people, JSON and CSV for programs. One definition of each.
//
// Whatever comes from the ledger may have been typed by a stranger: on a terminal no control
// character and no change of direction gets through.
#pragma once

#include "tools/words.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna::tool {

using Json = nlohmann::ordered_json;  // fields stay in the order in which the daemon wrote them

enum class Format { table, json, csv };

// Columns that a terminal needs for a text (wide and combining characters counted as such).
std::size_t displayWidth(std::string_view utf8);
// The text with control and direction characters, and bytes that are no UTF-8, made visible.
enum class Lines : bool { shown, kept };  // whether an end of line is made visible too
std::string printable(std::string_view text, Lines lines = Lines::shown);

// Rows under headings. Rows may be shorter than the headings, never longer.
struct Table {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
};
std::string textOf(
    const Table& table);  // aligned, two spaces apart, columns without a value left out
std::string csvOf(const Table& table);  // RFC 4180, with the headings as first line

// A value as one cell: texts as they are, lists joined, yes and no in words.
std::string cellOf(const Json& value, Language language);

// A list of objects as a table: one column per field, in the order of first appearance. Without a language
// the headings are the fields' own names, which scripts may rely on. `columns` come first in any case.
Table tableOf(const std::vector<Json>& objects, std::optional<Language> language,
              std::span<const std::string_view> columns = {});
// One object as a page: its plain fields first, then a section per list or object within it.
std::string pageOf(const Json& object, Language language);
// The same as rows: section, item, field, value.
Table flatOf(const Json& object);

}  // namespace lacuna::tool
