#include "ledger/record/bodies.h"

#include <catch2/catch.hpp>

using namespace lacuna;

namespace {

const GenesisBody kGenesis{LedgerId{{1, 2, 3}}, "audit.example.org/a", PublicKey{{9}}};
const ErasureBody kIntent{
    ErasureId{{7}}, ErasureStep::intent, Ground::child, TreeVersion(0), 0, 0, 3, {}, 0, {}};

// Every shorter and the next longer text, and another version, are refused.
template <typename Decode>
void checkStrict(const Bytes& bytes, Decode decode) {
  CHECK(decode(bytes).ok());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto result = decode(ByteView(bytes).first(size));
    REQUIRE_FALSE(result);
    CHECK(result.refusal().code == RefusalCode::tampered);
  }
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK_FALSE(decode(longer));
  Bytes other = bytes;
  other[0] = 2;
  CHECK(decode(other).refusal().code == RefusalCode::unknownVersion);
}

template <typename Decode>
std::vector<int> accepted(Bytes bytes, std::size_t at, Decode decode) {
  std::vector<int> out;
  for (int value = 0; value < 256; ++value) {
    bytes[at] = static_cast<std::uint8_t>(value);
    if (decode(bytes)) out.push_back(value);
  }
  return out;
}

std::vector<int> upTo(int first, int last) {
  std::vector<int> out;
  for (int i = first; i <= last; ++i) out.push_back(i);
  return out;
}

}  // namespace

TEST_CASE("public bodies are decoded strictly", "[P1]") {
  checkStrict(encode(kGenesis), decodeGenesis);
  checkStrict(encode(RegisterBody{1}), decodeRegister);
  checkStrict(encode(ConsultationBody{}), decodeConsultation);
  checkStrict(encode(kIntent), decodeErasure);
  checkStrict(encode(AccessBody{}), decodeAccess);
  checkStrict(encode(RestoreBody{TreeSize(5), "o", NoteHash{}}), decodeRestore);
}

TEST_CASE("values outside the lists of the format are refused", "[P1]") {
  const Bytes consultation = encode(ConsultationBody{});
  CHECK(accepted(consultation, 5, decodeConsultation) == upTo(1, 11));
  CHECK(accepted(consultation, 6, decodeConsultation) == upTo(0, 5));
  const Bytes access = encode(AccessBody{});
  CHECK(accepted(access, 1, decodeAccess) == upTo(1, 7));
  CHECK(accepted(access, 6, decodeAccess) == upTo(0, 15));
  CHECK_FALSE(decodeRegister(Bytes{1, 0, 0, 0, 0, 0, 0, 0, 0}));

  // Only once keys are dead is there a tree version.
  const Bytes intent = encode(kIntent);
  CHECK(accepted(intent, 17, decodeErasure) == std::vector<int>{1, 5, 6, 7, 8, 12, 13});
  ErasureBody done = kIntent;
  done.step = ErasureStep::committed;
  done.version = TreeVersion(4);
  CHECK(accepted(encode(done), 17, decodeErasure) == std::vector<int>{2, 3, 10, 11, 14});
  CHECK(accepted(intent, 18, decodeErasure) == upTo(0, 7));
  CHECK(accepted(intent, 28, decodeErasure) == upTo(0, 3));
  done.version = TreeVersion(0);
  CHECK_THROWS_AS(encode(done), Bug);
}

TEST_CASE("what only one step says stands in that step alone", "[P1]") {
  ErasureBody received = kIntent;
  received.step = ErasureStep::received;
  received.parts = 0;
  received.person = PersonCommitment{{5}};
  CHECK(encode(received).size() == encode(kIntent).size() + 32);
  CHECK(*decodeErasure(encode(received)) == received);
  checkStrict(encode(received), decodeErasure);
  received.step = ErasureStep::planned;
  CHECK_THROWS_AS(encode(received), Bug);

  ErasureBody destroyed = kIntent;
  destroyed.step = ErasureStep::destroyed;
  destroyed.version = TreeVersion(9);
  destroyed.holder = 2;
  destroyed.destroyedAt = instantOf(1585732353000);
  CHECK(*decodeErasure(encode(destroyed)) == destroyed);
  checkStrict(encode(destroyed), decodeErasure);
  destroyed.step = ErasureStep::complete;
  CHECK_THROWS_AS(encode(destroyed), Bug);
}

TEST_CASE("a sweep's body names each range once, in order, and only what it marked", "[P1][P6]") {
  SweepBody body;
  body.marked = TreeSize((std::uint64_t{1} << 24) + 5);
  body.version = TreeVersion(3);
  body.few = true;
  body.parts = {{0, DocumentHash{}}, {1, DocumentHash{}}};
  const Bytes bytes = encode(body);
  CHECK(bytes.size() == 1 + 8 + 8 + 1 + 2 + 2 * 40);
  REQUIRE(decodeSweep(bytes));
  CHECK(*decodeSweep(bytes) == body);
  CHECK(checkBody(Kind::sweep, bytes));
  CHECK_FALSE(checkBody(Kind::sweep, {}));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(decodeSweep(ByteView(bytes).first(size)));
  }
  CHECK(accepted(bytes, 17, decodeSweep) == upTo(0, 1));
  const auto refused = [](SweepBody wrong) {
    CHECK_THROWS_AS(encode(wrong), Bug);
    return true;
  };
  SweepBody wrong = body;
  wrong.parts = {};
  refused(wrong);
  wrong.parts = {{1, DocumentHash{}}, {1, DocumentHash{}}};
  refused(wrong);
  wrong.parts = {{2, DocumentHash{}}};  // nothing of that range was marked
  refused(wrong);
  wrong = body;
  wrong.version = TreeVersion(0);
  refused(wrong);
  Bytes twice = bytes;
  twice[20 + 40 + 7] = 0;  // the second range is the first again
  CHECK_FALSE(decodeSweep(twice));
}

TEST_CASE("an origin is a name that notes can carry", "[P3]") {
  CHECK(originValid("audit.example.org/ledger"));
  CHECK(originValid("a"));
  CHECK(originValid(std::string(255, 'a')));
  CHECK_FALSE(originValid(""));
  CHECK_FALSE(originValid(std::string(256, 'a')));
  for (const std::string wrong : {"a b", "a+b", "a\tb", "a\nb", "\x7f", "caf\xc3\xa9"}) {
    CAPTURE(wrong);
    CHECK_FALSE(originValid(wrong));
    GenesisBody body = kGenesis;
    body.origin = wrong;
    CHECK_THROWS_AS(encode(body), Bug);
  }
  Bytes bytes = encode(kGenesis);
  bytes[1 + 16 + 2] = ' ';
  CHECK_FALSE(decodeGenesis(bytes));
}

TEST_CASE("each kind carries its own body or none", "[P1][P4]") {
  CHECK(checkBody(Kind::genesis, encode(kGenesis)));
  CHECK_FALSE(checkBody(Kind::genesis, {}));
  CHECK(checkBody(Kind::erasure, {}));
  CHECK(checkBody(Kind::erasure, encode(kIntent)));
  CHECK_FALSE(checkBody(Kind::erasure, encode(AccessBody{})));
  CHECK(checkBody(Kind::consultation, encode(ConsultationBody{})));
  CHECK(checkBody(Kind::access, encode(AccessBody{})));
  CHECK(checkBody(Kind::registerChange, encode(RegisterBody{2})));
  CHECK(checkBody(Kind::restore, encode(RestoreBody{TreeSize(5), "o", NoteHash{}})));
  for (const Kind kind :
       {Kind::processing, Kind::sharing, Kind::consent, Kind::note, Kind::person}) {
    CHECK(checkBody(kind, {}));
    CHECK_FALSE(checkBody(kind, Bytes{1}));
  }
}

TEST_CASE("grounds, reasons, operations and steps have the names of the outside") {
  CHECK(groundOf("consent-withdrawn") == Ground::consentWithdrawn);
  CHECK(nameOf(Ground::retentionEnd) == "retention-end");
  CHECK_FALSE(groundOf("unstated"));
  CHECK_FALSE(groundOf(""));
  for (std::uint8_t i = 1; i <= 7; ++i) {
    CHECK(groundOf(nameOf(static_cast<Ground>(i))) == static_cast<Ground>(i));
  }
  CHECK(readReasonOf("audit") == ReadReason::audit);
  CHECK_FALSE(readReasonOf("unstated"));
  CHECK(nameOf(ReadReason::unstated) == "unstated");
  CHECK(nameOf(ReadOperation::history) == "history");
  CHECK(nameOf(ReadOperation::exported) == "export");
  CHECK(nameOf(ReadOperation::may) == "may");
  CHECK(nameOf(ReadOperation::disclose) == "disclose");
  CHECK(nameOf(ErasureStep::complete) == "complete");
}
