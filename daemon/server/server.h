// The daemon's outside: sockets, connections, and the event loop that serves them.
//
// Failure: a connection's trouble ends that connection only. Only setting up throws.
// Thread:  the one that constructs it; the service is called from here and from two workers.
#pragma once

#include "daemon/server/patience.h"
#include "daemon/server/sockets.h"
#include "daemon/service.h"

#include <functional>
#include <memory>
#include <string_view>

namespace lacuna {

class Server {
 public:
  struct Hooks {
    std::function<void(std::string_view)> log;  // any thread; one line, no path, no person
    std::function<void()> ready;                // who connects is answered
  };

  // Needs: captureSignals() was called before any thread was started.
  Server(LedgerService& service, Hooks hooks, Patience patience = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until SIGTERM, SIGINT or stop(), then drains: no new connection, `drain` (which answers
  // what waits), answers sent, at most kDrainMax.
  void run(ListenSockets sockets, const std::function<void()>& drain);

  void stop();                     // any thread; also before run()
  std::uint16_t httpPort() const;  // once ready; 0: no TCP

  static void captureSignals();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace lacuna
