#include "daemon/access.h"

#include "ledger/base/limits.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace lacuna {
namespace {

// The principal number of single-user mode and of the daemon's own user: no grant carries it.
constexpr std::uint32_t kOwnPrincipal = 0;

std::optional<std::uint32_t> numberOf(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Grant grantOf(const AccessBody& body, const StoredEvent& stored, Instant since) {
  Grant grant;
  grant.principal = body.principal;
  grant.roles = body.roles;
  grant.since = since;
  for (const std::string& detail : stored.details) {
    const std::size_t equals = detail.find('=');
    const std::string_view key = std::string_view(detail).substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : detail.substr(equals + 1);
    if (key == "uid") grant.uid = numberOf(value);
    if (key == "gid") grant.gid = numberOf(value);
    if (key == "system") grant.systems.push_back(value);
    if (key == "label") grant.label = value;
  }
  return grant;
}

bool holds(const Grant& grant, std::uint32_t uid, const std::vector<std::uint32_t>& gids) {
  if (grant.revoked) return false;
  if (grant.uid) return *grant.uid == uid;
  return grant.gid && std::find(gids.begin(), gids.end(), *grant.gid) != gids.end();
}

}  // namespace

std::string_view nameOf(Role role) {
  switch (role) {
    case Role::recorder:
      return "recorder";
    case Role::auditor:
      return "auditor";
    case Role::officer:
      return "officer";
    case Role::op:
      return "operator";
  }
  return "unknown";
}

std::optional<Role> roleOf(std::string_view name) {
  for (const Role role : {Role::recorder, Role::auditor, Role::officer, Role::op}) {
    if (nameOf(role) == name) return role;
  }
  return std::nullopt;
}

void AccessList::load(const std::vector<PersonEvent>& events) {
  const std::lock_guard lock(mutex_);
  for (const PersonEvent& event : events) {
    if (event.kind != Kind::access) continue;
    const Result<AccessBody> body = decodeAccess(event.body);
    if (!body) throw Fault("a record of a grant does not follow the format");
    if (body->action == AccessAction::grant) {
      grants_[body->principal] = grantOf(*body, event.stored, event.recordedAt);
      next_ = std::max(next_, body->principal + 1);
      ended_ = true;
    }
    if (body->action == AccessAction::revoke) grants_[body->principal].revoked = true;
  }
}

LedgerService::Access AccessList::accessOf(std::uint32_t uid,
                                           const std::vector<std::uint32_t>& gids) const {
  const std::lock_guard lock(mutex_);
  LedgerService::Access access;
  access.singleUser = grants_.empty();
  if (access.singleUser) {
    if (uid == ownUid_) {
      access.roles = kAllRoles;
      access.caller.principal = kOwnPrincipal;
      access.caller.allSystems = true;
    }
    return access;
  }
  if (uid == ownUid_) access.roles = static_cast<std::uint8_t>(Role::op);
  for (const auto& [principal, grant] : grants_) {
    if (!holds(grant, uid, gids)) continue;
    access.roles = static_cast<std::uint8_t>(access.roles | grant.roles);
    if (access.caller.principal == kOwnPrincipal) access.caller.principal = principal;
    if ((grant.roles & static_cast<std::uint8_t>(Role::recorder)) == 0) continue;
    access.caller.systems.insert(grant.systems.begin(), grant.systems.end());
  }
  if (access.caller.systems.size() == 1)
    access.caller.defaultSystem = *access.caller.systems.begin();
  return access;
}

std::vector<Grant> AccessList::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Grant> out;
  for (const auto& [principal, grant] : grants_) out.push_back(grant);
  return out;
}

bool AccessList::singleUser() const {
  const std::lock_guard lock(mutex_);
  return grants_.empty();
}

Result<Grant> AccessList::prepare(Grant grant, const SystemNumbers& systems, Instant now) {
  const std::lock_guard lock(mutex_);
  if (grant.uid.has_value() == grant.gid.has_value()) {
    return Refusal{RefusalCode::missingField, "a grant names exactly one of uid and gid"};
  }
  if (grant.roles == 0 || (grant.roles & ~kAllRoles) != 0) {
    return Refusal{RefusalCode::missingField,
                   "a grant names at least one role: recorder auditor officer operator"};
  }
  const bool recorder = (grant.roles & static_cast<std::uint8_t>(Role::recorder)) != 0;
  if (recorder && grant.systems.empty()) {
    return Refusal{RefusalCode::missingField,
                   "a recorder's grant names the systems it may report for"};
  }
  if (grant.label.size() > kLabelBytesMax || grant.systems.size() > kSystemsPerGrantMax) {
    return Refusal{RefusalCode::tooLarge,
                   "a label has at most 128 bytes, a grant at most 256 systems"};
  }
  for (const std::string& system : grant.systems) {
    if (!systems.numberOf(system)) {
      return Refusal{RefusalCode::unknownSystem, "the register has no such system; apply it first",
                     nearestOf(system, systems.ids())};
    }
  }
  if (grants_.size() >= kGrantsMax)
    return Refusal{RefusalCode::tooMany, "there are too many grants"};
  grant.principal = next_++;
  grant.since = now;
  grant.revoked = false;
  return grant;
}

bool AccessList::endsSingleUser() {
  const std::lock_guard lock(mutex_);
  return !std::exchange(ended_, true);
}

void AccessList::add(const Grant& grant) {
  const std::lock_guard lock(mutex_);
  grants_[grant.principal] = grant;
}

bool AccessList::known(std::uint32_t principal) const {
  const std::lock_guard lock(mutex_);
  const auto found = grants_.find(principal);
  return found != grants_.end() && !found->second.revoked;
}

void AccessList::revoke(std::uint32_t principal) {
  const std::lock_guard lock(mutex_);
  const auto found = grants_.find(principal);
  LACUNA_ASSERT(found != grants_.end(), "revoking a grant that nobody has");
  found->second.revoked = true;
}

StoredEvent AccessList::storedOf(const Grant& grant) {
  StoredEvent stored;
  stored.event.kind = Kind::access;
  stored.event.at = grant.since;
  stored.operationText = "grant";
  if (grant.uid) stored.details.push_back("uid=" + std::to_string(*grant.uid));
  if (grant.gid) stored.details.push_back("gid=" + std::to_string(*grant.gid));
  for (const std::string& system : grant.systems) stored.details.push_back("system=" + system);
  if (!grant.label.empty()) stored.details.push_back("label=" + grant.label);
  return stored;
}

}  // namespace lacuna
