// A ledger in a scratch folder with a small register, driven without threads: one group per call.
#pragma once

#include "ledger/ledger.h"
#include "ledger/record/event_json.h"
#include "tests/support/scratch.h"
#include "tests/support/small_register.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace lacuna::ledgertest {

using test::Scratch;
using test::TestClock;

class World {
 public:
  // `under`: where its folder lies, for a test of a real file system.
  explicit World(LedgerOptions options = {}, const std::filesystem::path& under = test::fastPlace())
      : scratch_(under), options_(std::move(options)) {
    clock_ = std::make_unique<TestClock>(*instantOfRfc3339("2026-03-01T12:00:00Z"));
    options_.data = scratch_ / "data";
    options_.origin = "test.example.org/ledger";
    options_.clock = clock_.get();
    options_.allowWeakErasure = true;
    options_.diskReserve = 0;
    open();
    applyRegister(kSmallRegister);
  }

  void close() { ledger_.reset(); }
  void open() {
    Result<std::unique_ptr<Ledger>> opened = Ledger::open(options_);
    if (!opened) FAIL(opened.refusal().message);
    ledger_ = std::move(*opened);
  }
  void reopen() {
    close();
    open();
  }

  void applyRegister(std::string_view toml) {
    const auto parsed = Register::parse(toml);
    if (!parsed) FAIL(parsed.refusal().message);
    Draft draft = sequencer().begin();
    sequencer().applyRegister(draft, caller_, *parsed);
    ledger_->commitNow(draft);
  }

  // Submits JSON lines as one batch, in one group.
  std::vector<EventResult> submit(const std::vector<std::string>& lines,
                                  Atomic atomic = Atomic::no) {
    std::vector<Event> events;
    for (const std::string& line : lines) {
      Result<Event> event = parser_.parse(line);
      if (!event) FAIL(line << ": " << event.refusal().message);
      events.push_back(std::move(*event));
    }
    std::vector<EventResult> results = submitEvents(std::move(events), atomic);
    for (const EventResult& result : results) {
      if (!result) UNSCOPED_INFO(nameOf(result.refusal().code) << ": " << result.refusal().message);
    }
    return results;
  }
  std::vector<EventResult> submitEvents(std::vector<Event> events, Atomic atomic = Atomic::no) {
    std::vector<EventResult> out;
    Draft draft = sequencer().begin();
    sequencer().append(draft, caller_, std::move(events), atomic,
                       [&](std::vector<EventResult> results) { out = std::move(results); });
    ledger_->commitNow(draft);
    for (auto& waiting : draft.waiting) waiting(draft, nullptr);
    return out;
  }
  EventResult submitOne(const std::string& line) { return submit({line}).front(); }

  Result<std::vector<PersonEvent>> history(std::string_view person) {
    Draft draft = sequencer().begin();
    const Result<PersonHandle> handle =
        sequencer().consult(draft, caller_, person, ReadOperation::history, "audit");
    ledger_->commitNow(draft);
    if (!handle) return handle.refusal();
    return ledger_->read(*handle, sequencer().systems());
  }
  // Without the consultations.
  std::size_t eventsOf(std::string_view person) {
    const Result<std::vector<PersonEvent>> events = history(person);
    if (!events) return 0;
    return static_cast<std::size_t>(
        std::count_if(events->begin(), events->end(),
                      [](const PersonEvent& e) { return e.kind != Kind::consultation; }));
  }

  Result<Erasure> erase(std::string_view person, std::vector<std::string> classes = {}) {
    return ledger_->erase(caller_, person, Ground::consentWithdrawn, classes, std::nullopt);
  }

  Ledger& ledger() { return *ledger_; }
  Sequencer& sequencer() { return ledger_->sequencer(); }
  TestClock& clock() { return *clock_; }
  Caller& caller() { return caller_; }
  LedgerOptions& options() { return options_; }
  const Scratch& scratch() const { return scratch_; }

 private:
  static Caller everything() {
    Caller caller;
    caller.allSystems = true;
    return caller;
  }

  Scratch scratch_;
  std::unique_ptr<TestClock> clock_;
  LedgerOptions options_;
  Caller caller_ = everything();
  EventParser parser_;
  std::unique_ptr<Ledger> ledger_;
};

inline std::string collect(const std::string& person, const std::string& rest = "") {
  return R"({"kind":"processing","operation":"collect","person":")" + person +
         R"(","purpose":"course-admin","system":"website")" + rest + "}";
}
inline std::string invoice(const std::string& person, const std::string& at) {
  return R"({"kind":"processing","operation":"use","person":")" + person +
         R"(","purpose":"invoicing","system":"crm","at":")" + at + "\"}";
}
inline std::string consent(const std::string& person, const std::string& state,
                           const std::string& rest = "") {
  return R"({"kind":"consent","person":")" + person + R"(","state":")" + state +
         R"(","purpose":"newsletter","form":"explicit","system":"website")" + rest + "}";
}

}  // namespace lacuna::ledgertest
