#include "tools/render.h"

#include <catch2/catch.hpp>

namespace lacuna::tool {

TEST_CASE("columns are aligned by what a terminal shows, not by bytes") {
  CHECK(displayWidth("abc") == 3);
  CHECK(displayWidth("Zoë") == 3);
  CHECK(displayWidth("Zoe\u0308") == 3);  // a combining mark
  CHECK(displayWidth("日本") == 4);       // wide characters
  CHECK(displayWidth("\xff") == 1);       // no UTF-8
  const Table table{{"Name", "N"}, {{"Zoë", "1"}, {"日本", "2"}, {"Jan", "3"}}};
  CHECK(textOf(table) ==
        "Name  N\n"
        "Zoë   1\n"
        "日本  2\n"
        "Jan   3\n");
}

TEST_CASE("a column that nobody fills is left out, a table without rows keeps its headings") {
  CHECK(textOf({{"A", "B", "C"}, {{"1", "", "3"}, {"4"}}}) == "A  C\n1  3\n4\n");
  CHECK(textOf({{"A", "B"}, {}}) == "A  B\n");
}

TEST_CASE("what a stranger typed cannot move the cursor or turn the text", "[P9]") {
  CHECK(printable("a\x1b[2Jb") == "a\uFFFD[2Jb");
  CHECK(printable("a\nb\rc\td") == "a\uFFFDb\uFFFDc\uFFFDd");
  CHECK(printable("a\u202eb\u2066c\u009bd") == "a\uFFFDb\uFFFDc\uFFFDd");
  CHECK(printable("\xc3(") == "\uFFFD(");
  CHECK(printable("Zoë 日本") == "Zoë 日本");
  CHECK(printable("a\nb", Lines::kept) == "a\nb");
  const Table table{{"x"}, {{"a\x1b]0;title\x07"}}};
  CHECK(textOf(table).find('\x1b') == std::string::npos);
  CHECK(
      pageOf(Json{{"name", "a\x1b[2J"}, {"list", {{{"k", "\x1b"}}}}}, Language::en).find('\x1b') ==
      std::string::npos);
}

TEST_CASE("CSV is RFC 4180") {
  CHECK(csvOf({{"a", "b"}, {{"1,2", "say \"x\""}, {"two\nlines"}}}) ==
        "a,b\r\n\"1,2\",\"say \"\"x\"\"\"\r\n\"two\nlines\",\r\n");
}

TEST_CASE("objects become a table with one column per field, in their order") {
  const std::vector<Json> objects{Json::parse(R"({"seq":1,"kind":"consent","flags":["a","b"]})"),
                                  Json::parse(R"({"seq":2,"revoked":true,"data":{"x":1}})")};
  const Table table = tableOf(objects, Language::nl);
  CHECK(table.headings ==
        std::vector<std::string>{"Nr", "Soort", "Signalen", "Ingetrokken", "Inhoud"});
  CHECK(table.rows[0] == std::vector<std::string>{"1", "consent", "a, b", "", ""});
  CHECK(table.rows[1] == std::vector<std::string>{"2", "", "", "ja", R"({"x":1})"});
}

TEST_CASE("an object becomes a page: plain fields, then sections") {
  const Json state = Json::parse(
      R"({"asOf":"2020-05-01T00:00:00Z","consents":[{"purpose":"newsletter","state":"given"}],)"
      R"("categories":["name","contact"],"lots":[],"person":{"aliases":["crm:1"]},"events":3})");
  CHECK(pageOf(state, Language::en) ==
        "As of       2020-05-01T00:00:00Z\n"
        "Categories  name, contact\n"
        "Events      3\n"
        "\n"
        "Consents\n"
        "--------\n"
        "Purpose     State\n"
        "newsletter  given\n"
        "\n"
        "Person\n"
        "------\n"
        "Aliases  crm:1\n");
  const Table flat = flatOf(state);
  CHECK(flat.rows[1] == std::vector<std::string>{"consents", "1", "purpose", "newsletter"});
}

TEST_CASE("headings are words of the asked language; other fields keep their name") {
  CHECK(headingOf("recordedAt", Language::en) == "Recorded at");
  CHECK(headingOf("recordedAt", Language::nl) == "Vastgelegd op");
  CHECK(headingOf("somethingNewer", Language::nl) == "Something newer");
}

}  // namespace lacuna::tool
