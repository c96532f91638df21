#include "daemon/erasure_json.h"

#include "ledger/proof/person_list.h"

#include <nlohmann/json.hpp>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

Json lotJson(const LotDecision& lot, bool batch) {
  Json out;
  out["class"] = lot.klass;
  if (lot.period != 0) out["period"] = lot.period;
  out[batch ? "lots" : "events"] = lot.events;
  out["decision"] = lot.why == KeptWhy::none ? "erase" : "keep";
  if (lot.why == KeptWhy::none) return out;
  out["keptBy"] = nameOf(lot.why);
  if (!lot.code.empty()) out["code"] = lot.code;
  if (!lot.law.empty()) out["law"] = lot.law;
  if (lot.hold != 0) out["hold"] = lot.hold;
  if (lot.until) out[lot.why == KeptWhy::hold ? "review" : "until"] = rfc3339Of(*lot.until);
  return out;
}

Json recipientJson(const Task& task, const std::string& recipient) {
  Json out;
  out["recipient"] = recipient;
  out["state"] = nameOf(task.state);
  if (task.since != Instant{}) out["since"] = rfc3339Of(task.since);
  out["first"] = rfc3339Of(task.first);
  out["last"] = rfc3339Of(task.last);
  if (!task.note.empty()) out["note"] = task.note;
  return out;
}

void putPerson(Json& out, const Ledger& ledger, const PersonOutcome& outcome, bool batch) {
  out["result"] = nameOf(outcome.result);
  out["lots"] = Json::array();
  for (const LotDecision& lot : outcome.lots) out["lots"].push_back(lotJson(lot, batch));
  out["recipients"] = Json::array();
  for (const Task& task : outcome.tasks) {
    out["recipients"].push_back(recipientJson(task, ledger.nameOfRecipient(task.recipient)));
  }
}

void putRefusal(Json& out, const Refusal& refusal) {
  out["result"] = "refused";
  out["refused"] = nameOf(refusal.code);
  out["message"] = refusal.message;
}

void putState(Json& out, const Erasure& erasure) {
  const CaseFile& file = erasure.file;
  out["erasure"] = hexOf(erasure.id.view());
  out["case"] = erasure.caseNumber;
  out["state"] = nameOf(file.state);
}

// Who has not destroyed its keys, by number, and since when it is not there.
Json pendingJson(const Vault& vault, TreeVersion version) {
  Json out = Json::array();
  for (const HolderStatus& holder : vault.holders()) {
    const bool counts = holder.state != HolderState::closed;
    const bool done = holder.state != HolderState::damaged && holder.destroyed >= version;
    if (!counts || done) continue;
    Json entry{{"holder", holder.number}, {"state", nameOf(holder.state)}};
    if (holder.since != Instant{}) entry["since"] = rfc3339Of(holder.since);
    out.push_back(std::move(entry));
  }
  return out;
}

void putProgress(Json& out, Ledger& ledger, const Erasure& erasure) {
  const CaseFile& file = erasure.file;
  out["received"] = {{"at", rfc3339Of(file.receivedAt)}, {"seq", file.received.raw()}};
  if (file.state == ErasureState::waiting) {
    if (file.needsApproval) out["needsApproval"] = true;
    if (file.notBefore != Instant{}) out["coolingOffUntil"] = rfc3339Of(file.notBefore);
  }
  if (file.approvedAt != Instant{}) out["approvedAt"] = rfc3339Of(file.approvedAt);
  if (file.follows != 0) out["follows"] = file.follows;
  if (file.followedBy != 0) out["followedBy"] = file.followedBy;
  if (file.heldRest && file.followedBy == 0) out["waitsForHold"] = true;
  if (!erasure.reachedCommitted()) return;
  out["treeVersion"] = erasure.version.raw();
  out["committed"] = {{"at", rfc3339Of(erasure.committedAt)}, {"seq", erasure.committed.raw()}};
  if (erasure.reachedComplete()) {
    out["complete"] = {{"at", rfc3339Of(erasure.completedAt)}, {"seq", erasure.complete.raw()}};
  } else {
    out["pending"] = pendingJson(ledger.vault(), erasure.version);
  }
  const bool removed = file.state == ErasureState::removed || file.state == ErasureState::closed;
  out["envelopes"] = removed ? "removed" : "not-yet-removed";
  if (erasure.removed) out["removed"] = {{"seq", erasure.removed->raw()}};
  if (erasure.closed) out["closed"] = {{"seq", erasure.closed->raw()}};
}

}  // namespace

std::string jsonOf(Ledger& ledger, const Erasure& erasure, DryRun dryRun) {
  const CaseFile& file = erasure.file;
  Json out;
  if (dryRun == DryRun::yes) {
    out["dryRun"] = true;
  } else {
    putState(out, erasure);
    out["repeated"] = erasure.repeated;
  }
  out["ground"] = nameOf(file.ground);
  out["scope"] = file.batch ? "batch" : file.whole ? "person" : "classes";
  out["classes"] = erasure.classes;
  // What waits is planned again, and who is left gets another number.
  std::optional<PersonList> tokens;
  if (file.list && erasure.reachedCommitted()) tokens.emplace(file.salt);
  if (erasure.persons.size() == 1) {
    const ErasedPerson& person = erasure.persons.front();
    if (person.refused) {
      putRefusal(out, *person.refused);
    } else {
      putPerson(out, ledger, person.outcome, file.batch);
      if (tokens) out["salt"] = tokens->token(person.number);
    }
  } else if (!erasure.persons.empty()) {
    out["persons"] = Json::array();
    std::size_t number = 0;
    for (const ErasedPerson& person : erasure.persons) {
      Json entry;
      entry["person"] = ++number;  // its place in the list, from 1
      if (person.refused) {
        putRefusal(entry, *person.refused);
      } else {
        putPerson(entry, ledger, person.outcome, false);
        if (tokens) entry["salt"] = tokens->token(person.number);
      }
      out["persons"].push_back(std::move(entry));
    }
  }
  if (file.salt != PersonSalt{} && !file.list) out["salt"] = hexOf(file.salt.view());
  out["assurance"] = nameOf(ledger.assurance().level);
  if (dryRun == DryRun::no) putProgress(out, ledger, erasure);
  return out.dump();
}

std::string lineOf(Ledger& ledger, const Erasure& erasure) {
  Json out;
  putState(out, erasure);
  out["ground"] = nameOf(erasure.file.ground);
  out["scope"] = erasure.file.batch ? "batch" : erasure.file.whole ? "person" : "classes";
  out["persons"] = erasure.file.persons;
  putProgress(out, ledger, erasure);
  return out.dump();
}

std::string jsonOf(const TaskView& task) {
  Json out;
  out["task"] = task.id;
  out["case"] = task.caseNumber;
  out.update(recipientJson(task.task, task.recipient));
  if (!task.aliases.empty()) out["aliases"] = task.aliases;
  return out.dump();
}

std::string jsonOf(const Hold& hold, Instant now, const std::vector<std::string>& aliases) {
  Json out;
  out["hold"] = hold.number;
  out["aliases"] = aliases;
  out["classes"] = hold.classes;
  out["ground"] = hold.ground;
  out["placedAt"] = rfc3339Of(hold.placedAt);
  out["review"] = rfc3339Of(hold.review);
  out["overdue"] = hold.review < now;
  out["blocks"] = Json::array();
  for (const Blocked& blocked : hold.blocked) out["blocks"].push_back(blocked.caseNumber);
  return out.dump();
}

}  // namespace lacuna
