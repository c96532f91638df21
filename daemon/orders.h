// What an officer asks for, as it came in: texts as typed, read where the work is done. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lacuna {

struct ReadRequest {
  std::string person;  // scheme:value, or case:N
  std::string reason;  // request:N | support | audit | breach | other[:TEXT]; empty: unstated
  std::string asOf, knownAt, klass, purpose, recipient, from, to;  // as typed; "" = not given
};
struct EraseRequest {
  std::string person;                // this one,
  std::vector<std::string> persons;  // and these, as one erasure
  std::string ground;                // Art. 17(1): no-longer-needed consent-withdrawn objection ...
  std::vector<std::string> classes;  // empty: the whole person
  bool dryRun = false;
  std::string erasureId;  // hex, 32 digits, for safe repetition; empty: a new one
};
enum class ErasureAct : std::uint8_t { show, approve, cancel, resume, certificate };
struct HoldOrder {
  std::string person;
  std::vector<std::string> classes;  // empty: every class
  std::string ground;                // Art. 17(3): legal-claims, legally-required ...
  std::string review;                // a date
  std::string reason;                // for the history; may be empty
};
struct RequestOrder {
  std::string person;
  std::string right;     // access rectification ... complaint
  std::string received;  // a time or a date; empty: now
  std::string channel;   // how it came in; may be empty
};
struct RequestStepOrder {
  std::uint64_t number = 0;
  std::string state;  // identity-asked ... closed: ledger/requests.h
  std::string code;   // of extended and refused
  std::string told;   // a time or a date; empty: now
};
struct FlagsRequest {
  std::string since;  // a time or a date; empty: everything
  std::string reason;
  bool persons = false;    // with aliases: a reading of everybody named
  std::uint64_t from = 0;  // 0, then what the page before said
};
struct FlagsPage {
  std::vector<std::string> lines;  // JSON
  std::uint64_t next = 0;          // 0: this was the last
  std::uint64_t seen = 0, of = 0;  // how far the scan is
};
struct WithdrawRequest {
  std::uint64_t seq = 0;
  std::string ground;  // as of an erasure
  std::string person;  // whose event it is; empty: looked for
  std::string reason;
};
struct DiscloseRequest {
  std::uint64_t seq = 0;
  std::string person;  // whose event it is; empty: looked for
  std::string reason;
};
struct ExportRequest {
  std::string person;
  std::string reason;
};
struct ExportStarted {
  std::uint64_t number = 0;    // for exportNext() and exportEnd(): of who began it alone
  std::uint64_t events = 0;    // that it will tell
  std::uint64_t withheld = 0;  // sharings whose text is not told, since they are withheld still
};
struct ExportPage {
  struct Part {
    std::string file, bytes;
  };
  std::vector<Part> parts;  // what comes next of the files
  std::uint64_t told = 0;   // events so far
  bool done = false;
};
struct ReportRequest {   // ledger/control.h
  std::string from, to;  // dates
  std::uint32_t sample = 0;
  std::string seed, reason;
};
}  // namespace lacuna
