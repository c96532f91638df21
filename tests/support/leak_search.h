// Looks for texts that must not be somewhere, in every form in which they could hide there.
#pragma once

#include "ledger/base/bytes.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lacuna::test {

struct Leak {
  std::string where, text, form;
};

// Forms: as it is, in lower and upper case, its ASCII letters alone, JSON with escapes, UTF-16, hex, base64 (both
// alphabets, each alignment), percent-encoded, and its digests (SHA-256 and BLAKE2b, cut to 12 bytes) raw, in hex and base64.
//
// Random bytes look like anything short: a form of less than 6 bytes is looked for in plain text alone, and there
// as a word of its own; in base64 and hex texts one of less than 10.
class LeakSearch {
 public:
  void add(const std::string& text);

  // Bytes of which some are random.
  std::vector<Leak> inBinary(const std::string& where, std::string_view bytes) const;
  // Text, also what is encoded in it: words of base64 and hex are read, too.
  std::vector<Leak> inText(const std::string& where, std::string_view text) const;
  // Bytes none of which are random.
  std::vector<Leak> inPlain(const std::string& where, std::string_view bytes) const;

 private:
  struct Form {
    std::string bytes;
    std::size_t text;  // number in texts_
    const char* name;
  };
  void addForm(std::string bytes, const char* name);
  std::vector<Leak> in(const std::string& where, std::string_view bytes, std::size_t least) const;

  std::vector<std::string> texts_;
  std::vector<Form> forms_;
  std::unordered_map<std::uint32_t, std::vector<std::size_t>> byStart_;  // of 4 bytes
  std::vector<bool> starts_ = std::vector<bool>(1U << 20);
  std::vector<std::size_t> short_;  // forms for plain text alone
};

}  // namespace lacuna::test
