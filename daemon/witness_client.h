// One question to one witness (C2SP tlog-witness), whatever real witnesses answer to it.
//
// Only two answers mean anything: 200 with a line by the witness's key, and 409 with a size, which is asked
// again once. All others are a no. No I/O of its own: how a request is sent comes from outside.
#pragma once

#include "ledger/net/http_client.h"
#include "ledger/proof/merkle.h"
#include "ledger/proof/policy.h"

#include <functional>
#include <string>

namespace lacuna {

// Sends the body to the URL. Throws Fault when nobody answers.
using WitnessPost = std::function<HttpReply(const std::string& url, const std::string& body)>;

struct WitnessSaid {
  enum class Kind : std::uint8_t {
    cosigned,
    refused,      // an answer that is none of the two, or a line that does not verify
    unreachable,  // nobody answered
    larger,       // it has cosigned a larger tree than this log has: the log went back (P3)
  };
  Kind kind = Kind::unreachable;
  std::string line;  // cosigned: the signature line, verified
  std::string why;   // else: a sentence, with the status at most
  TreeSize known;    // what the witness has cosigned, as far as is known now
};

// What is asked: `note` is the log's own checkpoint, without cosignatures.
struct WitnessQuestion {
  const SignedNote& note;
  const std::string& text;
  const TileSource& tiles;  // of the log, up to the note's size
};
// `known`: what the witness is thought to have cosigned; 0: nothing is known. `shown` gives the log's size at
// the moment of the answer: it may have grown meanwhile.
WitnessSaid askWitness(const Policy::Witness& witness, TreeSize known,
                       const WitnessQuestion& question, const WitnessPost& post,
                       const std::function<TreeSize()>& shown);

}  // namespace lacuna
