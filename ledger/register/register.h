// The controller's record of purposes, classes, recipients, systems, notices, safeguards (Art. 30).
// An immutable value: one version, parsed from register.toml. No natural person stands in it.
//
// Thread: immutable after parse; share by reference.
#pragma once

#include "ledger/base/result.h"
#include "ledger/base/strong.h"
#include "ledger/register/entries.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

// Where a register text is wrong: the first error, with line (1-based) and the nearest known id.
struct RegisterError {
  std::uint32_t line = 0;
  Refusal refusal;  // invalid-register, unknown-*
};

class Register {
 public:
  // Parses and checks references. Refusal message: "line N: sentence". At most kDocumentBytesMax.
  static Result<std::shared_ptr<const Register>> parse(std::string_view toml);
  // What stands before the first `register apply`: only the ledger's own built-in things.
  static std::shared_ptr<const Register> empty();

  const Controller& controller() const;
  const Deadlines& deadlines() const;
  const std::set<Date>& holidays() const;
  const Purpose* purpose(std::string_view id) const;
  const RetentionClass* klass(std::string_view id) const;
  const Party* party(std::string_view id) const;
  const System* system(std::string_view id) const;
  const Safeguard* safeguard(std::string_view id) const;
  const Notice* notice(std::string_view id) const;
  const Scheme* scheme(std::string_view id) const;
  const Agreement* agreement(std::string_view id) const;
  const Campaign* campaign(std::string_view id) const;
  const Category* category(std::string_view id) const;
  const Source* source(std::string_view id) const;
  const Wording* wording(std::string_view id) const;
  const Form* form(std::string_view id) const;
  const Measure* measure(std::string_view id) const;
  const Claim* claim(std::string_view id) const;
  const PersonKind* subject(std::string_view id) const;
  bool categoryKnown(std::string_view id) const { return category(id) != nullptr; }
  // Every id of one list, for "nearest" and for show.
  std::vector<std::string> purposeIds() const, classIds() const, partyIds() const,
      systemIds() const, safeguardIds() const, noticeIds() const, schemeIds() const,
      agreementIds() const, campaignIds() const, categoryIds() const, sourceIds() const,
      wordingIds() const, formIds() const, measureIds() const, claimIds() const, subjectIds() const;
  // The line of the text on which an entry stands, by what it is ("purpose") and its id; 0: none.
  std::uint32_t lineOf(std::string_view kind, std::string_view id) const;

  // The safeguard that a transfer to `party` relied on at that moment: the first of the party's that
  // stood then, else the last that had begun (a dead one, which the fold flags), else the first.
  std::string_view safeguardOf(const Party& party, Instant at) const;
  // The year of `t` in the controller's zone. A fiscal year bears the name of the year it begins in.
  enum class Year : std::uint8_t { calendar, fiscal };
  std::int32_t yearOf(Instant t, Year kind) const;
  Instant startOfYear(std::int32_t year, Year kind) const;
  const std::string& text() const;  // the document, byte for byte

  struct Parts;  // opaque: ledger/register/parts.h

 private:
  std::shared_ptr<const Parts> parts_;
  explicit Register(std::shared_ptr<const Parts> parts);
};

// The nearest known id by edit distance, or empty when none is near.
std::string nearestOf(std::string_view name, std::span<const std::string> known);

// The closed list of legal bases: "eu-gdpr:A6-1-a" ... "eu-gdpr:A9-2-j".
bool basisKnown(std::string_view basis);
std::span<const std::string> basisIds();
// A country ("loc:US") that is named and lies outside the EEA: Art. 44 asks for a safeguard.
bool thirdCountry(std::string_view country);

// Built-in classes, present in every register (DESIGN 6, 7): `access` (consultations), `case`,
// `organisation` (slot 0).
inline constexpr std::string_view kAccessClass = "access";
inline constexpr std::string_view kCaseClass = "case";
inline constexpr std::string_view kOrganisationClass = "organisation";
inline constexpr std::string_view kIdentityClass = "identity-record";

// Numbers of systems, given by replay of the register's versions in order: an id keeps its number for
// ever; new ids get the next ones in order of appearance. 0 is the ledger itself ("lacuna").
class SystemNumbers {
 public:
  void add(const Register& version);
  std::optional<SystemNo> numberOf(std::string_view id) const;
  std::string idOf(SystemNo number) const;
  std::span<const std::string> ids() const { return ids_; }

 private:
  std::vector<std::string> ids_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

}  // namespace lacuna
