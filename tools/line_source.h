// Lines of a file, a pipe or a terminal, without ever waiting and with bounded memory.
#pragma once

#include "ledger/base/limits.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace lacuna::tool {

// Longer lines are passed over: a caller may still want the whole text of a line that is too long for
// an event, to hand it back.
inline constexpr std::size_t kLineBytesKept = kMessageBytesMax;
static_assert(kLineBytesKept >= kJsonLineBytesMax, "every line that could be an event is kept");

class LineSource {
 public:
  explicit LineSource(int fd) : fd_(fd) {}  // borrowed

  enum class State { line, later, end };
  struct Line {
    std::uint64_t number = 0;  // from 1
    std::string_view text;     // without its end; valid until the next call
    bool cut = false;          // longer than kLineBytesKept: the text is only its beginning
  };
  // `later`: no whole line is at hand and reading would wait. Throws Fault when reading fails.
  State next(Line& line);

 private:
  bool takeLine(Line& line);
  enum class Read { some, none, end };
  Read readMore();

  int fd_;
  std::string buffer_;
  std::size_t start_ = 0;    // of the line that comes next
  std::size_t scanned_ = 0;  // no end of line before this
  std::uint64_t number_ = 0;
  bool ended_ = false;
  bool passing_ = false;  // within a line longer than kept
};

}  // namespace lacuna::tool
