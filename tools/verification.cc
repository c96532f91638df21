#include "tools/verification.h"

#include "ledger/base/civil.h"
#include "tools/version.h"

#include <array>

namespace lacuna::tool {
namespace {

constexpr std::string_view kNoEnvelopes =
    "envelopes: an auditor is given none, so that their commitments could not be recomputed";
constexpr std::string_view kNoSignature =
    "signatures against a key from elsewhere: no key was given";
constexpr std::string_view kNoDerived =
    "what is derived or sealed beside the log: the indexes (rebuilt from the records when they are "
    "missing), and rows of persons, which only keys/ open";
constexpr std::string_view kNoWitnesses =
    "cosignatures of witnesses: no policy was given, so that another view of this log, shown to "
    "somebody else, "
    "would not be seen";
constexpr std::string_view kNotReadAgain =
    "that the records which an earlier run has verified are still served as they were; they are "
    "those of this log";
constexpr std::string_view kNothingSigned = "no checkpoint signed by the given key covers this log";

std::vector<std::string> notCheckedOf(const Verification& v) {
  std::vector<std::string> out;
  if (!v.envelopesAtHand) out.emplace_back(kNoEnvelopes);
  if (v.source == "data") out.emplace_back(kNoDerived);
  if (v.report.recordsTaken > 0) out.emplace_back(kNotReadAgain);
  if (!v.key) out.emplace_back(kNoSignature);
  if (v.key && !v.policy) out.emplace_back(kNoWitnesses);
  return out;
}

// Sentences of verification, and the same in Dutch.
constexpr std::array kSentences{
    std::pair(finding::kMissing, std::string_view("hier ontbreekt een record")),
    std::pair(finding::kDoubled, std::string_view("twee records staan op deze plaats")),
    std::pair(finding::kMisplaced,
              std::string_view("het record draagt het nummer van een andere plaats")),
    std::pair(finding::kMalformed, std::string_view("het record volgt het formaat niet")),
    std::pair(finding::kUnknownVersion,
              std::string_view("het record heeft een versie die dit programma niet kent")),
    std::pair(finding::kChanged,
              std::string_view("het record is veranderd: het volgende noemt een andere hash")),
    std::pair(finding::kUnlinked, std::string_view("het record sluit niet aan op het vorige")),
    std::pair(finding::kOneOfTwo,
              std::string_view("dit record of het volgende is veranderd: ze sluiten niet aan")),
    std::pair(finding::kEarlier,
              std::string_view("het record is vroeger gedateerd dan het vorige")),
    std::pair(finding::kBody,
              std::string_view("het openbare deel volgt het formaat van zijn soort niet")),
    std::pair(finding::kGenesis, std::string_view("het eerste record begint geen logboek")),
    std::pair(finding::kGenesisInside,
              std::string_view("midden in het logboek staat een record dat er een begint")),
    std::pair(finding::kEnvelopeMissing,
              std::string_view("de envelop ontbreekt of is niet leesbaar, en geen openbaar "
                               "record zegt dat zij is verwijderd")),
    std::pair(finding::kEnvelopeExtra,
              std::string_view("bij een record zonder envelop staat er een")),
    std::pair(finding::kEnvelopeChanged,
              std::string_view("de envelop is niet die waaraan het record zich bindt")),
    std::pair(finding::kDocumentMissing, std::string_view("het document van het record ontbreekt")),
    std::pair(finding::kDocumentChanged,
              std::string_view("het document is niet dat waaraan het record zich bindt")),
    std::pair(finding::kSweep,
              std::string_view("de opschoning zegt in haar documenten niet wat zij verwijderde")),
    std::pair(finding::kTile,
              std::string_view("het record is niet dat wat de bewaarde tegel noemt")),
    std::pair(finding::kUpperTile,
              std::string_view("een bewaarde tegel volgt niet uit deze records")),
    std::pair(finding::kNote,
              std::string_view("een opgegeven controlepunt is geen ondertekend controlepunt")),
    std::pair(finding::kNoteSignature,
              std::string_view("een opgegeven controlepunt is niet door deze sleutel ondertekend")),
    std::pair(finding::kCut,
              std::string_view("het logboek eindigt hier, voor een ondertekend controlepunt")),
    std::pair(finding::kRoot,
              std::string_view("de records leiden niet tot een ondertekend controlepunt")),
    std::pair(kNoEnvelopes, std::string_view("enveloppen: een controleur krijgt er geen, zodat hun "
                                             "bindingen niet konden worden nagerekend")),
    std::pair(kNoSignature,
              std::string_view("handtekeningen tegen een sleutel van elders: er is geen "
                               "sleutel opgegeven")),
    std::pair(kNoDerived,
              std::string_view("wat naast het logboek is afgeleid of verzegeld: de indexen "
                               "(herbouwd uit de records als ze ontbreken) en de rijen van "
                               "betrokkenen, die alleen keys/ opent")),
    std::pair(policy::kNoLog, std::string_view("geen logboek van het beleid heeft het "
                                               "controlepunt ondertekend")),
    std::pair(policy::kNoQuorum,
              std::string_view("geen controlepunt heeft het quorum van getuigen dat het beleid "
                               "vraagt")),
    std::pair(policy::kWrong, std::string_view("een medeondertekening van een getuige van het "
                                               "beleid is onjuist")),
    std::pair(kNoWitnesses,
              std::string_view("medeondertekeningen van getuigen: er is geen beleid opgegeven, "
                               "zodat een ander beeld van dit logboek niet zou opvallen")),
    std::pair(kNotReadAgain,
              std::string_view("of de records die een eerdere keer zijn geverifieerd nog zo worden "
                               "aangeboden; zij zijn die van dit logboek")),
    std::pair(kNothingSigned,
              std::string_view("geen controlepunt van de opgegeven sleutel omvat dit "
                               "logboek")),
};

// One that it does not know stays as it is.
std::string dutchOf(std::string_view sentence) {
  for (const auto& [english, dutch] : kSentences) {
    if (english == sentence) return std::string(dutch);
  }
  return std::string(sentence);
}

std::string toldIn(Language language, std::string_view sentence) {
  return language == Language::nl ? dutchOf(sentence) : std::string(sentence);
}

}  // namespace

Verification::Verdict Verification::verdict() const {
  if (!report.whole()) return Verdict::failed;
  if (!key) return Verdict::consistent;
  return report.trusted ? Verdict::verified : Verdict::failed;
}

std::string_view nameOf(Verification::Verdict verdict) {
  switch (verdict) {
    case Verification::Verdict::verified:
      return "verified";
    case Verification::Verdict::consistent:
      return "internally-consistent";
    case Verification::Verdict::failed:
      return "failed";
  }
  LACUNA_ASSERT(false, "a verdict without a name");
}

std::string sentenceOf(const Finding& finding, Language language) {
  const std::string what = toldIn(language, finding.what);
  if (!finding.seq) return what;
  const auto number = [](Seq seq) { return std::to_string(seq.raw()); };
  if (!finding.through) return "record " + number(*finding.seq) + ": " + what;
  return "records " + number(*finding.seq) + std::string(in(language, " to ", " tot ")) +
         number(*finding.through) + ": " + what;
}

std::string failureOf(const Verification& v, Language language) {
  return v.report.findings.empty() ? toldIn(language, kNothingSigned)
                                   : sentenceOf(v.report.findings.front(), language);
}

std::string textOf(const Verification& v, Language language) {
  const VerifyReport& report = v.report;
  const auto say = [&](std::string_view en, std::string_view nl) {
    return std::string(in(language, en, nl));
  };
  const std::string records = std::to_string(report.size.raw()) + " records";
  std::string out;
  switch (v.verdict()) {
    case Verification::Verdict::verified:
      out = say("verified: ", "geverifieerd: ") + records +
            say(" are whole and signed by ", " zijn heel en ondertekend door ") + textOf(*v.key) +
            "\n";
      break;
    case Verification::Verdict::consistent:
      out = say("internally consistent: ", "in zichzelf sluitend: ") + records +
            say("; nothing vouches for the key that this log names:\n",
                "; niets staat in voor de sleutel die dit logboek noemt:\n");
      out += "  " + (report.believedKey ? textOf(*report.believedKey) : say("none", "geen")) + "\n";
      break;
    case Verification::Verdict::failed:
      out = say("verification failed: ", "verificatie mislukt: ") + failureOf(v, language) + "\n";
      for (std::size_t i = 1; i < report.findings.size(); ++i) {
        out += "  " + sentenceOf(report.findings[i], language) + "\n";
      }
      if (report.findings.size() == kFindingsMax) {
        out += say("  and perhaps more\n", "  en misschien meer\n");
      }
      break;
  }
  out += say("checked: ", "gecontroleerd: ") + records + ", " +
         std::to_string(report.envelopesChecked) + say(" envelopes, ", " enveloppen, ") +
         (report.envelopesRemoved > 0 ? std::to_string(report.envelopesRemoved) +
                                            say(" removed by recorded sweeps, ",
                                                " verwijderd door vastgelegde opruimingen, ")
                                      : std::string()) +
         std::to_string(report.documentsChecked) + say(" documents, ", " documenten, ") +
         std::to_string(report.tilesChecked) + say(" tiles, ", " tegels, ") +
         std::to_string(report.checkpointsChecked) + say(" checkpoints\n", " controlepunten\n");
  if (v.view && v.view->quorum) {
    std::string by;
    for (const std::string& name : v.view->quorum->by) by += (by.empty() ? "" : ", ") + name;
    out += say("cosigned by: ", "medeondertekend door: ") +
           (by.empty() ? say("nobody", "niemand") : by) +
           say(", of the first ", ", van de eerste ") + std::to_string(v.view->size.raw()) +
           " records\n";
  }
  if (v.takenFrom && report.recordsTaken > 0) {
    out += say("not read again: ", "niet opnieuw gelezen: ") + std::to_string(report.recordsTaken) +
           say(" records, verified by a run of ", " records, geverifieerd op ") +
           rfc3339Of(*v.takenFrom) + "\n";
  }
  for (const std::string& what : notCheckedOf(v)) {
    out += say("not checked: ", "niet gecontroleerd: ") + toldIn(language, what) + "\n";
  }
  if (report.root != RootHash{}) {
    out += say("root: ", "wortel: ") + base64Of(report.root.view()) + "\n";
  }
  return out;
}

Json jsonOf(const Verification& v) {
  const VerifyReport& report = v.report;
  Json out{{"result", nameOf(v.verdict())},
           {"source", v.source},
           {"at", rfc3339Of(v.at)},
           {"program", "lacuna " + std::string(kVersion)}};
  out["range"] = Json{{"first", 0}, {"size", report.size.raw()}};
  if (report.root != RootHash{}) out["root"] = base64Of(report.root.view());
  if (v.key) out["key"] = textOf(*v.key);
  if (report.believedKey) out["keyBelieved"] = textOf(*report.believedKey);
  if (v.view) {
    out["witnesses"] =
        Json{{"met", v.view->problem.empty()},
             {"size", v.view->size.raw()},
             {"by", v.view->quorum ? v.view->quorum->by : std::vector<std::string>()}};
    if (v.view->quorum && v.view->quorum->latest) {
      out["witnesses"]["latest"] = rfc3339Of(*v.view->quorum->latest);
    }
  }
  out["checkpoints"] = v.checkpoints;
  out["checked"] = Json{{"records", report.size.raw()},
                        {"envelopes", report.envelopesChecked},
                        {"envelopesRemoved", report.envelopesRemoved},
                        {"documents", report.documentsChecked},
                        {"tiles", report.tilesChecked},
                        {"checkpoints", report.checkpointsChecked}};
  if (v.takenFrom && report.recordsTaken > 0) {
    out["resumed"] = Json{{"records", report.recordsTaken}, {"at", rfc3339Of(*v.takenFrom)}};
  }
  out["notChecked"] = notCheckedOf(v);
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    Json one = Json::object();
    if (finding.seq) one["seq"] = finding.seq->raw();
    if (finding.through) one["through"] = finding.through->raw();
    one["what"] = finding.what;
    findings.push_back(one);
  }
  if (v.verdict() == Verification::Verdict::failed && report.findings.empty()) {
    findings.push_back(Json{{"what", kNothingSigned}});
  }
  out["findings"] = findings;
  return out;
}

}  // namespace lacuna::tool
