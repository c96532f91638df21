#include "ledger/proof/witness.h"

#include <algorithm>

namespace lacuna {
namespace {

constexpr std::string_view kOld = "old ";

Refusal badRequest() {
  return {RefusalCode::invalidValue, "not an add-checkpoint request of tlog-witness"};
}

WitnessAnswer no(unsigned status, std::string_view why) {
  WitnessAnswer out;
  out.status = status;
  out.body = std::string(why) + "\n";
  return out;
}

// A note of size 0 whose root is not that of the empty tree is no note to us; of a witness it is asked to
// answer 422 and not 400.
bool emptyWithWrongRoot(std::string_view note) {
  const auto first = note.find('\n');
  if (first == std::string_view::npos || !note.substr(first).starts_with("\n0\n")) return false;
  const auto end = note.find('\n', first + 3);
  const auto root = bytesOfBase64(note.substr(first + 3, end - first - 3));
  if (end == std::string_view::npos || !root || root->size() != RootHash::kSize) return false;
  const std::string mended = std::string(note.substr(0, first)) + "\n0\n" +
                             base64Of(emptyRoot().view()) + std::string(note.substr(end));
  return parseNote(mended).ok();
}

}  // namespace

std::string textOf(const AddCheckpoint& request) {
  std::string out = std::string(kOld) + std::to_string(request.old.raw()) + "\n";
  for (const NodeHash& hash : request.proof) out += base64Of(hash) + "\n";
  return out + "\n" + request.note;
}

Result<AddCheckpoint> addCheckpointOfText(std::string_view text) {
  AddCheckpoint out;
  const auto head = text.find('\n');
  if (text.size() > kAddCheckpointBytesMax || head == std::string_view::npos ||
      !text.starts_with(kOld)) {
    return badRequest();
  }
  const auto old = decimalOf(text.substr(kOld.size(), head - kOld.size()));
  if (!old) return badRequest();
  out.old = TreeSize(*old);
  text.remove_prefix(head + 1);
  while (!text.starts_with('\n')) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos || out.proof.size() == kConsistencyHashesMax) {
      return badRequest();
    }
    const auto bytes = bytesOfBase64(text.substr(0, end));
    NodeHash hash{};
    if (!bytes || bytes->size() != hash.size()) return badRequest();
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    out.proof.push_back(hash);
    text.remove_prefix(end + 1);
  }
  out.note = text.substr(1);
  return out;
}

std::optional<std::string> originOf(const AddCheckpoint& request) {
  const auto end = request.note.find('\n');
  const std::string_view origin = std::string_view(request.note).substr(0, end);
  if (end == std::string::npos || !originValid(origin)) return std::nullopt;
  return std::string(origin);
}

WitnessAnswer judge(const AddCheckpoint& request, const WitnessView& view) {
  const auto origin = originOf(request);
  if (!origin) return no(400, "not a signed checkpoint of three lines");
  if (view.trusted.empty()) return no(404, "this log is not known here");
  const auto note = parseNote(request.note);
  if (!note) {
    return emptyWithWrongRoot(request.note) ? no(422, "the empty tree has another root")
                                            : no(400, "not a signed checkpoint of three lines");
  }
  const bool isSigned = std::any_of(view.trusted.begin(), view.trusted.end(),
                                    [&](const auto& key) { return openNote(*note, key).ok(); });
  if (!isSigned) return no(403, "no signature by a key of this log");
  const Checkpoint& now = note->checkpoint;
  if (request.old > now.size) return no(400, "the old size is beyond the checkpoint's");
  const TreeSize known = view.cosigned ? view.cosigned->size : TreeSize(0);
  if (request.old != known) {
    WitnessAnswer out;
    out.status = 409;
    out.contentType = kSizeContentType;
    out.body = std::to_string(known.raw()) + "\n";
    return out;
  }
  // From nothing every tree goes on: the first one is taken as it comes.
  const bool follows =
      known == TreeSize(0)
          ? request.proof.empty()
          : verifyConsistency(known, view.cosigned->root, now.size, now.root, request.proof).ok();
  if (!follows) return no(422, "the checkpoint does not extend the last one cosigned here");
  WitnessAnswer out;
  out.status = 200;
  out.accepted = now;
  return out;
}

}  // namespace lacuna
