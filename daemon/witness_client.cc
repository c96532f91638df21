#include "daemon/witness_client.h"

#include "ledger/proof/witness.h"

namespace lacuna {
namespace {

WitnessSaid refused(std::string why, TreeSize known) {
  return {WitnessSaid::Kind::refused, {}, std::move(why), known};
}

// The line of this witness among those that it answers; all others are ignored.
WitnessSaid lineIn(const Policy::Witness& witness, const WitnessQuestion& question,
                   const std::string& body) {
  const TreeSize size = question.note.checkpoint.size;
  const auto lines = signaturesOfLines(body);
  if (!lines) return refused("it answered with something that is no signature", TreeSize(0));
  for (const NoteSignature& line : *lines) {
    if (line.name != witness.key.name || line.id != witness.key.id) continue;
    SignedNote with = question.note;
    with.signatures = {line};
    const auto at = cosignedAt(with, witness.key);
    if (!at) return refused("its cosignature is wrong", TreeSize(0));
    return {WitnessSaid::Kind::cosigned, lineOf(line), {}, size};
  }
  return refused("it answered with no signature by the key of the policy", TreeSize(0));
}

// The size in a 409; nothing when it is none: other witnesses answer so to another root.
std::optional<TreeSize> sizeIn(const HttpReply& reply) {
  if (!reply.contentType.starts_with(kSizeContentType) || !reply.body.ends_with('\n')) {
    return std::nullopt;
  }
  const auto size = decimalOf(std::string_view(reply.body).substr(0, reply.body.size() - 1));
  if (!size) return std::nullopt;
  return TreeSize(*size);
}

}  // namespace

WitnessSaid askWitness(const Policy::Witness& witness, TreeSize known,
                       const WitnessQuestion& question, const WitnessPost& post,
                       const std::function<TreeSize()>& shown) {
  const TreeSize size = question.note.checkpoint.size;
  for (bool again = false;; again = true) {
    AddCheckpoint request{known, {}, question.text};
    if (known > TreeSize(0) && known < size) {
      auto proof = proveConsistency(question.tiles, known, size);
      if (!proof) return refused("no proof of consistency can be made", known);
      request.proof = std::move(*proof);
    }
    HttpReply reply;
    try {
      reply = post(joined(witness.url, "add-checkpoint"), textOf(request));
    } catch (const Fault& fault) {
      return {WitnessSaid::Kind::unreachable, {}, fault.what(), known};
    }
    if (reply.status == 200) return lineIn(witness, question, reply.body);
    const auto theirs = reply.status == 409 ? sizeIn(reply) : std::nullopt;
    if (theirs && *theirs > shown()) {
      return {
          WitnessSaid::Kind::larger, {}, "it has cosigned more records than there are", *theirs};
    }
    // Between the two a newer checkpoint was shown to it: the next question finds it.
    if (theirs && *theirs > size) return refused("it has cosigned a newer checkpoint", *theirs);
    if (!theirs || again) return refused("it answers " + std::to_string(reply.status), TreeSize(0));
    known = *theirs;
  }
}

}  // namespace lacuna
