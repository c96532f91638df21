// A script run on a disk that fails at its n-th change and then loses its power, for n = 1, 2, 3 ...
// until a run in which nothing fails any more.
//
// Debian's RocksDB is built with assertions and aborts in some error paths. An abort is a crash point
// like any other: the rounds run in a process of their own, and when it dies the parent looks at what
// it left on disk and starts it again at the next n.
#pragma once

#include "tests/support/faulty_fs.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace lacuna::test {

struct FaultRound {
  std::filesystem::path dir;
  std::uint64_t n = 0;  // 0: nothing fails
  FaultWay way = FaultWay::notDone;

  std::filesystem::path acks() const { return dir / "acks"; }  // what was acknowledged, a line each
  std::filesystem::path journal() const { return dir / "journal"; }  // FaultyFs's
};

struct FaultScript {
  const char* childTest;  // the test case that calls ranAsChild(); no comma: Catch splits there
  const char* taskName;   // of the environment variable that says which rounds
  // The script, with the fault in it. True: it struck. `problem`: what must not be.
  std::function<bool(const FaultRound&, std::string& problem)> write;
  // What the next start finds, after the power cut; empty: all is as it must be.
  std::function<std::string(const FaultRound&)> verify;
};

// Runs one round, n = 0 too, in this process. What must not be, if anything.
std::string runRound(const FaultScript& script, const FaultRound& round, bool& fired);

// True: this process is the child, and did its rounds.
bool ranAsChild(const FaultScript& script);

struct FaultRuns {
  FaultWay way = FaultWay::notDone;
  std::uint64_t last = 0, aborts = 0;  // the last n; rounds that ended by an abort of the library
  std::string problem;                 // with its n; empty: none
};
// Each way of failing, side by side. `base`: an empty folder, with a folder `template` in it if each
// round begins with a copy of that as its `data`.
std::vector<FaultRuns> runFaults(const FaultScript& script, const std::filesystem::path& base,
                                 std::uint64_t step);

// Whether `requireUnsealed` comes to throw Fault, as it must soon after the disk's first fault.
bool saysSealed(const std::function<void()>& requireUnsealed);

void appendTo(const std::filesystem::path& path, const std::string& text);
std::vector<std::string> linesOf(const std::filesystem::path& path);

}  // namespace lacuna::test
