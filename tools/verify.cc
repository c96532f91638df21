#include "ledger/base/civil.h"
#include "ledger/base/fault.h"
#include "ledger/crypto/digest.h"
#include "ledger/net/http_client.h"
#include "ledger/proof/receipt.h"
#include "ledger/record/record.h"
#include "ledger/store/log_source.h"
#include "tools/commands.h"
#include "tools/durable_file.h"
#include "tools/person_export.h"
#include "tools/remote_log.h"
#include "tools/tile_log.h"
#include "tools/trust.h"
#include "tools/verification.h"
#include "tools/verify_state.h"

#include <filesystem>
#include <thread>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::size_t kCheckpointsHeldMax = 100'000;  // kept ones that a remote log is held against
constexpr std::size_t kReceiptBytesMax = 1024 * 1024;
constexpr unsigned kThreadsOverHttp = 8;  // waiting for a server, most of the time
constexpr std::chrono::seconds kStateEvery{2};

VerifyOptions optionsOf(Invocation& call, const std::optional<VerifierKey>& key,
                        const std::string& since) {
  VerifyOptions options;
  options.threads = std::max(1U, std::thread::hardware_concurrency());
  options.key = key;
  if (!since.empty()) options.checkpoints.push_back(since);
  options.onProgress = [&call](std::uint64_t done, std::uint64_t total) {
    call.console.progress("verified " + std::to_string(done) + " of " + std::to_string(total) +
                          " records");
  };
  return options;
}

Exit conclude(Invocation& call, const Verification& verification) {
  Console& console = call.console;
  console.endProgress();
  const Json report = jsonOf(verification);
  if (const std::string file = call.text("report"); !file.empty())
    writeFile(file, report.dump(2) + "\n");
  if (console.json()) {
    console.out() << report.dump() << '\n';
  } else if (console.format() == Format::csv) {
    console.out() << csvOf(flatOf(report));
  } else {
    console.out() << printable(textOf(verification, console.language()), Lines::kept);
  }
  if (verification.verdict() != Verification::Verdict::failed) return Exit::done;
  console.warn(std::string(console.say("verification failed: ", "verificatie mislukt: ")) +
               failureOf(verification, console.language()));
  return Exit::notVerified;
}

// The copy itself cannot be read: a finding without a place.
Exit concludeUnreadable(Invocation& call, Verification verification, const std::string& why) {
  verification.report.findings.push_back(
      {std::nullopt, "the copy cannot be read: " + why, std::nullopt});
  return conclude(call, verification);
}

// The file of --resume. What it held stays until more is verified than it says.
class Resuming {
 public:
  // Nothing: --resume was not given.
  static Result<std::optional<Resuming>> open(Invocation& call, Instant now) {
    const std::string file = call.text("resume");
    if (file.empty()) return std::optional<Resuming>();
    Resuming out(file, now);
    if (!std::filesystem::exists(file)) return std::optional(std::move(out));
    Result<VerifyState> state = verifyStateOfText(
        contentOf("the file of --resume", file, call.console.in(), kVerifyStateBytesMax));
    if (!state) return state.refusal();
    out.before_ = *state;
    out.state_ = std::move(*state);
    return std::optional(std::move(out));
  }

  const std::optional<VerifyState>& before() const { return before_; }

  // From here on it says how far this run is, under `note`: at most every two seconds.
  void begin(const std::string& note) {
    state_.begun = note;
    state_.at = now_;
  }
  void came(const VerifiedRanges& ranges) {
    const auto now = std::chrono::steady_clock::now();
    if (now - keptAt_ < kStateEvery) return;
    if (before_ && recordsIn(ranges) <= recordsIn(before_->ranges)) return;
    keptAt_ = now;
    state_.ranges = ranges;
    keep();
  }
  void finish(const std::string& note, VerifiedRanges ranges) {
    state_.whole = note;
    state_.begun.reset();
    state_.ranges = std::move(ranges);
    keep();
  }

 private:
  Resuming(std::string file, Instant now) : file_(std::move(file)), now_(now) {}
  static std::uint64_t recordsIn(const VerifiedRanges& ranges) {
    return std::uint64_t{ranges.subtrees.size()} << ranges.height;
  }
  void keep() const { replaceDurably(file_, textOf(state_), "the file of --resume", Secrecy::no); }

  std::string file_;
  Instant now_;
  std::optional<VerifyState> before_;
  VerifyState state_;
  std::chrono::steady_clock::time_point keptAt_ = std::chrono::steady_clock::now();
};

// Holds the log against `notes` (ascending) and what was kept from before, and the notes against the policy.
Result<Verification> heldAgainst(Invocation& call, Verification verification, const LogSource& log,
                                 std::vector<std::string> notes, const std::string& since,
                                 unsigned threads) {
  if (!notes.empty()) verification.checkpoints.push_back(notes.back());
  if (verification.policy) {
    verification.view = viewOf(*verification.policy, notes);
    verification.key = verification.view->key;
  }
  VerifyOptions options = optionsOf(call, verification.key, since);
  options.threads = std::max(options.threads, threads);

  Result<std::optional<Resuming>> resuming = Resuming::open(call, verification.at);
  if (!resuming) return resuming.refusal();
  const std::string newest = notes.empty() ? std::string() : notes.back();
  const auto note = parseNote(newest);
  if (*resuming && note) {
    Resuming& file = **resuming;
    if (const auto& before = file.before()) {
      if (const auto its = belongsTo(*before, *note, verification.key); !its) return its.refusal();
      for (const auto* seen : {&before->whole, &before->begun}) {
        if (*seen) options.checkpoints.push_back(**seen);
      }
      options.earlier = &before->ranges;
      verification.takenFrom = before->at;
    }
    // A head that nobody has signed is not remembered.
    const auto& signer = verification.key;
    const bool believable = !signer || openNote(*note, *signer).ok();
    if (believable) file.begin(newest);
    options.onVerified = [&file, believable](const VerifiedRanges& ranges) {
      if (believable) file.came(ranges);
    };
  }
  options.checkpoints.insert(options.checkpoints.end(), std::make_move_iterator(notes.begin()),
                             std::make_move_iterator(notes.end()));
  verification.report = verifyLog(log, options);
  if (verification.view && !verification.view->problem.empty()) {
    verification.report.findings.push_back(
        {std::nullopt, std::string(verification.view->problem), std::nullopt});
  }
  if (*resuming && note && verification.verdict() != Verification::Verdict::failed) {
    (*resuming)->finish(newest, verification.report.verified);
  }
  return verification;
}

Exit concludeHeld(Invocation& call, const Result<Verification>& verification) {
  return verification ? conclude(call, *verification) : call.console.refuse(verification.refusal());
}

Exit verifyData(Invocation& call, Verification verification, const std::string& since) {
  verification.source = "data";
  verification.envelopesAtHand = true;
  const std::filesystem::path directory = call.text("data");
  StoreOptions where;
  where.directory =
      std::filesystem::is_directory(directory / "log") ? directory / "log" : directory;
  where.readOnly = true;
  try {
    const Result<std::unique_ptr<Store>> store = Store::open(where);
    if (!store) {
      if (store.refusal().code != RefusalCode::tampered)
        return call.console.refuse(store.refusal());
      return concludeUnreadable(call, std::move(verification), store.refusal().message);
    }
    const StoreLogSource log(**store);
    verification = heldAgainst(call, verification, log, log.checkpoints(), since, 1).value();
  } catch (const Fault& fault) {
    return concludeUnreadable(call, std::move(verification), fault.what());
  }
  return conclude(call, verification);
}

Exit verifyDaemon(Invocation& call, Verification verification, const std::string& since) {
  verification.source = "daemon";
  const auto log = RemoteLog::open(call.address());
  if (!log) return call.console.refuse(log.refusal());
  std::vector<std::string> kept = (*log)->checkpoints(kCheckpointsHeldMax);
  if (kept.empty() || kept.back() != (*log)->checkpoint()) kept.push_back((*log)->checkpoint());
  return concludeHeld(call,
                      heldAgainst(call, std::move(verification), **log, std::move(kept), since, 1));
}

Exit verifyTiles(Invocation& call, Verification verification, const Result<TileLog>& log,
                 const std::string& since, unsigned threads) {
  if (!log) return concludeUnreadable(call, std::move(verification), log.refusal().message);
  return concludeHeld(
      call, heldAgainst(call, std::move(verification), *log, {log->checkpoint()}, since, threads));
}

// Without a key only the arithmetic of a receipt can be checked.
Outcome consistent(const std::string& text) {
  const Result<TlogProof> proof = proofOfText(text);
  if (!proof) return proof.refusal();
  const Result<SignedNote> note = parseNote(proof->checkpoint);
  if (!note) return note.refusal();
  const Result<Record> record = decodeRecord(proof->extra);
  if (!record) return record.refusal();
  if (record->seq != proof->index)
    return Refusal{RefusalCode::tampered, "a receipt for another place than the record's"};
  return verifyInclusion(leafHash(proof->extra), proof->index, note->checkpoint.size, proof->hashes,
                         note->checkpoint.root);
}

struct ReceiptFacts {
  Json json;
  std::string text;
};

ReceiptFacts factsOf(const std::string& receipt, const std::optional<VerifierKey>& key) {
  const Result<TlogProof> proof = proofOfText(receipt);
  const Result<Record> record = decodeRecord(proof->extra);
  const Result<SignedNote> note = parseNote(proof->checkpoint);
  std::string signers;
  for (const NoteSignature& signature : note->signatures) {
    ByteWriter id;
    signers +=
        (signers.empty() ? "" : ", ") + signature.name + "+" + hexOf(id.u32(signature.id).view());
  }
  const std::string leaf = hexOf(leafHash(proof->extra).view());
  const std::string size = std::to_string(note->checkpoint.size.raw());
  ReceiptFacts facts;
  facts.json = Json{{"result", key ? "verified" : "internally-consistent"},
                    {"source", "receipt"},
                    {"seq", proof->index.raw()},
                    {"leaf", leaf},
                    {"kind", nameOf(record->kind)},
                    {"recordedAt", rfc3339Of(record->recordedAt)},
                    {"checkpoint", proof->checkpoint},
                    {"signedBy", signers}};
  if (key) facts.json["key"] = textOf(*key);
  facts.text = key ? "verified: " : "internally consistent: ";
  facts.text += "record " + std::to_string(proof->index.raw()) + " (" +
                std::string(nameOf(record->kind)) + ", recorded " + rfc3339Of(record->recordedAt) +
                ") stands in the log " + note->checkpoint.origin + " of " + size + " records\n";
  facts.text +=
      key ? "signed by " + textOf(*key) + "\n"
          : "not checked: the signature, for want of a key; the checkpoint names " + signers + "\n";
  facts.text += "leaf: " + leaf + "\n";
  return facts;
}

Exit verifyReceiptFile(Invocation& call, const Trust& trust) {
  Console& console = call.console;
  const std::string receipt =
      contentOf("the receipt", call.text("receipt"), console.in(), kReceiptBytesMax);
  Outcome sound = consistent(receipt);
  std::optional<VerifierKey> key = trust.key;
  if (sound && trust.policy) {
    const Result<SignedNote> note = parseNote(proofOfText(receipt)->checkpoint);
    if (const auto opened = openNote(*note, *trust.policy); !opened) sound = opened.refusal();
    key = signerOf(*note, *trust.policy);
  }
  if (sound && key) {
    if (const auto proved = verifyReceipt(receipt, *key); !proved) sound = proved.refusal();
  }
  if (!sound) {
    const std::string why = sound.refusal().message;
    const Json report{{"result", "failed"}, {"source", "receipt"}, {"findings", {{{"what", why}}}}};
    if (const std::string file = call.text("report"); !file.empty())
      writeFile(file, report.dump(2) + "\n");
    if (console.json()) console.out() << report.dump() << '\n';
    console.warn("verification failed: " + why);
    return Exit::notVerified;
  }
  ReceiptFacts facts = factsOf(receipt, key);
  facts.json["at"] = rfc3339Of(systemClock().now());
  if (const std::string file = call.text("report"); !file.empty())
    writeFile(file, facts.json.dump(2) + "\n");
  if (console.format() == Format::table) {
    console.out() << printable(facts.text, Lines::kept);
    return Exit::done;
  }
  return console.showObject(facts.json.dump());
}

}  // namespace

void describeVerify(po::options_description& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  describeTrust(options);
  options.add_options()                                                                  //
      ("data", text("DIR"), "verify a copy of a data directory, offline and read-only")  //
      ("url", text("URL"), "verify a log over HTTP, as C2SP tlog-tiles")                 //
      ("export", text("DIR"),
       "verify an export of `lacuna export-log`, or one of a person (`lacuna export`), offline")  //
      ("receipt", text("FILE"), "verify a receipt of `lacuna prove`, offline")                    //
      ("certificate", text("FILE"), "verify a certificate of erasure, offline")                   //
      ("disclosure", text("FILE"), "verify a disclosure of `lacuna disclose`, offline")           //
      ("control-report", text("FILE"),
       "verify a control report of `lacuna report`, offline; with --data, --url or --export its "
       "totals are "
       "recomputed from that log")  //
      ("salt", text("HEX"),
       "with --certificate: what the person was given; shows that it is theirs")         //
      ("since", text("FILE"), "a checkpoint kept from earlier: the log must extend it")  //
      ("resume", text("FILE"),
       "keep there how far it came: what is verified is not read again; not with --data")  //
      ("report", text("FILE"), "write what was and was not checked there, as JSON");
}

Exit verify(Invocation& call) {
  const std::string data = call.text("data"), url = call.text("url"), dir = call.text("export");
  const bool receipt = !call.text("receipt").empty();
  const bool certificate = !call.text("certificate").empty();
  const bool disclosure = !call.text("disclosure").empty();
  const bool control = !call.text("control-report").empty();
  const int logs = !data.empty() + !url.empty() + !dir.empty();
  if (logs > 1 || (control ? 0 : logs) + control + receipt + certificate + disclosure > 1) {
    throw UsageError(
        "--data, --url, --export, --receipt, --certificate, --disclosure and --control-report "
        "exclude each other; only --control-report goes with a log");
  }
  const std::string sinceFile = call.text("since");
  if ((receipt || certificate || disclosure || control) && !sinceFile.empty()) {
    throw UsageError("--since goes with a log alone");
  }
  if (!call.text("resume").empty() &&
      (receipt || certificate || disclosure || control || !data.empty())) {
    throw UsageError("--resume goes with the daemon, --url or --export");
  }
  if (!certificate && !call.text("salt").empty()) {
    throw UsageError("--salt goes with --certificate");
  }
  if (certificate && !call.text("policy").empty()) {
    throw UsageError("a certificate is signed by the log alone: --key instead of --policy");
  }
  if (!data.empty() && !std::filesystem::is_directory(data))
    throw UsageError("the directory of --data is not there");
  if (!dir.empty() && !std::filesystem::is_directory(dir))
    throw UsageError("the directory of --export is not there");
  if (!url.empty() && !isHttpUrl(url))
    throw UsageError("--url is http://HOST... or https://HOST...");
  Trust trust = trustOf(call);
  if (receipt) return verifyReceiptFile(call, trust);
  if (certificate) return verifyCertificateFile(call, trust.key);
  if (disclosure) return verifyDisclosureFile(call, trust);
  if (control) return verifyControlFile(call, trust);
  if (!dir.empty() && isPersonExport(dir)) {
    if (!sinceFile.empty() || !call.text("resume").empty()) {
      throw UsageError("--since and --resume do not go with the export of a person");
    }
    return verifyPersonExport(call, trust);
  }
  Verification verification;
  verification.key = trust.key;
  verification.policy = std::move(trust.policy);
  verification.at = systemClock().now();
  std::string since;
  if (!sinceFile.empty()) {
    since = contentOf("the file of --since", sinceFile, call.console.in(), kNoteBytesMax);
    verification.checkpoints.push_back(since);
  }
  if (!dir.empty()) {
    verification.source = "export";
    if (!std::filesystem::exists(std::filesystem::path(dir) / "checkpoint")) {
      return concludeUnreadable(call, std::move(verification),
                                "it is neither the export of a log (`checkpoint`) nor that of a "
                                "person (`manifest.json`)");
    }
    return verifyTiles(call, std::move(verification), TileLog::openDirectory(dir), since, 1);
  }
  if (!url.empty()) {
    verification.source = "url";
    return verifyTiles(call, std::move(verification), TileLog::openUrl(url), since,
                       kThreadsOverHttp);
  }
  return data.empty() ? verifyDaemon(call, std::move(verification), since)
                      : verifyData(call, std::move(verification), since);
}

}  // namespace lacuna::tool
