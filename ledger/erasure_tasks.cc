// The worklist of Art. 19, and holds: what officers decide about after or before an erasure.
#include "ledger/base/limits.h"
#include "ledger/erasure.h"

#include <algorithm>
#include <charconv>

namespace lacuna {
namespace {

Refusal noTask() { return {RefusalCode::notFound, "there is no task of that number"}; }

// "12.0.3"
std::optional<std::array<std::uint64_t, 3>> numbersOf(std::string_view id) {
  std::array<std::uint64_t, 3> out{};
  const char* at = id.data();
  const char* const end = id.data() + id.size();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto [next, error] = std::from_chars(at, end, out[i]);
    if (error != std::errc() || next == at) return std::nullopt;
    at = next;
    if (i + 1 == out.size()) break;
    if (at == end || *at != '.') return std::nullopt;
    ++at;
  }
  if (at != end || out[1] > UINT32_MAX) return std::nullopt;
  return out;
}

std::string idOf(std::uint64_t number, std::uint32_t person, std::size_t task) {
  return std::to_string(number) + '.' + std::to_string(person) + '.' + std::to_string(task);
}

}  // namespace

Result<Erasures::TaskPlace> Erasures::findTask(std::string_view id) const {
  const auto numbers = numbersOf(id);
  if (!numbers) return noTask();
  const std::optional<Case> one = find((*numbers)[0]);
  if (!one) return noTask();
  TaskPlace place;
  place.one = *one;
  place.person = static_cast<std::uint32_t>((*numbers)[1]);
  place.task = (*numbers)[2];
  std::optional<PersonOutcome> outcome = outcomeOf(place.one, place.person);
  if (!outcome || place.task >= outcome->tasks.size()) return noTask();
  place.outcome = std::move(*outcome);
  return place;
}

TaskView Erasures::viewOf(const TaskPlace& place) const {
  TaskView view;
  view.id = idOf(place.one.number, place.person, place.task);
  view.caseNumber = place.one.number;
  view.task = place.outcome.tasks[place.task];
  view.recipient = view.task.recipient.category;
  if (view.task.recipient.slot != Slot(0)) {
    const std::vector<AliasRow> rows =
        aliasRowsOf(world_.vault, world_.store, view.task.recipient.slot);
    view.recipient = rows.empty() ? view.recipient + ":[erased]" : rows.front().text;
  }
  return view;
}

std::vector<TaskView> Erasures::tasks(std::uint64_t caseNumber) const {
  std::vector<Case> cases;
  if (caseNumber != 0) {
    if (std::optional<Case> one = find(caseNumber)) cases.push_back(std::move(*one));
  } else {
    world_.sequencer.people().eachCase([&](Slot slot) {
      if (std::optional<Case> one = read(slot); one && one->file.contacts != LeafNo(0)) {
        cases.push_back(std::move(*one));
      }
    });
  }
  std::vector<TaskView> out;
  for (const Case& one : cases) {
    for (std::uint32_t person = 0; person < one.file.persons; ++person) {
      TaskPlace place{one, person, 0, {}};
      std::optional<PersonOutcome> outcome = outcomeOf(one, person);
      if (!outcome) continue;
      place.outcome = std::move(*outcome);
      for (; place.task < place.outcome.tasks.size(); ++place.task) {
        if (out.size() == kTasksListedMax) return out;
        out.push_back(viewOf(place));
      }
    }
  }
  return out;
}

void Erasures::setTask(Draft& draft, const Caller& caller, TaskPlace& place, TaskState state) {
  Task& task = place.outcome.tasks[place.task];
  const bool wasOpen = !settled(task.state);
  task.state = state;
  task.since = draft.recordedAt;
  task.principal = caller.principal;
  draft.sealedRows.push_back({outcomeRowKey(place.one.slot, place.person),
                              {place.one.slot, LeafNo(0)},
                              encodeOutcome(place.outcome)});
  StoredEvent stored = said(draft, place.one, caller.principal, "task");
  stored.details = {"task=" + idOf(place.one.number, place.person, place.task),
                    "state=" + std::string(nameOf(state))};
  stored.reason = task.note;
  world_.sequencer.caseEvent(draft, place.one.slot, Kind::note, {}, std::move(stored));
  const auto live = open_.find(place.one.number);
  if (live == open_.end()) return;
  Case& one = live->second;
  if (wasOpen && settled(state) && one.openTasks > 0) --one.openTasks;
  if (!wasOpen && !settled(state)) ++one.openTasks;
  closeIfDone(draft, one);
  if (one.file.state == ErasureState::closed) put(draft, one);
}

Result<TaskView> Erasures::takeTask(const Caller& caller, std::string_view id) {
  Result<TaskPlace> place = findTask(id);
  if (!place) return place.refusal();
  if (settled(place->outcome.tasks[place->task].state)) {
    return Refusal{RefusalCode::notPending, "this task is settled"};
  }
  Draft draft = world_.sequencer.begin();
  // Who is told about whom is a reading of the case (P9).
  const Result<PersonHandle> reading = world_.sequencer.consult(
      draft, caller, "case:" + std::to_string(place->one.number), ReadOperation::show, "request");
  if (!reading) return reading.refusal();
  if (place->outcome.tasks[place->task].state == TaskState::queued) {
    setTask(draft, caller, *place, TaskState::sent);
  }
  TaskView view = viewOf(*place);
  const std::optional<Bytes> plain = opened(contactsRowKey(place->one.slot, place->person),
                                            place->one.slot, place->one.file.contacts);
  if (plain) {
    Result<Contacts> contacts = decodeContacts(*plain);
    if (!contacts) throw Fault("a contacts row does not follow the format");
    view.aliases = std::move(contacts->aliases);
  }
  commit(draft, "task");
  return view;
}

Result<TaskView> Erasures::setTask(const Caller& caller, std::string_view id, TaskState state,
                                   std::string note) {
  Result<TaskPlace> place = findTask(id);
  if (!place) return place.refusal();
  if (note.size() > kReasonBytesMax) {
    return Refusal{RefusalCode::tooLarge, "a note has at most 512 bytes"};
  }
  if (state == TaskState::queued && place->one.file.contactsForgotten) {
    return Refusal{RefusalCode::notPending,
                   "everybody was told, and by what names they knew the person is forgotten"};
  }
  Draft draft = world_.sequencer.begin();
  place->outcome.tasks[place->task].note = std::move(note);
  setTask(draft, caller, *place, state);
  TaskView view = viewOf(*place);
  commit(draft, "task");
  close(view.caseNumber);
  return view;
}

// ---- holds

Result<Hold> Erasures::placeHold(const Caller& caller, std::string_view person,
                                 const HoldRequest& request) {
  Draft draft = world_.sequencer.begin();
  Result<Hold> hold = holds_.place(draft, caller, person, request);
  if (!hold) return hold.refusal();
  commit(draft, "hold");
  return hold;
}

Result<Erasures::Lifted> Erasures::liftHold(const Caller& caller, std::uint64_t number) {
  Draft draft = world_.sequencer.begin();
  Result<Holds::Standing> lifted = holds_.lift(draft, caller, number);
  if (!lifted) return lifted.refusal();
  Lifted out;
  out.hold = lifted->hold;
  std::vector<Case> cases;
  for (const Blocked& blocked : lifted->hold.blocked) {
    if (std::optional<Case> one = find(blocked.caseNumber)) cases.push_back(std::move(*one));
  }
  if (cases.empty()) {
    commit(draft, "lifted");
  } else {
    out.carriedOut = follow(draft, cases, lifted->slot);
  }
  return out;
}

// What a hold kept is planned anew, as one case in the same group as the lifting: requests that waited for
// the same hold become one, which asks for what any of them asked.
Erasure Erasures::follow(Draft& draft, std::vector<Case>& held, Slot slot) {
  CaseFile file;
  world_.entropy.fill(file.erasure.bytes);
  world_.entropy.fill(file.salt.bytes);
  file.ground = held.front().file.ground;
  file.principal = held.front().file.principal;
  file.approver = held.front().file.approver;
  file.follows = held.front().number;
  std::set<std::string> classes;
  for (const Case& one : held) {
    file.whole = file.whole || one.file.whole;
    classes.insert(one.file.classes.begin(), one.file.classes.end());
  }
  if (!file.whole) file.classes.assign(classes.begin(), classes.end());
  Plan plan;
  addPlan(plan, slot, {file.classes.begin(), file.classes.end()});
  addRecipients(plan);
  Case& one = open(draft, std::move(file));
  step(draft, one, ErasureStep::planned);
  for (Case& before : held) {
    before.file.followedBy = one.number;
    if (before.file.state == ErasureState::held) before.file.state = ErasureState::followed;
    closeIfDone(draft, before);
    const auto live = open_.find(before.number);
    if (live != open_.end()) live->second.file = before.file;
    put(draft, before);
  }
  return carryOut(draft, one, plan);
}

}  // namespace lacuna
