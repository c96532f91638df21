// lacuna log --public: what the log says about itself, for an auditor to list.
#include "ledger/base/civil.h"
#include "ledger/net/http_client.h"
#include "ledger/record/bodies.h"
#include "tools/commands.h"
#include "tools/remote_log.h"
#include "tools/tile_log.h"

#include <array>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::array<std::string_view, 6> kColumns{"seq",    "recordedAt", "kind",
                                                   "action", "number",     "document"};

void putAccess(Json& out, const AccessBody& body) {
  out["action"] = nameOf(body.action);
  out["number"] = body.principal;
  if (body.roles != 0) out["roles"] = roleNamesOf(body.roles);
}

void putSweep(Json& out, const SweepBody& body) {
  out["action"] = "envelopes-removed";
  out["below"] = body.marked.raw();
  out["few"] = body.few;
  out["documents"] = Json::array();
  for (const auto& part : body.parts) out["documents"].push_back(hexOf(part.document.view()));
}

// One line, or nothing for records about persons and for readings of them.
std::optional<Json> lineOf(const Record& record) {
  Json out{{"seq", record.seq.raw()},
           {"recordedAt", rfc3339Of(record.recordedAt)},
           {"kind", nameOf(record.kind)}};
  if (record.kind == Kind::genesis) {
    const auto body = decodeGenesis(record.body);
    if (!body) return out;
    out["action"] = "begins";
    out["origin"] = body->origin;
    out["ledger"] = hexOf(body->ledger.view());
    out["key"] = textOf(verifierKeyOf(body->origin, body->key));
    out["format"] = kRecordVersion;
  } else if (record.kind == Kind::registerChange) {
    const auto body = decodeRegister(record.body);
    out["action"] = "applied";
    if (body) out["number"] = body->version;
    out["document"] = hexOf(record.commitment.view());
  } else if (record.kind == Kind::access) {
    if (const auto body = decodeAccess(record.body)) putAccess(out, *body);
  } else if (record.kind == Kind::restore) {
    const auto body = decodeRestore(record.body);
    if (!body) return out;
    out["action"] = "goes-on-from";
    out["kept"] = body->kept.raw();
    out["origin"] = body->oldOrigin;
    out["checkpoint"] = hexOf(body->oldCheckpoint.view());
  } else if (record.kind == Kind::sweep) {
    if (const auto body = decodeSweep(record.body)) putSweep(out, *body);
  } else {
    return std::nullopt;
  }
  return out;
}

Exit list(Invocation& call, const LogSource& log, std::uint64_t from) {
  const std::uint64_t size = log.size().raw();
  std::vector<std::string> lines;
  std::uint64_t next = from;
  log.scan(Seq(from), log.size(), [&](const LogEntry& entry) {
    ++next;
    const auto record = decodeRecord(entry.record);
    if (record) {
      if (const auto line = lineOf(*record)) lines.push_back(line->dump());
    }
    call.console.progress("looked at " + std::to_string(next) + " of " + std::to_string(size) +
                          " records");
    return record.ok();
  });
  call.console.endProgress();
  if (from < size && next != size) {
    return call.console.fault("the log cannot be read to its end; see lacuna verify");
  }
  return call.console.showLines(lines, kColumns);
}

}  // namespace

void describeLog(po::options_description& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()                                                    //
      ("public", "what the log says about itself; there is nothing else")  //
      ("from", text("SEQ"), "from this record on")                         //
      ("url", text("URL"), "of a log over HTTP, instead of the daemon's")  //
      ("export", text("DIR"), "of an export, instead of the daemon's");
}

Exit logPublic(Invocation& call) {
  if (!call.flag("public")) {
    throw UsageError("only what is public can be listed: lacuna log --public");
  }
  const std::string from = call.text("from"), url = call.text("url"), dir = call.text("export");
  if (!url.empty() && !dir.empty()) throw UsageError("--url and --export exclude each other");
  if (!url.empty() && !isHttpUrl(url)) {
    throw UsageError("--url is http://HOST... or https://HOST...");
  }
  constexpr std::uint64_t kSeqMax = std::uint64_t{1} << 62;
  const std::uint64_t first = from.empty() ? 0 : numberOf("--from", from, kSeqMax);
  if (url.empty() && dir.empty()) {
    const auto log = RemoteLog::open(call.address());
    if (!log) return call.console.refuse(log.refusal());
    return list(call, **log, first);
  }
  const auto log = url.empty() ? TileLog::openDirectory(dir) : TileLog::openUrl(url);
  if (!log) return call.console.refuse(log.refusal());
  return list(call, *log, first);
}

}  // namespace lacuna::tool
