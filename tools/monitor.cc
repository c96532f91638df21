// lacuna monitor: follows a log, and says when it is not what it was.
#include "ledger/base/civil.h"
#include "ledger/base/fault.h"
#include "ledger/net/http_client.h"
#include "tools/commands.h"
#include "tools/durable_file.h"
#include "tools/follow.h"
#include "tools/tile_log.h"
#include "tools/trust.h"

#include <array>
#include <csignal>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

constexpr std::uint64_t kSecondsMax = 366ULL * 24 * 3600;
constexpr std::chrono::seconds kIntervalDefault{60};
constexpr std::chrono::seconds kStaleDefault{24 * 3600};
constexpr std::chrono::hours kWholeEvery{24};
constexpr std::size_t kStateBytesMax = 2 * kNoteBytesMax;
constexpr unsigned kThreads = 8;

// Runs `command` by the shell and waits for it. What it answers is its own affair.
void tell(const std::string& command, const Alarm& alarm, const std::string& line) {
  std::vector<std::string> settings;
  for (char** at = environ; *at != nullptr; ++at) settings.emplace_back(*at);
  settings.push_back("LACUNA_ALARM=" + std::string(alarm.kind));
  settings.push_back("LACUNA_LINE=" + line);
  std::vector<char*> environment;
  environment.reserve(settings.size() + 1);
  for (std::string& setting : settings) environment.push_back(setting.data());
  environment.push_back(nullptr);
  std::array<std::string, 3> words{"sh", "-c", command};
  std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t child = 0;
  if (::posix_spawn(&child, "/bin/sh", nullptr, nullptr, arguments.data(), environment.data()) !=
      0) {
    throw Fault("the command of --command cannot be started");
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
}

class Monitor {
 public:
  explicit Monitor(Invocation& call) : call_(call), console_(call.console) {
    url_ = call.text("url");
    directory_ = call.text("export");
    stateFile_ = call.text("state");
    if (url_.empty() == directory_.empty()) throw UsageError("give one of --url and --export");
    if (!url_.empty() && !isHttpUrl(url_)) {
      throw UsageError("--url is http://HOST... or https://HOST...");
    }
    if (stateFile_.empty()) throw UsageError("--state FILE is needed: what was seen last");
    Trust trust = trustOf(call);
    options_.key = std::move(trust.key);
    options_.policy = std::move(trust.policy);
    options_.threads = url_.empty() ? std::max(1U, std::thread::hardware_concurrency()) : kThreads;
    options_.onProgress = [this](std::uint64_t done, std::uint64_t total) {
      console_.progress("verified " + std::to_string(done) + " of " + std::to_string(total) +
                        " records");
    };
    const auto seconds = [&](const char* option, std::chrono::seconds otherwise) {
      const std::string text = call.text(option);
      if (text.empty()) return otherwise;
      return std::chrono::seconds(numberOf(std::string("--") + option, text, kSecondsMax));
    };
    interval_ = seconds("interval", kIntervalDefault);
    const std::chrono::seconds stale = seconds("stale-after", kStaleDefault);
    if (stale.count() > 0) options_.staleAfter = stale;
  }

  Exit run() {
    std::optional<Followed> state;
    if (std::filesystem::exists(stateFile_)) {
      auto read = followedOfText(
          contentOf("the file of --state", stateFile_, console_.in(), kStateBytesMax));
      if (!read) return console_.refuse(read.refusal());
      state = std::move(*read);
    }
    const bool once = call_.flag("once");
    std::optional<Instant> wholeAt;
    std::optional<Instant> reachedAt;
    while (true) {
      const Instant now = systemClock().now();
      const bool whole = !wholeAt || now - *wholeAt >= kWholeEvery;
      try {
        const Look seen = lookOnce(state, whole ? Depth::whole : Depth::tail, now);
        reachedAt = now;
        if (seen.alarm) return raise(*seen.alarm, state);
        if (whole) wholeAt = now;
        if (!state || state->note != seen.state->note) {
          state = seen.state;
          replaceDurably(stateFile_, textOf(*state), "the file of --state", Secrecy::no);
        }
        report(seen, now, once || whole);
      } catch (const Fault& fault) {
        // Not to be reached is no alarm; for too long it is.
        if (once) throw;
        console_.warn(fault.what());
        if (!reachedAt) reachedAt = now;
        if (options_.staleAfter && now - *reachedAt > *options_.staleAfter) {
          return raise({"stale", "the log could not be read since " + rfc3339Of(*reachedAt)},
                       state);
        }
      }
      if (once) return Exit::done;
      std::this_thread::sleep_for(interval_);
    }
  }

 private:
  Look lookOnce(const std::optional<Followed>& state, Depth depth, Instant now) {
    const Result<TileLog> log =
        url_.empty() ? TileLog::openDirectory(directory_) : TileLog::openUrl(url_);
    note_.clear();
    if (!log) {
      Look out;
      out.alarm = Alarm{"bad-signature", log.refusal().message};
      return out;
    }
    note_ = log->checkpoint();
    return look(*log, note_, state, depth, options_, now);
  }

  void report(const Look& seen, Instant now, bool always) {
    console_.endProgress();
    if (!always && seen.recordsRead == 0) return;
    if (console_.json()) {
      console_.out() << Json{{"at", rfc3339Of(now)},
                             {"result", "ok"},
                             {"size", seen.size.raw()},
                             {"recordsRead", seen.recordsRead},
                             {"key", textOf(seen.state->key)}}
                            .dump()
                     << '\n';
    } else {
      console_.out() << "ok: " << seen.size.raw() << " records, " << seen.recordsRead
                     << " of them read now; signed by " << printable(textOf(seen.state->key))
                     << '\n';
    }
    console_.out().flush();
  }

  // The state stays as it was: what was good last is what the alarm is measured by.
  Exit raise(const Alarm& alarm, const std::optional<Followed>& state) {
    console_.endProgress();
    const std::string line = std::string(alarm.kind) + ": " + alarm.what;
    const Json evidence{{"at", rfc3339Of(systemClock().now())},
                        {"result", "alarm"},
                        {"alarm", alarm.kind},
                        {"what", alarm.what},
                        {"before", state ? state->note : std::string()},
                        {"now", note_}};
    writeFile(stateFile_ + ".alarm", evidence.dump(2) + "\n");
    if (console_.json()) {
      console_.out() << evidence.dump() << '\n';
    } else {
      console_.out() << printable(line) << '\n';
    }
    console_.out().flush();
    console_.warn("alarm: " + line);
    if (const std::string command = call_.text("command"); !command.empty()) {
      tell(command, alarm, line);
    }
    return Exit::notVerified;
  }

  Invocation& call_;
  Console& console_;
  std::string url_, directory_, stateFile_, note_;
  FollowOptions options_;
  std::chrono::seconds interval_{};
};

}  // namespace

void describeMonitor(po::options_description& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()                                                      //
      ("url", text("URL"), "a log over HTTP, as C2SP tlog-tiles")            //
      ("export", text("DIR"), "a log as files, of `lacuna export-log`")      //
      ("state", text("FILE"), "what was seen last; made at the first look")  //
      ("once", "look once")                                                  //
      ("interval", text("SECONDS"), "between two looks (default 60)")        //
      ("stale-after", text("SECONDS"),
       "alarm when the head is older: by its witnesses, else by its last record (default 86400; 0: "
       "never)")  //
      ("command", text("CMD"), "run by the shell at an alarm");
  describeTrust(options);
}

Exit monitor(Invocation& call) { return Monitor(call).run(); }

}  // namespace lacuna::tool
