// Reads the members of a JSON object. Lenient about form, because whoever reads encodes the value again and compares.
#pragma once

#include "ledger/base/bytes.h"
#include "ledger/base/civil.h"
#include "ledger/base/strong.h"

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lacuna {

class JsonReader {
 public:
  using Json = nlohmann::ordered_json;

  explicit JsonReader(const Json& json) : json_(json) { ok_ = json.is_object(); }

  std::string text(const char* name) {
    const Json* at = find(name);
    if (at == nullptr || !at->is_string()) return {};
    return at->get<std::string>();
  }
  std::uint64_t number(const char* name) {
    const Json* at = find(name);
    if (at == nullptr || !at->is_number_unsigned()) return 0;
    return at->get<std::uint64_t>();
  }
  std::optional<Seq> seq(const char* name) {
    const Json* at = find(name);
    if (at == nullptr || !at->is_number_unsigned()) return std::nullopt;
    return Seq(at->get<std::uint64_t>());
  }
  bool flag(const char* name) {
    const Json* at = find(name);
    return at != nullptr && at->is_boolean() && at->get<bool>();
  }
  std::optional<Instant> time(const char* name) { return instantOfRfc3339(text(name)); }
  template <typename D>
  std::optional<D> digest(const char* name) {
    const std::optional<Bytes> bytes = bytesOfHex(text(name));
    if (!bytes) return std::nullopt;
    return D::from(*bytes);
  }
  // Of more than kItemsMax nothing is read.
  static constexpr std::size_t kItemsMax = 100'000;
  template <typename T>
  std::vector<T> list(const char* name, T (*of)(JsonReader)) {
    std::vector<T> out;
    const Json* at = find(name);
    if (at == nullptr || !at->is_array() || at->size() > kItemsMax) return out;
    for (const Json& item : *at) out.push_back(of(JsonReader(item)));
    return out;
  }
  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> out;
    const Json* at = find(name);
    if (at == nullptr || !at->is_array() || at->size() > kItemsMax) return out;
    for (const Json& item : *at) out.push_back(item.is_string() ? item.get<std::string>() : "");
    return out;
  }
  std::vector<std::uint64_t> numbers(const char* name) {
    std::vector<std::uint64_t> out;
    const Json* at = find(name);
    if (at == nullptr || !at->is_array() || at->size() > kItemsMax) return out;
    for (const Json& item : *at)
      out.push_back(item.is_number_unsigned() ? item.get<std::uint64_t>() : 0);
    return out;
  }
  std::map<std::string, std::uint64_t> counts(const char* name) {
    std::map<std::string, std::uint64_t> out;
    const Json* at = find(name);
    if (at == nullptr || !at->is_object() || at->size() > kItemsMax) return out;
    for (const auto& [key, value] : at->items()) {
      if (value.is_number_unsigned()) out[key] = value.get<std::uint64_t>();
    }
    return out;
  }
  JsonReader part(const char* name) {
    static const Json kNothing;
    const Json* at = find(name);
    return JsonReader(at == nullptr ? kNothing : *at);
  }

 private:
  const Json* find(const char* name) {
    if (!ok_) return nullptr;
    const auto at = json_.find(name);
    return at == json_.end() ? nullptr : &*at;
  }
  const Json& json_;
  bool ok_ = false;
};

}  // namespace lacuna
