// A refusal is a normal "no": a code from one closed list and a sentence that helps.
#pragma once

#include "ledger/base/fault.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace lacuna {

// The closed list. The kebab-case name is a contract (wire, CLI, HTTP): never rename.
// X(enumerator, name)
#define LACUNA_REFUSALS(X)                 \
  X(busy, "busy")                          \
  X(sealed, "sealed")                      \
  X(stopping, "stopping")                  \
  X(noSpace, "no-space")                   \
  X(invalidJson, "invalid-json")           \
  X(invalidValue, "invalid-value")         \
  X(unknownField, "unknown-field")         \
  X(missingField, "missing-field")         \
  X(fieldNotAllowed, "field-not-allowed")  \
  X(tooLarge, "too-large")                 \
  X(tooMany, "too-many")                   \
  X(inFuture, "in-future")                 \
  X(idReused, "id-reused")                 \
  X(unknownKind, "unknown-kind")           \
  X(kindNotAllowed, "kind-not-allowed")    \
  X(unknownPerson, "unknown-person")       \
  X(unknownScheme, "unknown-scheme")       \
  X(unknownSystem, "unknown-system")       \
  X(unknownPurpose, "unknown-purpose")     \
  X(unknownClass, "unknown-class")         \
  X(unknownCategory, "unknown-category")   \
  X(unknownRecipient, "unknown-recipient") \
  X(unknownSource, "unknown-source")       \
  X(unknownSafeguard, "unknown-safeguard") \
  X(unknownNotice, "unknown-notice")       \
  X(unknownAgreement, "unknown-agreement") \
  X(unknownWording, "unknown-wording")     \
  X(unknownBasis, "unknown-basis")         \
  X(unknownRegister, "unknown-register")   \
  X(invalidRegister, "invalid-register")   \
  X(pastRetention, "past-retention")       \
  X(erased, "erased")                      \
  X(frozen, "frozen")                      \
  X(wrongRole, "wrong-role")               \
  X(wrongSystem, "wrong-system")           \
  X(batchRefused, "batch-refused")         \
  X(notFound, "not-found")                 \
  X(notPublished, "not-published")         \
  X(nothingToErase, "nothing-to-erase")    \
  X(weakErasure, "weak-erasure")           \
  X(keptByLaw, "kept-by-law")              \
  X(onHold, "on-hold")                     \
  X(needsAnother, "needs-another")         \
  X(notPending, "not-pending")             \
  X(unknownGround, "unknown-ground")       \
  X(alreadyExists, "already-exists")       \
  X(alreadyRunning, "already-running")     \
  X(tampered, "tampered")                  \
  X(rolledBack, "rolled-back")             \
  X(foreignKey, "foreign-key")             \
  X(missingKey, "missing-key")             \
  X(unknownVersion, "unknown-version")     \
  X(incomplete, "incomplete")              \
  X(identityConflict, "identity-conflict") \
  X(notGranted, "not-granted")             \
  X(unsupported, "unsupported")

enum class RefusalCode : std::uint16_t {
#define X(enumerator, name) enumerator,
  LACUNA_REFUSALS(X)
#undef X
};

std::string_view nameOf(RefusalCode code);
std::optional<RefusalCode> refusalCodeOf(std::string_view name);

struct Refusal {
  RefusalCode code;
  std::string message;       // one sentence; may quote the caller's own input ids, never
                             // a person, a path or a key
  std::string nearest = {};  // the nearest known id, when a name was unknown
  std::chrono::milliseconds retryAfter{};  // with `busy`

  bool operator==(const Refusal&) const = default;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit
  Result(Refusal refusal) : state_(std::in_place_index<1>, std::move(refusal)) {}  // NOLINT

  explicit operator bool() const { return state_.index() == 0; }
  bool ok() const { return state_.index() == 0; }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  T& value() {
    LACUNA_ASSERT(ok(), "value() of a refusal");
    return std::get<0>(state_);
  }
  const T& value() const {
    LACUNA_ASSERT(ok(), "value() of a refusal");
    return std::get<0>(state_);
  }
  const Refusal& refusal() const {
    LACUNA_ASSERT(!ok(), "refusal() of a value");
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Refusal> state_;
};

struct Done {
  bool operator==(const Done&) const = default;
};
using Outcome = Result<Done>;

}  // namespace lacuna
