#include "tools/line_source.h"

#include <catch2/catch.hpp>

#include <array>
#include <thread>
#include <unistd.h>

namespace lacuna::tool {
namespace {

class Pipe {
 public:
  Pipe() { REQUIRE(::pipe(ends_.data()) == 0); }
  ~Pipe() {
    close();
    ::close(ends_[0]);
  }
  int out() const { return ends_[0]; }
  void write(std::string_view text) {
    REQUIRE(::write(ends_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void close() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  int in() const { return ends_[1]; }

 private:
  std::array<int, 2> ends_{};
};

using State = LineSource::State;

}  // namespace

TEST_CASE("lines come whole, and later when they are not there yet") {
  Pipe pipe;
  LineSource lines(pipe.out());
  LineSource::Line line;
  CHECK(lines.next(line) == State::later);
  pipe.write("one\ntw");
  REQUIRE(lines.next(line) == State::line);
  CHECK(line.text == "one");
  CHECK(line.number == 1);
  CHECK(lines.next(line) == State::later);
  pipe.write("o\n\nthree");
  REQUIRE(lines.next(line) == State::line);
  CHECK(line.text == "two");
  REQUIRE(lines.next(line) == State::line);
  CHECK(line.text.empty());
  CHECK(lines.next(line) == State::later);
  pipe.close();
  REQUIRE(lines.next(line) == State::line);
  CHECK(line.text == "three");  // the last line needs no end
  CHECK(line.number == 4);
  CHECK_FALSE(line.cut);
  CHECK(lines.next(line) == State::end);
  CHECK(lines.next(line) == State::end);
}

TEST_CASE("a line without end is passed over in bounded memory, and the next one comes") {
  const bool last = GENERATE(false, true);
  Pipe pipe;
  std::thread writer([&] {
    const std::string block(64 * 1024, 'x');
    std::size_t wanted = 3 * kLineBytesKept;
    while (wanted > 0) {
      const ssize_t n = ::write(pipe.in(), block.data(), std::min(block.size(), wanted));
      if (n <= 0) return;
      wanted -= static_cast<std::size_t>(n);
    }
    if (!last) {
      [[maybe_unused]] const ssize_t n = ::write(pipe.in(), "\nnext\n", 6);
    }
    pipe.close();
  });
  LineSource lines(pipe.out());
  LineSource::Line line;
  State state = State::later;
  while (state == State::later) state = lines.next(line);
  REQUIRE(state == State::line);
  CHECK(line.cut);
  CHECK(line.text.size() == kLineBytesKept);
  CHECK(line.number == 1);
  do state = lines.next(line);
  while (state == State::later);
  if (last) {
    CHECK(state == State::end);
  } else {
    REQUIRE(state == State::line);
    CHECK(line.text == "next");
    CHECK(line.number == 2);
    CHECK_FALSE(line.cut);
  }
  writer.join();
}

TEST_CASE("a line of exactly the bound is whole") {
  Pipe pipe;
  const std::string text(kLineBytesKept, 'y');
  std::thread writer([&] {
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t n = ::write(pipe.in(), rest.data(), rest.size());
      if (n <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
    pipe.close();
  });
  LineSource lines(pipe.out());
  LineSource::Line line;
  State state = State::later;
  while (state == State::later) state = lines.next(line);
  CHECK(line.text == text);
  CHECK_FALSE(line.cut);
  writer.join();
}

}  // namespace lacuna::tool
