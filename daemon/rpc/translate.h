// The only place where the ledger's values and Cap'n Proto's meet.
#pragma once

#include "daemon/service.h"

#include <gate.capnp.h>

#include <kj/async.h>
#include <kj/exception.h>

namespace lacuna {

// ---- in
// Lengths, alphabets and closed lists are checked; whether names are known is the service's question.
Result<ReadRequest> readRequestOf(wire::ReadRequest::Reader wire);
Result<EraseRequest> eraseRequestOf(wire::EraseRequest::Reader wire);
Result<HoldOrder> holdOrderOf(wire::HoldRequest::Reader wire);
Result<Grant> grantOf(wire::Grant::Reader wire);
// A text of at most `bytesMax` bytes of UTF-8 without control characters; else refused by its name.
Result<std::string> textOf(capnp::Text::Reader text, std::string_view name, std::size_t bytesMax);
inline kj::StringPtr borrow(const std::string& text) { return {text.c_str(), text.size()}; }

// ---- out
void put(wire::Refusal::Builder out, const Refusal& refusal);
void put(wire::EventResult::Builder out, const EventResult& result);
void put(wire::Grant::Builder out, const Grant& grant);
void put(wire::Identity::Builder out, const LedgerService::Access& access);
void put(wire::Outcome<capnp::Text>::Builder out, const Result<std::string>& result);
void put(wire::Outcome<capnp::Data>::Builder out, const Result<Bytes>& result);
void put(wire::Outcome<capnp::List<capnp::Data>>::Builder out, const std::vector<Bytes>& values);
void put(wire::Outcome<capnp::List<capnp::Text>>::Builder out, const std::vector<std::string>& v);
void put(wire::Outcome<capnp::List<wire::EventResult>>::Builder out,
         const std::vector<EventResult>& results);
capnp::MessageSize sizeOf(const std::vector<EventResult>& results);
inline capnp::MessageSize sizeOfBytes(std::size_t bytes) { return {bytes / 8 + 64, 0}; }

template <typename OutcomeBuilder>
void putRefusal(OutcomeBuilder out, const Refusal& refusal) {
  put(out.initRefusal(), refusal);
}

// ---- what goes wrong
// The exception that a client may see for what is being handled now: a fault's sentence, or a fixed
// one. Call it in a catch block.
kj::Exception faultForClient();
// The same for one that came through a promise. Sentences of our own pass, those of libraries do not.
kj::Exception faultForClient(kj::Exception&& exception);
kj::Exception fault(std::string_view sentence);

// Runs one method's work; whatever it throws, now or later, is made fit for clients.
template <typename Work>
kj::Promise<void> guarded(Work&& work) {
  kj::Promise<void> done = nullptr;
  try {
    done = work();
  } catch (...) {
    return faultForClient();
  }
  return done.catch_([](kj::Exception&& e) { kj::throwFatalException(faultForClient(kj::mv(e))); });
}

}  // namespace lacuna
