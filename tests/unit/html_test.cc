#include "ledger/base/html.h"

#include <catch2/catch.hpp>

using namespace lacuna;

TEST_CASE("text in a page is neither markup nor a control character") {
  CHECK(htmlOf("plain, één\tand\nanother") == "plain, één\tand\nanother");
  CHECK(htmlOf("<a href=\"x\" b='y'>&amp;") ==
        "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
  CHECK(htmlOf(std::string_view("\0\x1b\r\x7f", 4)) ==
        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(htmlOf("").empty());
}
