// One erasure of many persons commits to each of them, and says nothing of how many they are.
//
// The commitment is the root of a hash tree of 2^14 places. Every place holds the commitment of a salt of its
// own; persons stand at places that nobody can foresee, the others are padding like theirs. Each person is
// handed a token: salt, place and the path up. Whoever holds it shows that the erasure was about them.
// No I/O. Thread: any.
#pragma once

#include "ledger/proof/certificate.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lacuna {

inline constexpr unsigned kPersonListHeight = 14;  // on disk: never change
inline constexpr std::size_t kPersonTokenBytes =
    PersonSalt::kSize + 2 + kPersonListHeight * PersonCommitment::kSize;

class PersonList {
 public:
  // `secret`: of the whole list; it stays in the case.
  explicit PersonList(const PersonSalt& secret);

  PersonCommitment root() const { return nodes_[1]; }
  // Of the n-th person. Needs: n < 2^14.
  std::string token(std::uint32_t n) const;  // hex

 private:
  std::uint64_t first_ = 0, stride_ = 1;  // the place of the n-th: first + n * stride
  PersonSalt secret_;
  std::vector<PersonCommitment> nodes_;  // 1 is the root, those of n are 2n and 2n+1
};

// What a token, of one person or of a list, commits to. Nothing: it is neither.
std::optional<PersonCommitment> commitmentOfToken(std::string_view hex);

}  // namespace lacuna
