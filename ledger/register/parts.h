// What a register is made of. Internal to ledger/register/: others see register.h.
#pragma once

#include "ledger/register/register.h"

#include <limits>
#include <unordered_map>

namespace lacuna {

// One list of the register: in the order of the document, found by id. Filled once, then constant;
// the keys of the map are views into `items_`, so nothing is added after build().
template <typename T>
class Listing {
 public:
  std::vector<T>& items() { return items_; }
  const std::vector<T>& items() const { return items_; }
  void build() {
    map_.reserve(items_.size());
    for (std::uint32_t i = 0; i < items_.size(); ++i) map_.emplace(items_[i].id, i);
  }
  const T* find(std::string_view id) const {
    const auto at = map_.find(id);
    return at == map_.end() ? nullptr : &items_[at->second];
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> out;
    out.reserve(items_.size());
    for (const T& item : items_) out.push_back(item.id);
    return out;
  }

 private:
  std::vector<T> items_;
  std::unordered_map<std::string_view, std::uint32_t> map_;
};

// A safeguard's dates as moments in the controller's zone, so that admission compares numbers.
struct SafeguardSpan {
  const Safeguard* safeguard = nullptr;
  Instant from = Instant::min(), to = Instant::max();  // stands in [from, to)
};

struct Register::Parts {
  std::string text;
  Controller controller;
  Deadlines deadlines;
  std::set<Date> holidays;
  Listing<Category> categories;
  Listing<RetentionClass> classes;
  Listing<Purpose> purposes;
  Listing<Party> parties;
  Listing<System> systems;
  Listing<Source> sources;
  Listing<Safeguard> safeguards;
  Listing<Notice> notices;
  Listing<Wording> wordings;
  Listing<Agreement> agreements;
  Listing<Campaign> campaigns;
  Listing<Scheme> schemes;
  Listing<Measure> measures;
  Listing<Claim> claims;
  Listing<Form> forms;
  Listing<PersonKind> subjects;
  std::map<std::pair<std::string, std::string>, std::uint32_t> lines;  // by kind and id

  std::vector<std::vector<SafeguardSpan>> spans;  // by the party's place in `parties`
  // First moments of the years kYearFirst .. kYearLast; others are computed when asked for.
  static constexpr std::int32_t kYearFirst = 1990, kYearLast = 2060;
  std::vector<Instant> calendarYears, fiscalYears;

  void build();  // after all lists are filled and checked
  Instant computeStart(std::int32_t year, Register::Year kind) const;
};

}  // namespace lacuna
