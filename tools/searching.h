// Questions for which the daemon may have to look through everyone's lots: how far that is, on a terminal.
#pragma once

#include "tools/connection.h"

#include <unistd.h>

namespace lacuna::tool {

inline constexpr auto kSearchPollEvery = 300 * kj::MILLISECONDS;

void showSearch(Loop& loop, wire::Officer::Client& officer);  // on stderr
void endSearch();

// As askText().
template <typename Request>
Result<std::string> askWithSearch(Loop& loop, wire::Officer::Client& officer, Request&& request) {
  if (isatty(STDERR_FILENO) == 0) return askText(loop, kj::fwd<Request>(request));
  auto sent = request.send();
  while (!sent.poll(loop.wait())) {
    loop.io().provider->getTimer().afterDelay(kSearchPollEvery).wait(loop.wait());
    showSearch(loop, officer);
  }
  endSearch();
  return takeText(sent.wait(loop.wait()));
}

}  // namespace lacuna::tool
