// The `data` of an event: one JSON object, made compact and checked in one pass (RFC 8259).
#include "ledger/base/limits.h"
#include "ledger/record/event_fields.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace lacuna {
namespace {

class Compactor {
 public:
  explicit Compactor(std::string_view in) : in_(in) { out_.reserve(in.size()); }

  Result<std::string> run() {
    skipSpace();
    if (peek() != '{') return refuse("must be a JSON object");
    if (!object(1)) return refuse(why_);
    skipSpace();
    if (at_ != in_.size()) return refuse("holds more than one JSON object");
    return std::move(out_);
  }

 private:
  static Refusal refuse(std::string_view why) {
    return {RefusalCode::invalidValue, "`data` " + std::string(why)};
  }
  bool fail(std::string_view why) { return why_ = why, false; }
  char peek() const { return at_ < in_.size() ? in_[at_] : '\0'; }
  void skipSpace() {
    while (at_ < in_.size() &&
           (in_[at_] == ' ' || in_[at_] == '\t' || in_[at_] == '\n' || in_[at_] == '\r')) {
      ++at_;
    }
  }
  // The structural byte that must come now.
  bool take(char c) {
    skipSpace();
    if (peek() != c) return false;
    out_ += c;
    ++at_;
    return true;
  }

  bool value(std::size_t depth) {
    skipSpace();
    switch (peek()) {
      case '{':
        return object(depth + 1);
      case '[':
        return array(depth + 1);
      case '"':
        return string(nullptr);
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool word(std::string_view literal) {
    if (in_.substr(at_, literal.size()) != literal) return fail(kBroken);
    out_ += literal;
    at_ += literal.size();
    return true;
  }

  bool object(std::size_t depth) {
    if (depth > kDataDepthMax) return fail(kDeep);
    take('{');
    if (take('}')) return true;
    const std::size_t firstKey = keys_.size();
    do {
      skipSpace();
      std::string key;
      if (peek() != '"' || !string(&key)) return why_.empty() ? fail(kBroken) : false;
      keys_.push_back(std::move(key));
      if (!take(':')) return fail(kBroken);
      if (!value(depth)) return false;
    } while (take(','));
    if (!take('}')) return fail(kBroken);
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(firstKey);
    std::sort(begin, keys_.end());
    if (std::adjacent_find(begin, keys_.end()) != keys_.end()) {
      return fail("holds a key twice in one object");
    }
    keys_.erase(begin, keys_.end());
    return true;
  }

  bool array(std::size_t depth) {
    if (depth > kDataDepthMax) return fail(kDeep);
    take('[');
    if (take(']')) return true;
    do {
      if (!value(depth)) return false;
    } while (take(','));
    return take(']') || fail(kBroken);
  }

  // Copies a string as it is written; `decoded`, if wanted, gets what it means.
  bool string(std::string* decoded) {
    const std::size_t first = at_++;
    for (; at_ < in_.size() && in_[at_] != '"'; ++at_) {
      const char c = in_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return fail(kBroken);
      if (c != '\\') {
        if (decoded != nullptr) *decoded += c;
        continue;
      }
      if (!escape(decoded)) return fail(kBroken);
    }
    if (at_ >= in_.size()) return fail(kBroken);
    ++at_;
    out_ += in_.substr(first, at_ - first);
    return true;
  }

  // At a backslash; leaves at_ on the escape's last byte.
  bool escape(std::string* decoded) {
    ++at_;
    constexpr std::string_view kShort = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = kShort.find(peek());
        at_ < in_.size() && i != std::string_view::npos) {
      if (decoded != nullptr) *decoded += kMeaning[i];
      return true;
    }
    std::uint32_t unit = 0, low = 0;
    if (!hexUnit(unit)) return false;
    if (unit >= 0xdc00 && unit <= 0xdfff) return false;  // half of a pair
    if (unit >= 0xd800 && unit <= 0xdbff) {
      if (in_.substr(at_ + 1, 1) != "\\") return false;
      at_ += 2;
      if (!hexUnit(low) || low < 0xdc00 || low > 0xdfff) return false;
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    if (decoded != nullptr) putCodePoint(*decoded, unit);
    return true;
  }

  // At `u`; leaves at_ on the last of four digits.
  bool hexUnit(std::uint32_t& unit) {
    const std::string_view digits = in_.substr(std::min(at_ + 1, in_.size()), 4);
    if (peek() != 'u' || digits.size() != 4) return false;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + 4, unit, 16);
    at_ += 4;
    return error == std::errc() && end == digits.data() + 4;
  }

  static void putCodePoint(std::string& out, std::uint32_t c) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) return put(c);
    if (c < 0x800) {
      put(0xc0 | (c >> 6));
    } else if (c < 0x10000) {
      put(0xe0 | (c >> 12));
      put(0x80 | ((c >> 6) & 0x3f));
    } else {
      put(0xf0 | (c >> 18));
      put(0x80 | ((c >> 12) & 0x3f));
      put(0x80 | ((c >> 6) & 0x3f));
    }
    put(0x80 | (c & 0x3f));
  }

  bool digits() {
    const std::size_t first = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > first;
  }

  // Numbers stay as written; what neither a 64-bit integer nor a double holds is refused.
  bool number() {
    const std::size_t first = at_;
    bool whole = true;
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else if (!digits()) {
      return fail(kBroken);
    }
    if (peek() == '.') {
      whole = false;
      ++at_;
      if (!digits()) return fail(kBroken);
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return fail(kBroken);
    }
    const std::string_view text = in_.substr(first, at_ - first);
    if (!(whole ? wholeFits(text) : fractionFits(text))) return fail("holds a number out of range");
    out_ += text;
    return true;
  }

  static bool wholeFits(std::string_view text) {
    std::uint64_t natural = 0;
    std::int64_t integer = 0;
    const char* const end = text.data() + text.size();
    return text[0] == '-' ? std::from_chars(text.data(), end, integer).ec == std::errc()
                          : std::from_chars(text.data(), end, natural).ec == std::errc();
  }
  static bool fractionFits(std::string_view text) {
    double ignored = 0;
    return std::from_chars(text.data(), text.data() + text.size(), ignored).ec == std::errc();
  }

  static constexpr std::string_view kBroken = "is not valid JSON";
  static constexpr std::string_view kDeep = "is nested deeper than 16";
  static_assert(kDataDepthMax == 16, "the sentence above names the bound");

  std::string_view in_;
  std::size_t at_ = 0;
  std::string out_;
  std::vector<std::string> keys_;  // of the objects that are open, innermost last
  std::string_view why_;
};

}  // namespace

bool validUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

Result<std::string> compactObject(std::string_view json) {
  if (json.size() > kJsonLineBytesMax) {
    return Refusal{RefusalCode::tooLarge, "`data` is larger than an event may be"};
  }
  if (!validUtf8(json)) return Refusal{RefusalCode::invalidValue, "`data` is not UTF-8"};
  return Compactor(json).run();
}

}  // namespace lacuna
