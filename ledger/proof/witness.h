// What a witness answers (C2SP tlog-witness), and what a log asks. No I/O, no state of its own.
#pragma once

#include "ledger/proof/cosignature.h"
#include "ledger/proof/merkle.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

inline constexpr std::size_t kAddCheckpointBytesMax = 16 * 1024;  // what real witnesses read
inline constexpr std::size_t kConsistencyHashesMax = 63;
inline constexpr const char* kSizeContentType = "text/x.tlog.size";

// The body of POST add-checkpoint.
struct AddCheckpoint {
  TreeSize old;
  std::vector<NodeHash> proof;
  std::string note;
};
std::string textOf(const AddCheckpoint& request);
Result<AddCheckpoint> addCheckpointOfText(
    std::string_view text);  // invalid-value; the note is not read

// What the witness knows of the origin that a request names.
struct WitnessView {
  std::span<const VerifierKey> trusted;  // keys of that origin; none: the origin is unknown
  std::optional<Checkpoint> cosigned;    // the last one; nothing: never
};
struct WitnessAnswer {
  unsigned status = 400;
  std::string contentType = "text/plain; charset=utf-8";
  std::string body;
  // To be cosigned and answered 200, once it is durable that this is the last one.
  std::optional<Checkpoint> accepted;
};
// The origin of a request's note, to look it up; nothing: 400.
std::optional<std::string> originOf(const AddCheckpoint& request);
// Decides without signing: 400, 403, 404, 409 with the size, 422; or `accepted`.
WitnessAnswer judge(const AddCheckpoint& request, const WitnessView& view);

}  // namespace lacuna
