#include "ledger/base/bytes.h"

namespace lacuna {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string hexOf(ByteView bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
  return out;
}

std::optional<Bytes> bytesOfHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hexDigit(hex[i]);
    const int low = hexDigit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

std::string base64Of(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t word = (std::uint32_t{bytes[i]} << 16) |
                               (left > 1 ? std::uint32_t{bytes[i + 1]} << 8 : 0U) |
                               (left > 2 ? std::uint32_t{bytes[i + 2]} : 0U);
    out.push_back(kBase64[word >> 18]);
    out.push_back(kBase64[(word >> 12) & 63]);
    out.push_back(left > 1 ? kBase64[(word >> 6) & 63] : '=');
    out.push_back(left > 2 ? kBase64[word & 63] : '=');
  }
  return out;
}

std::optional<Bytes> bytesOfBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t word = 0;
    int pads = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const char c = text[i + j];
      std::uint32_t value = 0;
      if (c == '=') {
        if (i + 4 != text.size() || j < 2) return std::nullopt;
        ++pads;
      } else {
        const std::size_t at = kBase64.find(c);
        if (at == std::string_view::npos || pads > 0) return std::nullopt;
        value = static_cast<std::uint32_t>(at);
      }
      word = (word << 6) | value;
    }
    // Bits that no byte holds must be zero, or two texts would mean the same bytes.
    if ((pads == 1 && (word & 0xffU) != 0) || (pads == 2 && (word & 0xffffU) != 0)) {
      return std::nullopt;
    }
    out.push_back(static_cast<std::uint8_t>(word >> 16));
    if (pads < 2) out.push_back(static_cast<std::uint8_t>(word >> 8));
    if (pads < 1) out.push_back(static_cast<std::uint8_t>(word));
  }
  return out;
}

ByteWriter& ByteWriter::bytes16(ByteView bytes) {
  LACUNA_ASSERT(bytes.size() <= 0xffff, "a field longer than its 16-bit length");
  return u16(static_cast<std::uint16_t>(bytes.size())).raw(bytes);
}

ByteWriter& ByteWriter::bytes32(ByteView bytes) {
  LACUNA_ASSERT(bytes.size() <= 0xffffffff, "a field longer than its 32-bit length");
  return u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes);
}

ByteView ByteReader::raw(std::size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const ByteView out = rest_.first(size);
  rest_ = rest_.subspan(size);
  return out;
}

ByteArray<8> key64(std::uint64_t v) {
  ByteArray<8> out;
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(v >> (56 - 8 * i));
  return out;
}

std::optional<std::uint64_t> number64(ByteView key) {
  if (key.size() != 8) return std::nullopt;
  ByteReader reader(key);
  return reader.u64();
}

}  // namespace lacuna
