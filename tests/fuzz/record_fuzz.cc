// Records and public bodies: what decodes is the one encoding of what it says.
#include "ledger/proof/merkle.h"
#include "ledger/record/bodies.h"
#include "ledger/record/record.h"

using namespace lacuna;

namespace {

template <typename Decode>
void checkIdentity(ByteView bytes, Decode decode) {
  const auto decoded = decode(bytes);
  if (decoded) LACUNA_ASSERT(sameBytes(encode(*decoded), bytes), "one value, one encoding");
}

void checkBodies(ByteView bytes) {
  checkIdentity(bytes, decodeGenesis);
  checkIdentity(bytes, decodeRegister);
  checkIdentity(bytes, decodeConsultation);
  checkIdentity(bytes, decodeErasure);
  checkIdentity(bytes, decodeAccess);
  checkIdentity(bytes, decodeRestore);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  checkIdentity(bytes, decodeRecord);
  checkBodies(bytes);
  if (const auto record = decodeRecord(bytes)) {
    const Bytes head = encodeHead(*record);
    LACUNA_ASSERT(sameBytes(head, bytes.first(head.size())), "the head is the record's beginning");
    checkBodies(record->body);
    LACUNA_ASSERT(kindOf(nameOf(record->kind)) == record->kind, "every kind has a name");
    if (record->kind == Kind::genesis) {
      LACUNA_ASSERT(checkBody(record->kind, record->body).ok() == decodeGenesis(record->body).ok(),
                    "a body is judged in one way");
    }
  }
  return 0;
}
