// Keyed BLAKE2b (RFC 7693) of many messages at once: what libsodium gives for each, several in the time
// of one or two. A group's events are independent of one another, and their tags, keys and digests are
// most of what an event costs.
//
// With AVX-512 eight at once, with AVX2 four; otherwise libsodium makes them one by one.
// Thread: any.
#pragma once

#include "ledger/base/bytes.h"

#include <span>

namespace lacuna {

struct KeyedMessage {
  ByteView key;  // 32 bytes
  ByteView message;
};

// Makes the digests of `in`, `digestBytes` each, one behind the other in `out`.
// Needs: digestBytes is 16 or 32, and out holds as many digests as there are messages.
void blake2bEach(std::span<const KeyedMessage> in, std::size_t digestBytes,
                 std::span<std::uint8_t> out);

}  // namespace lacuna
