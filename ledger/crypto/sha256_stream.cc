// The calls of digest.cc, for the reason given there.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "ledger/crypto/sha256_stream.h"

#include <openssl/sha.h>

namespace lacuna {

struct Sha256Stream::State {
  SHA256_CTX context;
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) { SHA256_Init(&state_->context); }
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::add(ByteView bytes) {
  if (bytes.empty()) return;
  SHA256_Update(&state_->context, bytes.data(), bytes.size());
  size_ += bytes.size();
}

ByteArray<32> Sha256Stream::hash() const {
  SHA256_CTX copy = state_->context;
  ByteArray<32> out;
  SHA256_Final(out.data(), &copy);
  return out;
}

}  // namespace lacuna
