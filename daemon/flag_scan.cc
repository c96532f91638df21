#include "daemon/flag_scan.h"

#include "ledger/base/civil.h"
#include "ledger/crypto/secret.h"
#include "ledger/ledger.h"

#include <nlohmann/json.hpp>

#include <map>

namespace lacuna {
namespace {

constexpr std::size_t kSmallWork = 4096;  // what a question holds in memory, roughly

std::string lineOf(const Flagged& flagged, const PersonEvent& event,
                   const std::vector<std::string>& aliases) {
  nlohmann::ordered_json out{{"seq", flagged.seq.raw()}, {"at", rfc3339Of(event.at())}};
  out["recordedAt"] = rfc3339Of(event.recordedAt);
  out["kind"] = nameOf(event.kind);
  out["class"] = event.klass;
  if (!event.stored.event.purpose.empty()) out["purpose"] = event.stored.event.purpose;
  out["flag"] = nameOf(flagged.flag);
  if (!flagged.detail.empty()) out["detail"] = flagged.detail;
  if (!aliases.empty()) out["person"] = aliases;
  return out.dump();
}

}  // namespace

struct FlagScan::Ticket {
  std::vector<PersonHandle> persons;
  RegisterHistory registers;
  SystemNumbers systems;
  std::optional<Instant> since;
  Instant now{};
  bool named = false;
  std::string reason;
  FlagsPage page;
};

struct FlagScan::Flags {
  std::vector<std::pair<Slot, std::vector<std::string>>> lines;
  FlagsPage page;
};

void FlagScan::page(const Caller& caller, FlagsRequest request, const Answer<FlagsPage>& done) {
  Work work;
  work.principal = caller.principal;
  work.bytes = kSmallWork;
  work.refused = [done](const Refusal& refusal) { done(refusal); };
  work.decide = [this, caller, request = std::move(request), done](Sequencer& sequencer,
                                                                   Draft& draft) {
    auto ticket = std::make_shared<Ticket>();
    ticket->registers = sequencer.registers();
    ticket->systems = sequencer.systems();
    ticket->now = draft.recordedAt;
    ticket->named = request.persons;
    ticket->reason = request.reason;
    if (!request.since.empty()) {
      const std::string& zone = ticket->registers.latest().controller().zone;
      const std::optional<Date> day = dateOf(request.since);
      ticket->since = day ? startOfDay(zone, *day) : momentOf(request.since, zone);
      if (!ticket->since) {
        draft.waiting.push_back([done](const Draft&, const Refusal* failure) {
          done(failure != nullptr ? *failure
                                  : Refusal{RefusalCode::invalidValue,
                                            "a time is written as 2020-04-01T09:12:33Z or as a "
                                            "date, 2020-04-01"});
        });
        return;
      }
    }
    People& people = sequencer.people();
    std::uint64_t events = 0;
    const std::optional<Slot> next = people.eachSlotFrom(Slot(request.from), [&](Slot slot) {
      const SubjectWhat what = people.whatOf(slot);
      if ((what != SubjectWhat::person && what != SubjectWhat::instance) || slot == Slot(0) ||
          sequencer.frozen(slot)) {
        return true;
      }
      ticket->persons.push_back(people.handleOf(slot));
      for (const LotHandle& lot : ticket->persons.back().lots) events += lot.events;
      return ticket->persons.size() < kFlagSlotsPerPage && events < kFlagEventsPerPage;
    });
    ticket->page.next = next ? next->raw() : 0;
    ticket->page.of = ledger_.vault().slotHighWater();
    ticket->page.seen = next ? next->raw() : ticket->page.of;
    sequencer.consultScan(draft, caller, ReadOperation::find, request.reason, {});
    draft.waiting.push_back([this, caller, ticket, done](const Draft&, const Refusal* failure) {
      if (failure != nullptr) return done(*failure);
      if (!finds_.submit([this, caller, ticket, done] { look(caller, *ticket, done); })) {
        done(findsFull());
      }
    });
  };
  pipeline_.enqueue(std::move(work));
}

// One person at a time is in memory, and what is told of those before.
void FlagScan::look(const Caller& caller, const Ticket& ticket, const Answer<FlagsPage>& done) {
  auto found = std::make_shared<Flags>();
  found->page = ticket.page;
  try {
    for (const PersonHandle& person : ticket.persons) {
      const std::vector<PersonEvent> events = ledger_.read(person, ticket.systems);
      std::map<Seq, const PersonEvent*> bySeq;
      for (const PersonEvent& event : events) bySeq.emplace(event.seq, &event);
      const PersonState state = stateOf(events, {}, {}, ticket.registers, ticket.now);
      std::vector<std::string> aliases, lines;
      for (const Flagged& flagged : state.flags) {
        const PersonEvent& event = *bySeq.at(flagged.seq);
        if (ticket.since && event.at() < *ticket.since) continue;
        if (ticket.named && aliases.empty()) {
          for (const AliasRow& row : aliasRowsOf(ledger_.vault(), ledger_.store(), person.slot)) {
            aliases.push_back(row.text);
          }
        }
        lines.push_back(lineOf(flagged, event, aliases));
      }
      // Asked after reading: what an erasure took meanwhile would be missing.
      if (!ledger_.stands(person)) return done(changedMeanwhile());
      if (!lines.empty()) found->lines.emplace_back(person.slot, std::move(lines));
    }
  } catch (const std::exception& fault) {
    return done(unreadable(fault));
  }
  wipeStack();
  if (ticket.named && !found->lines.empty()) {
    return record(caller, found, ticket.reason, done);
  }
  for (auto& [slot, lines] : found->lines) {
    std::move(lines.begin(), lines.end(), std::back_inserter(found->page.lines));
  }
  done(std::move(found->page));
}

// A reading of each person in it, before it leaves; who was erased since is not in it.  // P9
void FlagScan::record(const Caller& caller, const std::shared_ptr<const Flags>& found,
                      const std::string& reason, const Answer<FlagsPage>& done) {
  Work work;
  work.principal = caller.principal;
  work.bytes = kSmallWork;
  work.refused = [done](const Refusal& refusal) { done(refusal); };
  work.decide = [caller, found, reason, done](Sequencer& sequencer, Draft& draft) {
    FlagsPage page = found->page;
    std::vector<Slot> named;
    for (const auto& [slot, lines] : found->lines) {
      if (!sequencer.people().exists(slot) || sequencer.frozen(slot)) continue;
      named.push_back(slot);
      page.lines.insert(page.lines.end(), lines.begin(), lines.end());
    }
    sequencer.consultScan(draft, caller, ReadOperation::find, reason, named);
    draft.waiting.push_back([page = std::move(page), done](const Draft&, const Refusal* failure) {
      if (failure != nullptr) return done(*failure);
      done(page);
    });
  };
  pipeline_.enqueue(std::move(work));
}

}  // namespace lacuna
