// Requests of data subjects (Arts. 15-22, 7(3)) and complaints, told in events: what each has come to, and
// its clocks. Pure; nothing of it is stored.
//
// A request is the seq of the event that opened it: that number never changes, and nobody gives it. Later
// events belong to it by the detail `request=N` (the ledger's own steps), by their `case` (a label of the
// submitter's, or N), else by their right, until it is closed.
#pragma once

#include "ledger/person/fold.h"

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace lacuna {

inline constexpr std::string_view kComplaint =
    "complaint";  // among the rights: Art. 77 comes after it

// States after which the clocks of a request stand still.
bool closesRequest(std::string_view state);

// A detail of the ledger's own events: "request=12".
std::string detailOf(std::string_view key, std::string_view value);
std::optional<std::string_view> detailIn(const StoredEvent& stored, std::string_view key);

// The request that such an event names: the detail `request=N`.
std::optional<std::uint64_t> requestIn(const StoredEvent& stored);

class RequestFold {
 public:
  // Needs: events of the kinds request and complaint, in order of (at, seq), none of them replaced.
  void take(const PersonEvent& event);
  // In the order in which they were first told of.
  std::vector<RequestView> views(const RegisterHistory& registers) const;

 private:
  struct Told {
    RequestView view;
    std::uint64_t registerVersion = 0;  // of the promise: in force when it was opened
  };
  std::size_t placeOf(const PersonEvent& event);
  std::size_t opened(std::uint64_t number);

  std::vector<Told> told_;
  std::unordered_map<std::uint64_t, std::size_t> byNumber_;  // places in told_
  std::unordered_map<std::string, std::size_t> byCase_, openByRight_;
};

// How a request stands on a day in the controller's zone.
struct RequestDue {
  std::optional<Date> due;  // the next date that counts; nothing: closed, or no clock runs
  int daysLeft = 0;         // until `due`; negative: it is over
  bool promise = false;     // `due` is the house's promise, not the law's date
  bool overdue() const { return due && daysLeft < 0; }
};
// The earlier of promise and law; the law's alone once the person was told of an extension.
RequestDue dueOf(const RequestView& view, Date today);

}  // namespace lacuna
