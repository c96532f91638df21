#include "ledger/base/civil.h"

#include <date/tz.h>

#include <array>
#include <cstdio>

namespace lacuna {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::sys_days;

bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  if (at + count > text.size()) return false;
  out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

std::optional<Date> civil(int y, int m, int d) {
  const Date date{std::chrono::year(y), std::chrono::month(static_cast<unsigned>(m)),
                  std::chrono::day(static_cast<unsigned>(d))};
  if (!date.ok() || y < 1900) return std::nullopt;
  return date;
}

const date::time_zone* zoneOf(std::string_view zone) {
  // The lookup reads the system's zone files once and throws for a name it does not know.
  try {
    return date::locate_zone(std::string(zone));
  } catch (const std::exception&) {
    throw Fault("the time zone database has no zone of that name");
  }
}

Instant midnight(const date::time_zone* zone, Date date) {
  const auto local = date::local_days(sys_days(date).time_since_epoch());
  return zone->to_sys(local, date::choose::earliest);
}

}  // namespace

std::optional<Instant> instantOfRfc3339(std::string_view t) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  if (t.size() < 20 || !digits(t, 0, 4, y) || t[4] != '-' || !digits(t, 5, 2, mo) || t[7] != '-' ||
      !digits(t, 8, 2, d) || (t[10] != 'T' && t[10] != 't' && t[10] != ' ') ||
      !digits(t, 11, 2, h) || t[13] != ':' || !digits(t, 14, 2, mi) || t[16] != ':' ||
      !digits(t, 17, 2, s)) {
    return std::nullopt;
  }
  const std::optional<Date> date = civil(y, mo, d);
  if (!date || h > 23 || mi > 59 || s > 60) return std::nullopt;
  std::size_t at = 19;
  int millis = 0;
  if (t[at] == '.') {
    ++at;
    int scale = 100;
    const std::size_t first = at;
    for (; at < t.size() && t[at] >= '0' && t[at] <= '9'; ++at, scale /= 10) {
      millis += (t[at] - '0') * scale;
    }
    if (at == first || at - first > 9) return std::nullopt;
  }
  int offset = 0;
  if (at >= t.size()) return std::nullopt;
  if (t[at] == 'Z' || t[at] == 'z') {
    if (at + 1 != t.size()) return std::nullopt;
  } else {
    int oh = 0, om = 0;
    if ((t[at] != '+' && t[at] != '-') || at + 6 != t.size() || !digits(t, at + 1, 2, oh) ||
        t[at + 3] != ':' || !digits(t, at + 4, 2, om) || oh > 23 || om > 59) {
      return std::nullopt;
    }
    offset = (oh * 60 + om) * (t[at] == '-' ? -1 : 1);
  }
  const Instant base = sys_days(*date);
  return base + std::chrono::hours(h) + std::chrono::minutes(mi - offset) +
         std::chrono::seconds(s) + milliseconds(millis);
}

std::string rfc3339Of(Instant t) {
  const auto day = std::chrono::floor<days>(t);
  const Date date(day);
  const auto rest = (t - day).count();
  std::array<char, 40> out{};
  const int n =
      std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                    static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                    static_cast<unsigned>(date.day()), static_cast<int>(rest / 3600000),
                    static_cast<int>(rest / 60000 % 60), static_cast<int>(rest / 1000 % 60));
  std::string text(out.data(), static_cast<std::size_t>(n));
  if (rest % 1000 != 0) {
    std::snprintf(out.data(), out.size(), ".%03d", static_cast<int>(rest % 1000));
    text += out.data();
  }
  return text + "Z";
}

std::optional<Date> dateOf(std::string_view t) {
  int y = 0, m = 0, d = 0;
  if (t.size() != 10 || !digits(t, 0, 4, y) || t[4] != '-' || !digits(t, 5, 2, m) || t[7] != '-' ||
      !digits(t, 8, 2, d)) {
    return std::nullopt;
  }
  return civil(y, m, d);
}

std::string textOf(Date date) {
  std::array<char, 16> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return out.data();
}

bool zoneKnown(std::string_view zone) {
  if (zone.empty() || zone.size() > 64) return false;
  try {
    return zoneOf(zone) != nullptr;
  } catch (const Fault&) {
    return false;
  }
}

Date dateIn(std::string_view zone, Instant t) {
  const auto local = zoneOf(zone)->to_local(t);
  return Date(sys_days(std::chrono::floor<days>(local.time_since_epoch())));
}

Instant startOfDay(std::string_view zone, Date date) { return midnight(zoneOf(zone), date); }

Instant endOfDay(std::string_view zone, Date date) {
  return midnight(zoneOf(zone), Date(sys_days(date) + days(1))) - milliseconds(1);
}

std::optional<Instant> momentOf(std::string_view text, std::string_view zone) {
  if (const std::optional<Date> date = dateOf(text)) return endOfDay(zone, *date);
  return instantOfRfc3339(text);
}

std::optional<Period> periodOf(std::string_view text) {
  if (text.size() < 3 || text[0] != 'P') return std::nullopt;
  Period period;
  std::size_t at = 1;
  int stage = 0;  // designators come once each, in the order Y, M, W, D
  while (at < text.size()) {
    int number = 0;
    const std::size_t first = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - first < 5) {
      number = number * 10 + (text[at++] - '0');
    }
    if (at == first || at == text.size()) return std::nullopt;
    const std::size_t order = std::string_view("YMWD").find(text[at++]);
    if (order == std::string_view::npos || static_cast<int>(order) < stage) return std::nullopt;
    stage = static_cast<int>(order) + 1;
    if (order == 0) period.years = number;
    if (order == 1) period.months = number;
    if (order == 2) period.days += number * 7;
    if (order == 3) period.days += number;
  }
  return period;
}

std::string textOf(const Period& period) {
  std::string out = "P";
  if (period.years != 0) out += std::to_string(period.years) + "Y";
  if (period.months != 0) out += std::to_string(period.months) + "M";
  if (period.days != 0 || out.size() == 1) out += std::to_string(period.days) + "D";
  return out;
}

Date plus(Date date, const Period& period) {
  Date moved = date + std::chrono::years(period.years) + std::chrono::months(period.months);
  if (!moved.ok()) moved = moved.year() / moved.month() / std::chrono::last;
  return Date(sys_days(moved) + days(period.days));
}

}  // namespace lacuna
