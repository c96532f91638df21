// Judges one event by the register and by what the person's other events establish. Internal to person/.
#pragma once

#include "ledger/person/facts.h"

#include <set>

namespace lacuna {

// A transfer to a recipient, on the event's date.
struct Transfer {
  std::string country;    // "" when unknown
  std::string safeguard;  // relied on; "" when none
  bool stood = true;      // none was needed, or it stood on that date
};

class FlagJudge {
 public:
  // Borrowed: everything outlives the judge.
  FlagJudge(Facts& facts, const RegisterHistory& registers, Instant asOf);

  // In the order of the enum, each at most once.
  std::vector<Flagged> judge(const PersonEvent& event);
  // Needs: a sharing event.
  Transfer transferOf(const PersonEvent& event);
  bool safeguardStands(std::string_view safeguard, Date date) const;  // unknown: no

  const std::string& zone() const { return zone_; }
  Date dateOfInstant(Instant t) const { return dateIn(zone_, t); }

 private:
  // Dated facts of one version, by party.
  struct Dated {
    std::multimap<std::string, const Campaign*, std::less<>> campaigns;
    std::multimap<std::string, const Agreement*, std::less<>> agreements;
    std::vector<const Notice*> notices;
  };
  struct Case;  // one event under judgment
  void judgeSharing(Case& c);
  void judgeConsent(Case& c);
  void judgeScope(Case& c);
  void judgeAgreement(Case& c);
  void judgeCampaigns(Case& c);
  void judgeInformed(Case& c);
  const Dated& datedOf(const Register& reg);
  // The newest version that knows the party; else the one in force at the event.
  const Dated& datedOf(std::string_view party, const Register& atEvent);
  std::string noticeInForce(const Register& reg, Date date);

  Facts& facts_;
  const RegisterHistory& registers_;
  Instant asOf_;
  std::string zone_;
  std::map<const Register*, Dated> dated_;
};

}  // namespace lacuna
