#include "tools/console.h"

namespace lacuna::tool {
namespace {

constexpr std::chrono::milliseconds kProgressInterval{100};

}  // namespace

Json parsedAnswer(const std::string& text) {
  Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) throw Fault("the daemon's answer is no JSON");
  return value;
}

Exit Console::showObject(const std::string& json) {
  if (format_ == Format::json) {
    out() << json << '\n';
    return Exit::done;
  }
  const Json object = parsedAnswer(json);
  if (format_ == Format::csv) {
    out() << csvOf(flatOf(object));
  } else {
    out() << pageOf(object, language_);
  }
  return Exit::done;
}

Exit Console::showLines(const std::vector<std::string>& json,
                        std::span<const std::string_view> columns) {
  if (format_ == Format::json) {
    for (const std::string& line : json) out() << line << '\n';
    return Exit::done;
  }
  std::vector<Json> objects;
  objects.reserve(json.size());
  for (const std::string& line : json) objects.push_back(parsedAnswer(line));
  if (format_ == Format::csv) {
    showTable(tableOf(objects, std::nullopt, columns));
  } else {
    showTable(tableOf(objects, language_));
  }
  return Exit::done;
}

void Console::showTable(const Table& table) {
  if (format_ == Format::csv) {
    out() << csvOf(table);
  } else if (!table.headings.empty()) {
    out() << textOf(table);
  }
}

Exit Console::refuse(const Refusal& refusal) {
  endProgress();
  err() << "lacuna: " << printable(sentenceOf(refusal, language_)) << '\n';
  if (json()) out() << jsonOf(refusal) << '\n';
  // Nothing that the caller could mend: the ledger met a fault, and a restart has to recover it.
  return refusal.code == RefusalCode::sealed ? Exit::fault : Exit::refused;
}

Exit Console::fault(std::string_view sentence) {
  endProgress();
  err() << say("lacuna: fault: ", "lacuna: storing: ") << printable(sentence) << '\n';
  if (json())
    out() << Json{{"fault", sentence}}.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  return Exit::fault;
}

void Console::warn(std::string_view sentence) {
  endProgress();
  err() << "lacuna: " << printable(sentence) << '\n';
}

void Console::progress(std::string_view line) {
  if (!around_.errIsTerminal) return;
  const auto now = std::chrono::steady_clock::now();
  if (progressShown_ && now - progressAt_ < kProgressInterval) return;
  progressAt_ = now;
  std::string padded(line);
  const std::size_t width = displayWidth(line);
  if (width < progressWidth_) padded.append(progressWidth_ - width, ' ');
  progressWidth_ = width;
  progressShown_ = true;
  err() << '\r' << padded << std::flush;
}

void Console::endProgress() {
  if (!progressShown_) return;
  err() << '\r' << std::string(progressWidth_, ' ') << '\r' << std::flush;
  progressShown_ = false;
  progressWidth_ = 0;
}

std::string jsonOf(const Refusal& refusal) {
  Json out{{"refused", nameOf(refusal.code)}, {"message", refusal.message}};
  if (!refusal.nearest.empty()) out["nearest"] = refusal.nearest;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lacuna::tool
