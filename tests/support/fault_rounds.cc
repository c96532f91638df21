#include "tests/support/fault_rounds.h"

#include "ledger/base/fault.h"
#include "tests/support/child.h"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <future>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace lacuna::test {
namespace {

constexpr std::uint64_t kRoundsMax = 4000;

FaultRound roundOf(const std::filesystem::path& base, std::uint64_t n, FaultWay way) {
  return {base / std::to_string(n), n, way};
}

std::string verifyAfterCut(const FaultScript& script, const FaultRound& round) {
  FaultyFs::loseUnsyncedOf(round.journal(), round.n);
  try {
    return script.verify(round);
  } catch (const std::exception& error) {
    return std::string("the restart fails: ") + error.what();
  }
}

// From n on, until a round in which no fault strikes. Progress goes to a file, so that the parent
// knows where an abort struck.
void runRounds(const FaultScript& script, const std::filesystem::path& base, std::uint64_t n,
               std::uint64_t step, FaultWay way) {
  for (; n <= kRoundsMax; n += step) {
    const FaultRound round = roundOf(base, n, way);
    std::filesystem::create_directories(round.dir);
    if (const auto made = base.parent_path() / "template"; std::filesystem::exists(made)) {
      std::filesystem::copy(made, round.dir / "data", std::filesystem::copy_options::recursive);
    }
    appendTo(base / "progress", "begin " + std::to_string(n) + "\n");
    bool fired = false;
    const std::string problem = runRound(script, round, fired);
    if (problem.empty()) {
      std::filesystem::remove_all(round.dir);
    } else {
      appendTo(base / "progress", "bad " + std::to_string(n) + ": " + problem + "\n");
    }
    if (!fired || !problem.empty()) break;
  }
  appendTo(base / "progress", "end\n");
}

FaultRuns runOneWay(const FaultScript& script, const std::filesystem::path& base, FaultWay way,
                    std::uint64_t step) {
  std::filesystem::create_directories(base);
  FaultRuns runs;
  runs.way = way;
  for (std::uint64_t next = 1;;) {
    Child child(script.childTest, script.taskName,
                base.string() + ' ' + std::to_string(next) + ' ' + std::to_string(step) + ' ' +
                    std::to_string(static_cast<int>(way)));
    const int status = child.wait();
    for (const std::string& line : linesOf(base / "progress")) {
      if (line.rfind("begin ", 0) == 0) runs.last = std::stoull(line.substr(6));
      if (line.rfind("bad ", 0) == 0) runs.problem = line;
      if (line == "end" && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
        runs.problem = "the child fails after its last round";
      }
      if (line == "end" || !runs.problem.empty()) return runs;
    }
    // It died in round n: by an abort, and no other way.
    if (runs.last < next || !WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT) {
      runs.problem = "the child ended otherwise than by an abort";
      return runs;
    }
    ++runs.aborts;
    const FaultRound round = roundOf(base, runs.last, way);
    if (const std::string problem = verifyAfterCut(script, round); !problem.empty()) {
      runs.problem = "aborted " + std::to_string(runs.last) + ": " + problem;
      return runs;
    }
    std::filesystem::remove_all(round.dir);
    next = runs.last + step;
  }
}

}  // namespace

std::string runRound(const FaultScript& script, const FaultRound& round, bool& fired) {
  std::string problem;
  fired = script.write(round, problem);
  return problem.empty() ? verifyAfterCut(script, round) : problem;
}

bool ranAsChild(const FaultScript& script) {
  const char* task = std::getenv(script.taskName);
  if (task == nullptr) return false;
  std::istringstream in(task);
  std::string base;
  std::uint64_t n = 0, step = 1;
  int way = 0;
  in >> base >> n >> step >> way;
  runRounds(script, base, n, step, static_cast<FaultWay>(way));
  return true;
}

std::vector<FaultRuns> runFaults(const FaultScript& script, const std::filesystem::path& base,
                                 std::uint64_t step) {
  std::vector<std::future<FaultRuns>> running;
  for (const FaultWay way : {FaultWay::notDone, FaultWay::done, FaultWay::torn}) {
    const auto own = base / ("way" + std::to_string(static_cast<int>(way)));
    running.push_back(std::async(std::launch::async, [&script, own, way, step] {
      return runOneWay(script, own, way, step);
    }));
  }
  std::vector<FaultRuns> out;
  for (auto& runs : running) out.push_back(runs.get());
  return out;
}

bool saysSealed(const std::function<void()>& requireUnsealed) {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < patience) {
    try {
      requireUnsealed();
    } catch (const Fault&) {
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

void appendTo(const std::filesystem::path& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || ::write(file, text.data(), text.size()) < 0) std::abort();
  ::close(file);
}

std::vector<std::string> linesOf(const std::filesystem::path& path) {
  std::vector<std::string> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

}  // namespace lacuna::test
