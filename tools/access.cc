#include "ledger/base/civil.h"
#include "ledger/base/limits.h"
#include "tools/commands.h"
#include "tools/connection.h"

#include <algorithm>
#include <array>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::array<std::string_view, 4> kRoles{"recorder", "auditor", "officer", "operator"};
constexpr std::size_t kSystemsPerGrantMax = 256;

std::vector<std::string> rolesOf(const std::vector<std::string>& asked) {
  std::vector<std::string> out;
  for (const std::string& list : asked) {
    std::size_t start = 0;
    for (std::size_t comma = 0; comma != std::string::npos; start = comma + 1) {
      comma = list.find(',', start);
      const std::string word =
          list.substr(start, comma == std::string::npos ? comma : comma - start);
      out.push_back(oneOf("--role", word, kRoles));
    }
  }
  if (out.empty())
    throw UsageError("--role says what is granted: recorder, auditor, officer, operator");
  return out;
}

void setRoles(const std::vector<std::string>& roles, wire::Grant::Builder grant) {
  for (const std::string& role : roles) {
    if (role == "recorder") grant.setRecorder(true);
    if (role == "auditor") grant.setAuditor(true);
    if (role == "officer") grant.setOfficer(true);
    if (role == "operator") grant.setOperator(true);
  }
}

constexpr std::array<std::string_view, 8> kColumns{"principal", "uid",   "gid",   "roles",
                                                   "systems",   "label", "since", "revoked"};

Json jsonOf(wire::Grant::Reader grant) {
  Json out{{"principal", grant.getPrincipal()}};
  if (grant.getHolder().isUid()) out["uid"] = grant.getHolder().getUid();
  if (grant.getHolder().isGid()) out["gid"] = grant.getHolder().getGid();
  Json roles = Json::array();
  const std::array held{grant.getRecorder(), grant.getAuditor(), grant.getOfficer(),
                        grant.getOperator()};
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    if (held[i]) roles.push_back(kRoles[i]);
  }
  out["roles"] = roles;
  Json systems = Json::array();
  for (const auto system : grant.getSystems())
    systems.push_back(std::string(system.begin(), system.size()));
  out["systems"] = systems;
  out["label"] = std::string(grant.getLabel().begin(), grant.getLabel().size());
  out["since"] = rfc3339Of(Instant(std::chrono::milliseconds(grant.getSinceMs())));
  out["revoked"] = grant.getRevoked();
  return out;
}

template <typename Ask>
Exit askOperator(Invocation& call, Ask&& ask) {
  Loop loop;
  Connection connection(loop, call.address());
  auto op = connection.op();
  if (!op) return call.console.refuse(op.refusal());
  return ask(loop, *op);
}

}  // namespace

void describeAccessGrant(po::options_description& options) {
  const auto list = [](const char* name) {
    return po::value<std::vector<std::string>>()->value_name(name);
  };
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()                                                              //
      ("uid", text("N"), "the user of this machine who gets the roles")              //
      ("gid", text("N"), "or the group")                                             //
      ("role", list("R[,R]"), "recorder, auditor, officer, operator; at least one")  //
      ("system", list("S"),
       "with recorder: a system of the register that may be reported for; repeatable")  //
      ("label", text("TEXT"), "a post or a service, never a person's name");
}

Exit accessGrant(Invocation& call) {
  const std::string uid = call.text("uid");
  const std::string gid = call.text("gid");
  if (uid.empty() == gid.empty()) throw UsageError("a grant names either --uid N or --gid N");
  constexpr std::uint64_t kHolderMax = UINT32_MAX - 1;  // the last one means "nobody" to the system
  const auto holder = static_cast<std::uint32_t>(uid.empty() ? numberOf("--gid", gid, kHolderMax)
                                                             : numberOf("--uid", uid, kHolderMax));
  const auto roles = rolesOf(call.list("role"));
  const auto systems = call.list("system");
  const bool recorder = std::find(roles.begin(), roles.end(), "recorder") != roles.end();
  if (recorder && systems.empty()) throw UsageError("a recorder needs at least one --system S");
  if (!recorder && !systems.empty()) throw UsageError("--system belongs to the role recorder");
  if (systems.size() > kSystemsPerGrantMax) throw UsageError("too many systems");
  const std::string label = call.text("label");
  return askOperator(call, [&](Loop& loop, wire::Operator::Client& op) {
    auto request = op.grantRequest();
    auto grant = request.initGrant();
    if (uid.empty()) {
      grant.getHolder().setGid(holder);
    } else {
      grant.getHolder().setUid(holder);
    }
    setRoles(roles, grant);
    auto names = grant.initSystems(static_cast<unsigned>(systems.size()));
    for (unsigned i = 0; i < names.size(); ++i) names.set(i, systems[i].c_str());
    grant.setLabel(label.c_str());
    const auto answer = request.send().wait(loop.wait());
    if (answer.isRefusal()) return call.console.refuse(refusalOf(answer.getRefusal()));
    KJ_REQUIRE(answer.isOk(), "the daemon gave no answer");
    const std::uint32_t principal = answer.getOk().getPrincipal();
    if (call.console.format() == Format::table) {
      call.console.out() << call.console.say("granted; principal ", "verleend; houder ")
                         << principal << '\n';
      return Exit::done;
    }
    return call.console.showObject(Json{{"principal", principal}}.dump());
  });
}

Exit accessRevoke(Invocation& call) {
  const auto principal =
      static_cast<std::uint32_t>(numberOf("the grant", call.words.at(0), UINT32_MAX));
  return askOperator(call, [&](Loop& loop, wire::Operator::Client& op) {
    auto request = op.revokeRequest();
    request.setPrincipal(principal);
    const auto answer = request.send().wait(loop.wait());
    if (answer.isRefusal()) return call.console.refuse(refusalOf(answer.getRefusal()));
    KJ_REQUIRE(answer.isOk(), "the daemon gave no answer");
    if (call.console.format() == Format::table) {
      call.console.out() << call.console.say("revoked; principal ", "ingetrokken; houder ")
                         << principal << '\n';
      return Exit::done;
    }
    return call.console.showObject(Json{{"principal", principal}, {"revoked", true}}.dump());
  });
}

Exit accessList(Invocation& call) {
  return askOperator(call, [&](Loop& loop, wire::Operator::Client& op) {
    const auto answer = op.grantsRequest().send().wait(loop.wait());
    if (answer.isRefusal()) return call.console.refuse(refusalOf(answer.getRefusal()));
    KJ_REQUIRE(answer.isOk(), "the daemon gave no answer");
    std::vector<std::string> lines;
    for (const auto grant : answer.getOk())
      lines.push_back(jsonOf(grant).dump(-1, ' ', false, Json::error_handler_t::replace));
    if (lines.empty() && call.console.format() == Format::table) {
      call.console.out() << call.console.say("no grants: single-user mode\n",
                                             "niets verleend: eengebruikersmodus\n");
      return Exit::done;
    }
    return call.console.showLines(lines, kColumns);
  });
}

}  // namespace lacuna::tool
