// The two ways in which code fails that are not an answer: the world failed us, or we failed.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace lacuna {

// Fault: a disk, a socket, a library failed. On the write path it seals the pipeline (P8).
// The text never holds a path, a key or personal data.
class Fault : public std::runtime_error {
 public:
  explicit Fault(const std::string& what) : std::runtime_error(what) {}
};

// Bug: a property we hold to be always true is not. Checked in release too.
class Bug : public std::logic_error {
 public:
  explicit Bug(const std::string& what) : std::logic_error(what) {}
};

[[noreturn]] void throwBug(const char* file, int line, const char* condition, std::string_view why);

}  // namespace lacuna

#define LACUNA_ASSERT(condition, why)                                          \
  do {                                                                         \
    if (!(condition)) ::lacuna::throwBug(__FILE__, __LINE__, #condition, why); \
  } while (false)
