#include "ledger/proof/control_report.h"

#include "ledger/base/civil.h"
#include "ledger/crypto/digest.h"
#include "ledger/proof/json_reader.h"
#include "ledger/proof/json_text.h"
#include "ledger/proof/receipt.h"

#include <algorithm>
#include <array>

namespace lacuna {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kForm = "lacuna-control-report/1";
constexpr std::string_view kSignedPrefix = "lacuna control report v1\n";
constexpr std::array<std::string_view, 5> kScopes = {"person", "classes", "list", "event",
                                                     "retention"};

Refusal bad(std::string_view what) {
  return {RefusalCode::tampered, "the control report " + std::string(what)};
}

// ---- writing

Json jsonOf(const ControlStep& step) {
  Json out{{"step", nameOf(step.step)}, {"seq", step.seq.raw()}, {"at", rfc3339Of(step.at)}};
  if (step.step == ErasureStep::destroyed) {
    out["holder"] = step.holder;
    out["destroyedAt"] = rfc3339Of(step.destroyedAt);
  }
  return out;
}

Json jsonOf(const ControlErasure& e) {
  Json out{
      {"erasure", hexOf(e.erasure.view())}, {"ground", nameOf(e.ground)}, {"request", e.request}};
  if (e.caseNumber != 0) out["case"] = e.caseNumber;
  if (!e.scope.empty()) out["scope"] = e.scope;
  if (e.askedBy) out["askedBy"] = *e.askedBy;
  if (e.approvedBy) {
    out["approvedBy"] = *e.approvedBy;
    out["approverRoles"] = e.approverRoles;
  }
  if (!e.dueHouse.empty()) out["dueHouse"] = e.dueHouse;
  if (!e.dueStatute.empty()) out["dueStatute"] = e.dueStatute;
  out["steps"] = Json::array();
  for (const ControlStep& step : e.steps) out["steps"].push_back(jsonOf(step));
  return out;
}

Json jsonOf(const ControlAccess& access) {
  return {{"seq", access.seq.raw()},
          {"at", rfc3339Of(access.at)},
          {"action", nameOf(access.body.action)},
          {"number", access.body.principal},
          {"roles", roleNamesOf(access.body.roles)}};
}

template <typename T>
Json listOf(const std::vector<T>& values) {
  Json out = Json::array();
  for (const T& value : values) out.push_back(jsonOf(value));
  return out;
}

Json jsonOf(const ControlCounts& counts) {
  Json out = Json::object();
  for (const auto& [name, count] : counts) out[name] = count;
  return out;
}

Json jsonOf(const ControlStatement& s) {
  Json records = Json::array();
  for (const Seq seq : s.sample.records) records.push_back(seq.raw());
  return {{"ledger", hexOf(s.ledger.view())},
          {"origin", s.origin},
          {"issuedAt", rfc3339Of(s.issuedAt)},
          {"zone", s.zone},
          {"from", s.from},
          {"to", s.to},
          {"begins", rfc3339Of(s.begins)},
          {"ends", rfc3339Of(s.ends)},
          {"first", s.log.first.raw()},
          {"end", s.log.end.raw()},
          {"size", s.log.size.raw()},
          {"totals", jsonOf(s.log.totals)},
          {"access", listOf(s.log.access)},
          {"erasures", listOf(s.log.erasures)},
          {"summary", jsonOf(summaryOf(s))},
          {"holds",
           {{"standing", s.holds.standing},
            {"overdue", s.holds.overdue},
            {"grounds", jsonOf(s.holds.grounds)}}},
          {"sample",
           {{"count", s.sample.count}, {"seed", s.sample.seed}, {"records", std::move(records)}}},
          {"evidence", hexOf(s.evidence.view())}};
}

// ---- reading

template <typename Enum>
Enum named(std::string_view name, std::uint8_t first, std::uint8_t last) {
  for (std::uint8_t raw = first; raw <= last; ++raw) {
    if (nameOf(static_cast<Enum>(raw)) == name) return static_cast<Enum>(raw);
  }
  return static_cast<Enum>(first);
}

ControlStep stepOf(JsonReader in) {
  ControlStep out;
  out.step = named<ErasureStep>(in.text("step"), 1, 14);
  out.seq = in.seq("seq").value_or(Seq(0));
  out.at = in.time("at").value_or(Instant{});
  out.holder = static_cast<std::uint8_t>(in.number("holder"));
  out.destroyedAt = in.time("destroyedAt").value_or(Instant{});
  return out;
}

std::optional<std::uint32_t> principalOf(JsonReader& in, const char* name) {
  const std::optional<Seq> number = in.seq(name);
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(number->raw());
}

ControlErasure erasureOf(JsonReader in) {
  ControlErasure out;
  out.erasure = in.digest<ErasureId>("erasure").value_or(ErasureId{});
  out.ground = groundOf(in.text("ground")).value_or(Ground::unstated);
  out.request = in.flag("request");
  out.caseNumber = in.number("case");
  out.scope = in.text("scope");
  out.askedBy = principalOf(in, "askedBy");
  out.approvedBy = principalOf(in, "approvedBy");
  out.approverRoles = in.texts("approverRoles");
  out.dueHouse = in.text("dueHouse");
  out.dueStatute = in.text("dueStatute");
  out.steps = in.list<ControlStep>("steps", stepOf);
  return out;
}

ControlAccess accessOf(JsonReader in) {
  ControlAccess out;
  out.seq = in.seq("seq").value_or(Seq(0));
  out.at = in.time("at").value_or(Instant{});
  out.body.action = named<AccessAction>(in.text("action"), 1, 7);
  out.body.principal = static_cast<std::uint32_t>(in.number("number"));
  const std::vector<std::string> roles = in.texts("roles");
  for (std::uint8_t bit = 0; bit < 4; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1U << bit);
    if (std::count(roles.begin(), roles.end(), roleNamesOf(mask).front()) > 0)
      out.body.roles |= mask;
  }
  return out;
}

ControlStatement statementOf(JsonReader in) {
  ControlStatement s;
  s.ledger = in.digest<LedgerId>("ledger").value_or(LedgerId{});
  s.origin = in.text("origin");
  s.issuedAt = in.time("issuedAt").value_or(Instant{});
  s.zone = in.text("zone");
  s.from = in.text("from");
  s.to = in.text("to");
  s.begins = in.time("begins").value_or(Instant{});
  s.ends = in.time("ends").value_or(Instant{});
  s.log.first = Seq(in.number("first"));
  s.log.end = TreeSize(in.number("end"));
  s.log.size = TreeSize(in.number("size"));
  s.log.totals = in.counts("totals");
  s.log.access = in.list<ControlAccess>("access", accessOf);
  s.log.erasures = in.list<ControlErasure>("erasures", erasureOf);
  JsonReader holds = in.part("holds"), sample = in.part("sample");
  s.holds = {holds.number("standing"), holds.number("overdue"), holds.counts("grounds")};
  s.sample.count = static_cast<std::uint32_t>(sample.number("count"));
  s.sample.seed = sample.text("seed");
  for (const std::uint64_t seq : sample.numbers("records")) s.sample.records.emplace_back(seq);
  s.evidence = in.digest<EvidenceHash>("evidence").value_or(EvidenceHash{});
  return s;
}

// What one text does not yet make sure of.
bool holdsTogether(const ControlStatement& s) {
  const std::optional<Date> from = dateOf(s.from), to = dateOf(s.to);
  if (!from || !to || *to < *from || s.begins != startOfDay(s.zone, *from) ||
      s.ends != startOfDay(s.zone, plus(*to, {0, 0, 1}))) {
    return false;
  }
  const ControlPublic& log = s.log;
  if (log.first.raw() > log.end.raw() || log.end > log.size ||
      log.erasures.size() > kControlErasuresMax || log.access.size() > kControlErasuresMax ||
      s.sample.count > kControlSampleMax) {
    return false;
  }
  if (s.sample.count == 0 ? !s.sample.seed.empty() : !sampleSeedValid(s.sample.seed)) return false;
  for (const ControlErasure& e : log.erasures) {
    const bool scoped = e.scope.empty() || std::count(kScopes.begin(), kScopes.end(), e.scope) > 0;
    const bool dated = (e.dueHouse.empty() || dateOf(e.dueHouse)) &&
                       (e.dueStatute.empty() || dateOf(e.dueStatute));
    if (!scoped || !dated || e.steps.empty() || e.steps.size() > kControlStepsMax) return false;
  }
  const std::vector<Seq> drawn = s.sample.count == 0
                                     ? std::vector<Seq>()
                                     : sampleOf(s.sample.count, s.sample.seed, log.first, log.end);
  return s.sample.records == drawn;
}

EvidenceHash evidenceOf(const std::string& checkpoint, const std::vector<std::string>& receipts) {
  ByteWriter all;
  all.u64(checkpoint.size()).raw(checkpoint);
  for (const std::string& receipt : receipts) all.u64(receipt.size()).raw(receipt);
  return EvidenceHash{sha256(all.view())};
}

Bytes signedBytes(std::string_view text) {
  return ByteWriter(kSignedPrefix.size() + text.size()).raw(kSignedPrefix).raw(text).take();
}

// ---- verifying

Result<std::vector<VerifierKey>> signersOf(const ControlReport& report) {
  std::vector<VerifierKey> out;
  for (std::size_t i = 0; i < report.keys.size(); ++i) {
    const Result<VerifierKey> key = verifierKeyOfText(report.keys[i]);
    if (!key || key->type != kNoteEd25519) return bad("names no verifier key");
    if (std::count(out.begin(), out.end(), *key) > 0) return bad("names a key twice");
    if (!verifySignature(key->key, signedBytes(report.statement), report.signatures[i])) {
      return bad("has a wrong signature");
    }
    out.push_back(*key);
  }
  return out;
}

Outcome sampleProved(const ControlStatement& s, const ControlReport& report,
                     const VerifierKey& key) {
  if (report.receipts.size() != s.sample.records.size()) return bad("does not prove its sample");
  for (std::size_t i = 0; i < report.receipts.size(); ++i) {
    const Result<ProvedRecord> proved = verifyReceipt(report.receipts[i], key);
    if (!proved) return proved.refusal();
    const Result<Record> record = decodeRecord(proved->record);
    if (!record) return record.refusal();
    if (proved->seq != s.sample.records[i] || record->recordedAt < s.begins ||
        record->recordedAt >= s.ends) {
      return bad("proves another record than its sample names");
    }
  }
  return Done{};
}

// ---- against the log

class Differences {
 public:
  void add(std::string what) {
    if (out_.size() < kFindingsMax) out_.push_back(std::move(what));
  }
  void number(std::string_view name, std::uint64_t said, std::uint64_t found) {
    if (said == found) return;
    add(std::string(name) + ": the report says " + std::to_string(said) + ", the log " +
        std::to_string(found));
  }
  void counts(const ControlCounts& said, const ControlCounts& found) {
    ControlCounts all = said;
    all.insert(found.begin(), found.end());
    const auto in = [](const ControlCounts& of, const std::string& name) {
      const auto at = of.find(name);
      return at == of.end() ? 0 : at->second;
    };
    for (const auto& [name, unused] : all) number(name, in(said, name), in(found, name));
  }
  std::vector<std::string> take() { return std::move(out_); }

 private:
  std::vector<std::string> out_;
};

void compareErasures(Differences& out, const std::vector<ControlErasure>& said,
                     const std::vector<ControlErasure>& found, const ControlTally& tally) {
  std::map<ErasureId, const ControlErasure*> left;
  for (const ControlErasure& one : found) left[one.erasure] = &one;
  for (const ControlErasure& one : said) {
    const std::string name = "erasure " + hexOf(one.erasure.view());
    const auto at = left.find(one.erasure);
    if (at == left.end()) {
      out.add(name + ": the log has none of that time");
      continue;
    }
    if (one.publicPart() != *at->second) out.add(name + ": its steps in the log are others");
    left.erase(at);
    const ControlStep* approved = one.find(ErasureStep::approved);
    if (one.approvedBy.has_value() && approved == nullptr) {
      out.add(name + ": the log has no approval of it");
    } else if (one.approvedBy &&
               one.approverRoles != tally.rolesAt(*one.approvedBy, approved->seq)) {
      out.add(name + ": the log gave its approver other roles");
    }
  }
  for (const auto& [id, one] : left)
    out.add("erasure " + hexOf(id.view()) + ": the report does not name it");
}

}  // namespace

ControlCounts summaryOf(const ControlStatement& s) {
  ControlCounts out;
  const Date issued = dateIn(s.zone, s.issuedAt);
  for (const ControlErasure& e : s.log.erasures) {
    if (!e.scope.empty()) ++out["scope/" + e.scope];
    const std::optional<Instant> answered = e.answeredAt();
    if (!answered) ++out["open"];
    const Date day = answered ? dateIn(s.zone, *answered) : issued;
    const auto late = [&](const std::string& due) {
      const std::optional<Date> date = dateOf(due);
      return date && *date < day;
    };
    if (late(e.dueHouse)) ++out["late/house"];
    if (late(e.dueStatute)) ++out["late/statute"];
    for (const std::string& role : e.approverRoles) ++out["approved/" + role];
  }
  return out;
}

std::string encode(const ControlStatement& statement) { return jsonOf(statement).dump(); }

Result<ControlStatement> decodeControlStatement(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return bad("holds no statement");
  ControlStatement s = statementOf(JsonReader(json));
  if (!zoneKnown(s.zone)) return bad("names a time zone that this machine does not know");
  if (!originValid(s.origin) || encode(s) != text || !holdsTogether(s)) {
    return bad("holds a statement that does not follow the format");
  }
  return s;
}

ControlReport makeControlReport(ControlStatement statement, std::span<const SigningKey* const> keys,
                                std::string checkpoint, std::vector<std::string> receipts) {
  LACUNA_ASSERT(!keys.empty() && keys.size() <= kControlKeysMax, "a report is signed");
  statement.evidence = evidenceOf(checkpoint, receipts);
  ControlReport out;
  out.statement = encode(statement);
  out.checkpoint = std::move(checkpoint);
  out.receipts = std::move(receipts);
  for (const SigningKey* key : keys) {
    out.keys.push_back(textOf(verifierKeyOf(statement.origin, key->publicKey())));
    const Signature signature = key->sign(signedBytes(out.statement));
    out.signatures.emplace_back(signature.begin(), signature.end());
  }
  return out;
}

std::string textOf(const ControlReport& report) {
  Json signatures = Json::array();
  for (const Bytes& signature : report.signatures) signatures.push_back(base64Of(signature));
  return Json{{"form", kForm},
              {"keys", report.keys},
              {"statement", Json::parse(report.statement)},
              {"signatures", std::move(signatures)},
              {"checkpoint", report.checkpoint},
              {"receipts", report.receipts}}
             .dump(2) +
         "\n";
}

Result<ControlReport> controlReportOfText(std::string_view text) {
  if (text.size() > kControlReportBytesMax) return bad("is too large");
  if (!shallow(text)) return bad("does not follow the format");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("form", Json()) != Json(kForm)) {
    return bad("is not one of the form lacuna-control-report/1");
  }
  ControlReport out;
  JsonReader in(json);
  out.keys = in.texts("keys");
  out.checkpoint = in.text("checkpoint");
  out.receipts = in.texts("receipts");
  const auto statement = json.find("statement");
  if (statement == json.end()) return bad("does not follow the format");
  out.statement = statement->dump();
  for (const std::string& signature : in.texts("signatures")) {
    std::optional<Bytes> bytes = bytesOfBase64(signature);
    if (!bytes) return bad("does not follow the format");
    out.signatures.push_back(std::move(*bytes));
  }
  if (out.keys.empty() || out.keys.size() > kControlKeysMax ||
      out.signatures.size() != out.keys.size() || textOf(out) != text) {
    return bad("does not follow the format");
  }
  return out;
}

Result<VerifiedControl> verifyControlReport(std::string_view text,
                                            const std::optional<VerifierKey>& key) {
  const Result<ControlReport> report = controlReportOfText(text);
  if (!report) return report.refusal();
  const Result<std::vector<VerifierKey>> signers = signersOf(*report);
  if (!signers) return signers.refusal();
  VerifiedControl out;
  out.key = key.value_or(signers->front());
  out.trusted = key.has_value();
  if (std::count(signers->begin(), signers->end(), out.key) == 0)
    return bad("is not signed by the key");
  Result<ControlStatement> statement = decodeControlStatement(report->statement);
  if (!statement) return statement.refusal();
  if (statement->origin != out.key.name) return bad("is not of the ledger that it names");
  if (statement->evidence != evidenceOf(report->checkpoint, report->receipts)) {
    return bad("holds other proofs than were signed");
  }
  Result<Checkpoint> checkpoint = openNote(report->checkpoint, out.key);
  if (!checkpoint) return checkpoint.refusal();
  if (checkpoint->size != statement->log.size)
    return bad("speaks of another size than its checkpoint");
  if (const Outcome proved = sampleProved(*statement, *report, out.key); !proved)
    return proved.refusal();
  out.statement = std::move(*statement);
  out.checkpoint = std::move(*checkpoint);
  return out;
}

Result<std::vector<std::string>> disagreements(
    const VerifiedControl& report, const LogSource& log,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& onProgress) {
  const ControlStatement& said = report.statement;
  const std::uint64_t size = report.checkpoint.size.raw();
  Differences out;
  ControlTally tally(said.begins, said.ends);
  TreeBuilder tree;
  Outcome read = Done{};
  std::uint64_t next = 0;
  std::optional<GenesisBody> genesis;
  log.scan(Seq(0), TreeSize(std::min(size, log.size().raw())), [&](const LogEntry& entry) {
    read = tally.add(entry.record);
    if (!read) return false;
    tree.append(leafHash(entry.record), [](const TileHash&) {});
    if (next++ == 0) {
      const Result<GenesisBody> body = decodeGenesis(decodeRecord(entry.record)->body);
      if (body) genesis = *body;
    }
    if (onProgress && next % 4096 == 0) onProgress(next, size);
    return true;
  });
  if (!read) return read.refusal();
  if (next != size) return bad("speaks of more records than this log has");
  if (tree.root() != report.checkpoint.root)
    return bad("is of another log: its checkpoint does not fit this one");
  if (!genesis || genesis->ledger != said.ledger) out.add("ledger: the log names another");
  const ControlPublic found = tally.take();
  out.number("first", said.log.first.raw(), found.first.raw());
  out.number("end", said.log.end.raw(), found.end.raw());
  out.counts(said.log.totals, found.totals);
  if (said.log.access != found.access) out.add("access: the log lists other changes");
  compareErasures(out, said.log.erasures, found.erasures, tally);
  return out.take();
}

}  // namespace lacuna
