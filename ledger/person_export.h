// The export of one person, made piece by piece (FORMAT.md 11).
//
// Promise: the reading was recorded before (P9: the ticket comes from Sequencer::consult()). No lot key leaves: of each
//          event there is `e` at most. What is made verifies; memory is one event's facts and a page.
// Keys are held within one call only, never between two: whoever makes one may wait for its reader.
// Failure: Fault when an event cannot be read although its key lives. The caller asks Ledger::stands() after each piece:
//          an erasure meanwhile may have taken a part.
// Thread:  any, one at a time.
#pragma once

#include "ledger/crypto/sha256_stream.h"
#include "ledger/ledger.h"
#include "ledger/person/access_answer.h"
#include "ledger/person/access_page.h"
#include "ledger/proof/person_export.h"

#include <deque>

namespace lacuna {

// What consult() allowed, and what held then.
struct ExportTicket {
  PersonHandle person;
  RegisterHistory registers;
  SystemNumbers systems;
  Instant now{};
  std::string reason;
};

struct ExportPart {
  std::string_view file;  // one of kExportFiles, or kExportManifestFile
  std::string bytes;      // the next of it
};

inline constexpr std::size_t kExportPageBytes = 512 * 1024;

class PersonExport {
 public:
  // Reads everything once. Refuses not-published (no signed head covers all of it yet), too-many, and
  // invalid-value for what is no person.
  static Result<std::unique_ptr<PersonExport>> begin(const Ledger& ledger, ExportTicket ticket);

  // The next parts, about kExportPageBytes; the manifest comes last. Needs: not done().
  std::vector<ExportPart> next();
  bool done() const { return step_ == Step::done; }

  const PersonHandle& person() const { return ticket_.person; }
  std::uint64_t events() const { return events_; }
  std::uint64_t eventsTold() const { return told_; }
  std::uint64_t withheld() const { return answer_.withheld; }

 private:
  enum class Step : std::uint8_t { begin, events, end, manifest, done };

  PersonExport(const Ledger& ledger, ExportTicket ticket);
  Outcome read();
  Outcome findHead(Seq last);
  void nameInstances(PersonEvent& event);
  std::string nameOf(const InstanceRef& instance);
  struct Lines {
    std::string events, proofs, pageEn, pageNl;
    std::size_t size() const {
      return events.size() + proofs.size() + pageEn.size() + pageNl.size();
    }
  };
  void tell(const ProvableEvent& one, Lines& lines);
  std::vector<ExportPart> nextEvents();
  ExportPart nextWaiting();
  void queueEnd();
  std::string manifest();
  ExportPart part(std::string_view file, std::string bytes);

  const Ledger& ledger_;
  ExportTicket ticket_;
  Step step_ = Step::begin;
  std::string note_;
  Checkpoint head_;
  PersonFacts facts_;
  AccessAnswer answer_;
  std::vector<std::uint64_t> carried_;  // by lot of the ticket
  std::map<std::uint64_t, std::string> names_;
  std::uint64_t events_ = 0, told_ = 0;
  std::size_t lot_ = 0;      // the next entry: of this lot,
  std::uint64_t entry_ = 0;  // this one
  std::unique_ptr<AccessPage> pageEn_, pageNl_;
  std::deque<ExportPart> waiting_;  // texts that go out in pieces before the step's own work
  std::size_t offset_ = 0;          // of the first of them
  std::array<Sha256Stream, kExportFiles.size()> hashes_;
};

}  // namespace lacuna
