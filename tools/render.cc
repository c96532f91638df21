#include "tools/render.h"

#include <utf8proc.h>

#include <algorithm>

namespace lacuna::tool {
namespace {

struct CodePoint {
  utf8proc_int32_t value = -1;  // negative: these bytes are no UTF-8
  std::size_t bytes = 1;
};

CodePoint firstOf(std::string_view text) {
  utf8proc_int32_t value = -1;
  const utf8proc_ssize_t n =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(text.size()), &value);
  if (n <= 0) return {};
  return {value, static_cast<std::size_t>(n)};
}

// What could move the cursor, recolour the screen or turn the reading direction.
bool unsafe(utf8proc_int32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029 ||
         c == 0xfeff;
}

void putPadded(std::string& line, std::string_view cell, std::size_t width) {
  line += cell;
  line.append(width - std::min(width, displayWidth(cell)), ' ');
}

std::string csvCell(std::string_view cell) {
  if (cell.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(cell);
  std::string out = "\"";
  for (const char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

bool plain(const Json& value) {
  if (value.is_object()) return false;
  if (!value.is_array()) return true;
  return std::none_of(value.begin(), value.end(), [](const Json& v) { return v.is_structured(); });
}

std::string underlined(std::string_view heading) {
  std::string out(heading);
  out += '\n';
  out.append(displayWidth(heading), '-');
  return out + "\n";
}

std::string plainFieldsOf(const Json& object, Language language, std::string_view indent) {
  std::size_t width = 0;
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& [field, value] : object.items()) {
    if (!plain(value)) continue;
    const std::string cell = printable(cellOf(value, language));
    if (cell.empty()) continue;
    lines.emplace_back(printable(headingOf(field, language)), cell);
    width = std::max(width, displayWidth(lines.back().first));
  }
  std::string out;
  for (const auto& [heading, cell] : lines) {
    out += indent;
    putPadded(out, heading, width + 2);
    out += cell;
    out += '\n';
  }
  return out;
}

}  // namespace

std::size_t displayWidth(std::string_view utf8) {
  std::size_t width = 0;
  while (!utf8.empty()) {
    const CodePoint c = firstOf(utf8);
    utf8.remove_prefix(c.bytes);
    width += c.value < 0 ? 1 : static_cast<std::size_t>(std::max(0, utf8proc_charwidth(c.value)));
  }
  return width;
}

std::string printable(std::string_view text, Lines lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = firstOf(text);
    const bool end = c.value == '\n' && lines == Lines::kept;
    if (!end && (c.value < 0 || unsafe(c.value))) {
      out += "\xef\xbf\xbd";  // U+FFFD
    } else {
      out += text.substr(0, c.bytes);
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string textOf(const Table& table) {
  std::vector<std::size_t> widths(table.headings.size(), 0);
  std::vector<std::vector<std::string>> rows;
  rows.reserve(table.rows.size());
  for (const auto& row : table.rows) {
    auto& cells = rows.emplace_back();
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      cells.push_back(printable(row[i]));
      widths[i] = std::max(widths[i], displayWidth(cells.back()));
    }
  }
  const auto lineOf = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] == 0 && !table.rows.empty()) continue;  // a column that nobody fills
      if (!line.empty()) line += "  ";
      const std::size_t width = std::max(widths[i], displayWidth(table.headings[i]));
      putPadded(line, i < cells.size() ? std::string_view(cells[i]) : std::string_view(), width);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  std::string out = lineOf(table.headings);
  for (const auto& cells : rows) out += lineOf(cells);
  return out;
}

std::string csvOf(const Table& table) {
  std::string out;
  const auto put = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < table.headings.size(); ++i) {
      if (i > 0) out += ',';
      if (i < cells.size()) out += csvCell(cells[i]);
    }
    out += "\r\n";
  };
  put(table.headings);
  for (const auto& row : table.rows) put(row);
  return out;
}

std::string cellOf(const Json& value, Language language) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) {
    if (language == Language::nl) return value.get<bool>() ? "ja" : "nee";
    return value.get<bool>() ? "yes" : "no";
  }
  if (value.is_array() && plain(value)) {
    std::string out;
    for (const Json& item : value) {
      if (!out.empty()) out += ", ";
      out += cellOf(item, language);
    }
    return out;
  }
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Table tableOf(const std::vector<Json>& objects, std::optional<Language> language,
              std::span<const std::string_view> columns) {
  std::vector<std::string> fields(columns.begin(), columns.end());
  for (const Json& object : objects) {
    if (!object.is_object()) continue;
    for (const auto& [field, value] : object.items()) {
      if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
    }
  }
  Table table;
  for (const auto& field : fields) {
    table.headings.push_back(language ? headingOf(field, *language) : field);
  }
  for (const Json& object : objects) {
    auto& row = table.rows.emplace_back();
    for (const auto& field : fields) {
      if (!object.is_object() || !object.contains(field)) {
        row.emplace_back();
        continue;
      }
      // For people a step is when it was; where it stands in the log is in the forms for programs.
      const Json& value = object[field];
      const bool step = language && value.is_object() && value.contains("at");
      row.push_back(cellOf(step ? value["at"] : value, language.value_or(Language::en)));
    }
  }
  return table;
}

std::string pageOf(const Json& object, Language language) {
  std::string out = plainFieldsOf(object, language, "");
  for (const auto& [field, value] : object.items()) {
    if (plain(value)) continue;
    if (!out.empty()) out += '\n';
    out += underlined(printable(headingOf(field, language)));
    if (value.is_object()) {
      out += plainFieldsOf(value, language, "");
      for (const auto& [inner, deeper] : value.items()) {
        if (plain(deeper)) continue;
        out += printable(headingOf(inner, language)) + ":\n";
        out += deeper.is_array() ? textOf(tableOf(deeper.get<std::vector<Json>>(), language))
                                 : plainFieldsOf(deeper, language, "  ");
      }
    } else {
      out += textOf(tableOf(value.get<std::vector<Json>>(), language));
    }
  }
  return out;
}

Table flatOf(const Json& object) {
  Table table{{"section", "item", "field", "value"}, {}};
  const auto put = [&](const std::string& section, const std::string& item, const Json& of) {
    if (!of.is_object()) {
      table.rows.push_back({section, item, "", cellOf(of, Language::en)});
      return;
    }
    for (const auto& [field, value] : of.items()) {
      table.rows.push_back({section, item, field, cellOf(value, Language::en)});
    }
  };
  for (const auto& [field, value] : object.items()) {
    if (plain(value) && !value.is_array()) {
      table.rows.push_back({"", "", field, cellOf(value, Language::en)});
    } else if (value.is_object()) {
      put(field, "", value);
    } else {
      std::size_t item = 0;
      for (const Json& one : value) put(field, std::to_string(++item), one);
    }
  }
  return table;
}

}  // namespace lacuna::tool
