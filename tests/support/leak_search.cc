#include "tests/support/leak_search.h"

#include "ledger/crypto/digest.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <iterator>

namespace lacuna::test {
namespace {

constexpr std::size_t kStart = 4;          // bytes by which a form is found
constexpr std::size_t kLeastInBinary = 6;  // shorter ones come up by chance
constexpr std::size_t kLeastInEncoded = 10;
constexpr std::size_t kEncodedWord =
    20;  // a run of base64 or hex this long is no word of a language
constexpr std::size_t kDigestBytes = 12;  // an abbreviated digest would be one still

std::uint32_t startOf(const char* bytes) {
  std::uint32_t out = 0;
  std::memcpy(&out, bytes, kStart);
  return out;
}
std::size_t bucketOf(std::uint32_t start) { return (start * 2654435761U) >> 12; }

bool isWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool isEncodedByte(char c) {
  return isWordByte(c) || c == '+' || c == '/' || c == '-' || c == '_' || c == '=';
}

std::string mapped(std::string text, int (*each)(int)) {
  for (char& c : text) c = static_cast<char>(each(static_cast<unsigned char>(c)));
  return text;
}

std::string asciiOf(const std::string& text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out),
               [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return out;
}

std::string percentEncoded(const std::string& text, const char* digits) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (isWordByte(c) || std::strchr("-._~", c) != nullptr) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

std::string utf16Of(const std::string& text) {
  std::string out;
  for (const char c : text) out += {c, '\0'};
  return out;
}

// What base64 says of these bytes wherever they stand: without the characters that its neighbours share.
std::string base64At(std::string_view text, std::size_t alignment) {
  const std::string padded = std::string(alignment, '\0') + std::string(text);
  const std::size_t first = alignment == 0 ? 0 : alignment + 1;
  const std::size_t last = padded.size() * 8 / 6;
  const std::string whole = base64Of(bytesOf(padded));
  return first < last ? whole.substr(first, last - first) : std::string();
}

std::string urlAlphabet(std::string base64) {
  std::replace(base64.begin(), base64.end(), '+', '-');
  std::replace(base64.begin(), base64.end(), '/', '_');
  return base64;
}

std::string stringOf(ByteView bytes) { return std::string(textOf(bytes)); }

// The bytes that a word of base64 or hex stands for, as far as it is one.
std::vector<std::string> decodedOf(const std::string& word) {
  std::vector<std::string> out;
  if (const auto bytes = bytesOfHex(word)) out.push_back(stringOf(*bytes));
  std::string base64 = word;
  std::replace(base64.begin(), base64.end(), '-', '+');
  std::replace(base64.begin(), base64.end(), '_', '/');
  while (base64.ends_with('=')) base64.pop_back();
  base64.resize(base64.size() - base64.size() % 4);
  if (const auto bytes = bytesOfBase64(base64)) out.push_back(stringOf(*bytes));
  return out;
}

}  // namespace

void LeakSearch::addForm(std::string bytes, const char* name) {
  if (bytes.empty()) return;
  const std::size_t number = forms_.size();
  if (bytes.size() < kLeastInBinary) {
    for (const std::size_t other : short_) {
      if (forms_[other].bytes == bytes) return;
    }
    short_.push_back(number);
  } else {
    const std::uint32_t start = startOf(bytes.data());
    std::vector<std::size_t>& same = byStart_[start];
    for (const std::size_t other : same) {
      if (forms_[other].bytes == bytes) return;  // many texts have the same one
    }
    same.push_back(number);
    starts_[bucketOf(start)] = true;
  }
  forms_.push_back({std::move(bytes), texts_.size() - 1, name});
}

void LeakSearch::add(const std::string& text) {
  texts_.push_back(text);
  addForm(text, "as it is");
  const std::string lower = mapped(text, std::tolower);
  addForm(lower, "in lower case");
  addForm(mapped(text, std::toupper), "in upper case");
  addForm(asciiOf(text), "ASCII alone");
  if (asciiOf(text) != text) {
    std::string escaped;
    std::size_t at = 0;
    while (at < text.size()) {  // two-byte letters are what the names in use have
      const auto byte = static_cast<unsigned char>(text[at]);
      if ((byte & 0xe0) == 0xc0 && at + 1 < text.size()) {
        const unsigned letter =
            (byte & 0x1fU) << 6 | (static_cast<unsigned char>(text[at + 1]) & 0x3fU);
        char code[8];
        std::snprintf(code, sizeof code, "\\u%04x", letter);
        escaped += code;
        at += 2;
      } else {
        escaped += text[at++];
      }
    }
    addForm(escaped, "JSON with escapes");
  }
  if (text.size() < 3) return;
  for (const std::string& one : {text, lower}) {
    addForm(utf16Of(one), "UTF-16");
    addForm(hexOf(bytesOf(one)), "hex");
    addForm(mapped(hexOf(bytesOf(one)), std::toupper), "hex");
    addForm(percentEncoded(one, "0123456789ABCDEF"), "percent-encoded");
    addForm(percentEncoded(one, "0123456789abcdef"), "percent-encoded");
    for (std::size_t alignment = 0; alignment < 3; ++alignment) {
      addForm(base64At(one, alignment), "base64");
      addForm(urlAlphabet(base64At(one, alignment)), "base64");
    }
    for (const auto& digest : {sha256(bytesOf(one)), blake2b256({bytesOf(one)})}) {
      const ByteView cut = ByteView(digest).first(kDigestBytes);
      addForm(stringOf(cut), "a digest");
      addForm(hexOf(cut), "a digest in hex");
      for (std::size_t alignment = 0; alignment < 3; ++alignment) {
        addForm(base64At(textOf(cut), alignment), "a digest in base64");
      }
    }
  }
}

std::vector<Leak> LeakSearch::in(const std::string& where, std::string_view bytes,
                                 std::size_t least) const {
  std::vector<Leak> out;
  for (std::size_t at = 0; at + kStart <= bytes.size(); ++at) {
    const std::uint32_t start = startOf(bytes.data() + at);
    if (!starts_[bucketOf(start)]) continue;
    const auto found = byStart_.find(start);
    if (found == byStart_.end()) continue;
    for (const std::size_t number : found->second) {
      const Form& form = forms_[number];
      if (form.bytes.size() >= least && bytes.substr(at).starts_with(form.bytes)) {
        out.push_back({where, texts_[form.text], form.name});
      }
    }
  }
  return out;
}

std::vector<Leak> LeakSearch::inBinary(const std::string& where, std::string_view bytes) const {
  return in(where, bytes, kLeastInBinary);
}

std::vector<Leak> LeakSearch::inPlain(const std::string& where, std::string_view bytes) const {
  std::vector<Leak> out;
  for (const std::size_t number : short_) {
    const Form& form = forms_[number];
    for (auto at = bytes.find(form.bytes); at != std::string_view::npos;
         at = bytes.find(form.bytes, at + 1)) {
      const std::size_t end = at + form.bytes.size();
      const bool begins = at == 0 || !isWordByte(bytes[at - 1]);
      const bool ends = end == bytes.size() || !isWordByte(bytes[end]);
      if (begins && ends) out.push_back({where, texts_[form.text], form.name});
    }
  }
  const auto longer = in(where, bytes, kLeastInBinary);
  out.insert(out.end(), longer.begin(), longer.end());
  return out;
}

std::vector<Leak> LeakSearch::inText(const std::string& where, std::string_view text) const {
  std::vector<Leak> out;
  const auto take = [&](std::vector<Leak> leaks) {
    out.insert(out.end(), leaks.begin(), leaks.end());
  };
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && isEncodedByte(text[end])) ++end;
    if (end - at < kEncodedWord) {
      end = std::max(end, at + 1);
      plain += text.substr(at, end - at);
    } else {
      const std::string word(text.substr(at, end - at));
      take(in(where, word, kLeastInEncoded));
      for (const std::string& decoded : decodedOf(word)) take(inBinary(where, decoded));
      plain += '\n';
    }
    at = end;
  }
  take(inPlain(where, plain));
  return out;
}

}  // namespace lacuna::test
