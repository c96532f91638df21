// What the daemon can do for somebody, by role: the one seam between the outside (rpc/, http/) and the
// ledger. No KJ here. RPC and HTTP hold a role's interface only if the caller was granted it (P9).
//
// Answers come through `done`, called exactly once, on a thread of the service; never under a lock.
// A call that cannot even be queued is answered through `done` too (busy, sealed, stopping).
// Thread: every method from any thread.
#pragma once

#include "daemon/orders.h"
#include "ledger/base/bytes.h"
#include "ledger/base/clock.h"
#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/caller.h"
#include "ledger/record/event.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lacuna {

template <typename T>
using Answer = std::function<void(Result<T>)>;

enum class Role : std::uint8_t {
  recorder = 1,
  auditor = 2,
  officer = 4,
  op = 8
};  // op: "operator"
std::string_view nameOf(Role role);
std::optional<Role> roleOf(std::string_view name);

// ---- recorder
class RecorderService {
 public:
  virtual ~RecorderService() = default;
  // Acknowledged only after the sync (P2). With Atomic::yes one refusal refuses all (batch-refused).
  virtual void submit(const Caller& caller, std::vector<Event> events, Atomic atomic,
                      BatchAnswer done) = 0;
  // Admission only: nothing is recorded (`submit --check`).
  virtual void check(const Caller& caller, std::vector<Event> events, BatchAnswer done) = 0;
};

// ---- auditor: public things only
struct PublicRecord {
  Seq seq;
  Bytes record;
};
class AuditorService {
 public:
  virtual ~AuditorService() = default;
  virtual std::string checkpoint() = 0;              // the last shown, a signed note
  virtual std::string verifierKey() = 0;             // vkey text
  virtual Result<std::string> receipt(Seq seq) = 0;  // tlog-proof with the record as extra
  virtual Result<std::vector<Bytes>> records(Seq first,
                                             std::uint32_t count) = 0;  // below the shown size
  virtual Result<Bytes> tile(unsigned level, std::uint64_t index, unsigned width) = 0;
  virtual Result<Bytes> document(const DocumentHash& hash) = 0;
  virtual std::vector<std::string> checkpoints(TreeSize from,
                                               std::uint32_t count) = 0;  // kept notes
};

// ---- officer (daemon/orders.h)
class OfficerService {
 public:
  virtual ~OfficerService() = default;
  // Json lines, one event each, ordered by (at, seq); recorded as a consultation before the answer.
  virtual void history(const Caller&, ReadRequest, Answer<std::vector<std::string>> done) = 0;
  virtual void state(const Caller&, ReadRequest, Answer<std::string> done) = 0;  // one JSON object
  virtual void recipients(const Caller&, ReadRequest, Answer<std::vector<std::string>> done) = 0;
  virtual void personShow(const Caller&, ReadRequest,
                          Answer<std::string> done) = 0;  // aliases, lots
  virtual void personFind(const Caller&, std::string text, std::string reason,
                          Answer<std::vector<std::string>> done) = 0;  // JSON lines
  virtual void personLink(const Caller&, std::string person, std::string alias, std::string reason,
                          Answer<std::string> done) = 0;
  virtual void erase(const Caller&, EraseRequest, Answer<std::string> done) = 0;  // JSON report
  // `number`: of the erasure's case. One JSON object.
  virtual void erasure(const Caller&, ErasureAct act, std::uint64_t number,
                       Answer<std::string> done) = 0;
  virtual void erasures(const Caller&, Answer<std::vector<std::string>> done) = 0;  // JSON lines
  // Recipients to be told (Art. 19), of one erasure or (0) of all. JSON lines.
  virtual void tasks(const Caller&, std::uint64_t number,
                     Answer<std::vector<std::string>> done) = 0;
  virtual void taskTake(const Caller&, std::string id, Answer<std::string> done) = 0;
  virtual void taskSet(const Caller&, std::string id, std::string state, std::string note,
                       Answer<std::string> done) = 0;
  virtual void holdPlace(const Caller&, HoldOrder, Answer<std::string> done) = 0;
  // Lifts it, and carries out what waited for it.
  virtual void holdLift(const Caller&, std::uint64_t number, Answer<std::string> done) = 0;
  // Ends of retention: JSON lines by class and year, no identity; and destroying what is due.
  virtual void retentionDue(const Caller&, std::string within,
                            Answer<std::vector<std::string>> done) = 0;
  virtual void retentionSweep(const Caller&, Answer<std::string> done) = 0;
  virtual void holds(const Caller&, std::string reason,
                     Answer<std::vector<std::string>> done) = 0;  // JSON lines
  // Requests of data subjects (ledger/requests.h): one JSON object each; the list is JSON lines and names nobody.
  virtual void requestOpen(const Caller&, RequestOrder, Answer<std::string> done) = 0;
  virtual void requestStep(const Caller&, RequestStepOrder, Answer<std::string> done) = 0;
  virtual void requestShow(const Caller&, std::uint64_t number, std::string reason,
                           Answer<std::string> done) = 0;
  virtual void requests(const Caller&, std::string which, std::string within,
                        Answer<std::vector<std::string>> done) = 0;
  // Flags of everybody (P10), a page at a time.
  virtual void flags(const Caller&, FlagsRequest, Answer<FlagsPage> done) = 0;
  virtual void registerApply(const Caller&, std::string toml, Answer<std::string> done) = 0;
  virtual Result<std::string> registerShow(std::string asOf, std::string form) = 0;  // gate.capnp
  // Makes one event undecryptable; the others of its lot stay readable. JSON report.
  virtual void withdraw(const Caller&, WithdrawRequest, Answer<std::string> done) = 0;
  // Opens one event for others: a file that shows offline what stands there (FORMAT.md 10). A reading of
  // that person. JSON.
  virtual void disclose(const Caller&, DiscloseRequest, Answer<std::string> done) = 0;
  // What a person is told (FORMAT.md 11): a reading of that person, and then page after page of its files. An export
  // that is not fetched from is given up after a while.
  virtual void exportPerson(const Caller&, ExportRequest, Answer<ExportStarted> done) = 0;
  virtual void exportNext(std::uint64_t number, Answer<ExportPage> done) = 0;
  virtual void exportEnd(std::uint64_t number) = 0;
  // What happened in a time, for an auditor: one signed JSON file that names nobody (FORMAT.md 12). Recorded.
  virtual void report(const Caller&, ReportRequest, Answer<std::string> done) = 0;
  // How far the search for an event to withdraw or disclose is: one JSON object.
  virtual std::string withdrawStatus() = 0;
  // The second tier of erasures: `start` (or join) a sweep of envelopes, ask its `status`, `cancel` it. One
  // JSON object.
  virtual void sweepEnvelopes(const Caller&, std::string action, Answer<std::string> done) = 0;
  // Kinds only officers may record (hold, restriction, breach, register notes ...).
  virtual void record(const Caller&, std::vector<Event> events, BatchAnswer done) = 0;
};

// ---- operator
struct Grant {
  std::uint32_t principal = 0;
  std::optional<std::uint32_t> uid, gid;
  std::uint8_t roles = 0;            // Role bits
  std::vector<std::string> systems;  // recorder's
  std::string label;                 // a post, never a person's name
  Instant since{};
  bool revoked = false;
};
struct HolderOrder {
  std::string directory;                 // absolute
  std::optional<std::uint8_t> replaces;  // closed first
  bool recover = false;                  // it was away and comes back
};
class OperatorService {
 public:
  virtual ~OperatorService() = default;
  virtual void grant(const Caller&, Grant grant, Answer<std::uint32_t> done) = 0;
  virtual void revoke(const Caller&, std::uint32_t principal, Answer<Done> done) = 0;
  virtual std::vector<Grant> grants() = 0;
  virtual std::string keysStatus() = 0;  // JSON: holders, assurance, tree version, slots
  virtual void keysCheck(Answer<std::string> done) = 0;  // JSON: every holder is checked again
  virtual void keysAddHolder(const Caller&, HolderOrder, Answer<std::string> done) = 0;  // JSON
  virtual void keysCloseHolder(const Caller&, std::uint8_t number, Answer<std::string> done) = 0;
};

// ---- everybody who may connect
class LedgerService : public RecorderService,
                      public AuditorService,
                      public OfficerService,
                      public OperatorService {
 public:
  // Which roles and systems this peer holds. In single-user mode (no grant yet) the uid that runs the
  // daemon holds every role; others none.
  struct Access {
    Caller caller;
    std::uint8_t roles = 0;
    bool singleUser = false;
  };
  virtual Access accessOf(std::uint32_t uid, const std::vector<std::uint32_t>& gids) = 0;
  // Stops accepting, finishes what waits, signs a last checkpoint.
  virtual void drain() = 0;
  // JSON: size, checkpoint, sealed, singleUser, assurance ... How many persons there are is told to
  // officers and operators only.
  virtual std::string status(std::uint8_t roles) = 0;
};

}  // namespace lacuna
