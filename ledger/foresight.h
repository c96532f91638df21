// What the events of an atomic batch will have changed by the time a later one of them is decided: whom
// they admit, which aliases they link, which lots they open and which ids they take. Nothing of it is
// real yet, so that one refusal can refuse all.
//
// Thread: the sequencer's alone; one value for each batch.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/strong.h"
#include "ledger/crypto/digest.h"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace lacuna {

class Foresight {
 public:
  // A person: of a slot, or one whom the batch admits (numbered from 0).
  struct Who {
    bool known = false;
    std::uint64_t number = 0;
    auto operator<=>(const Who&) const = default;
  };
  static Who knownAt(Slot slot) { return {true, slot.raw()}; }

  // Whose a unique alias will be, when an earlier event of the batch brings it.
  std::optional<Who> find(const std::string& alias) const {
    const auto found = owners_.find(alias);
    return found == owners_.end() ? std::nullopt : std::optional(found->second);
  }
  Who admit() { return {false, admitted_++}; }

  // Needs: the alias is nobody's, and (a unique one) not yet foreseen for another.
  void link(const Who& who, const std::string& alias, bool unique) {
    brought_[who].aliases.insert(alias);
    if (unique) owners_.try_emplace(alias, who);
  }
  void open(const Who& who, const std::string& klass, std::int32_t period) {
    brought_[who].lots.emplace(klass, period);
  }
  bool links(const Who& who, const std::string& alias) const {
    const auto found = brought_.find(who);
    return found != brought_.end() && found->second.aliases.count(alias) > 0;
  }
  std::size_t aliasesOf(const Who& who) const {
    const auto found = brought_.find(who);
    return found == brought_.end() ? 0 : found->second.aliases.size();
  }
  // Lots but this one. Some may be open already: then the bound is met a little early.
  std::size_t otherLotsOf(const Who& who, const std::string& klass, std::int32_t period) const {
    const auto found = brought_.find(who);
    if (found == brought_.end()) return 0;
    return found->second.lots.size() - found->second.lots.count({klass, period});
  }

  // False: the batch holds the id already, with other content.
  bool takeId(const Who& who, const std::string& id, ByteView canonical) {
    const ByteArray<32> content = sha256(canonical);
    return ids_.try_emplace({who, id}, content).first->second == content;
  }

 private:
  struct Brought {
    std::set<std::string> aliases;
    std::set<std::pair<std::string, std::int32_t>> lots;
  };
  std::map<std::string, Who> owners_;
  std::map<Who, Brought> brought_;
  std::map<std::pair<Who, std::string>, ByteArray<32>> ids_;
  std::uint64_t admitted_ = 0;
};

}  // namespace lacuna
