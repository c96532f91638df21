// Rows of the benchmark: each measures something beside its baseline, A B A B in one process, and
// reports medians and their ratio. Absolute numbers of a shared machine mean little; ratios hold.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

namespace lacuna::bench {

inline double secondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Of every thread of this process: tells work from waiting on a busy machine.
inline double cpuSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// What a piece of work took, by the wall and of the processors.
struct Taken {
  double wall = 0, cpu = 0;
  void add(const std::function<void()>& work) {
    const double before = cpuSeconds();
    wall += secondsOf(work);
    cpu += cpuSeconds() - before;
  }
};

// By nearest rank: the least value that `part` of them do not exceed.
inline double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(part * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}
inline double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }

// LACUNA_BENCH_SCALE: a factor on how much the longer rows do; 1 when it is not given.
inline std::size_t scaled(std::size_t count) {
  const char* given = std::getenv("LACUNA_BENCH_SCALE");
  const double factor = given == nullptr ? 1.0 : std::strtod(given, nullptr);
  return std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(count) * factor));
}

struct Row {
  std::string name;
  double value = 0;  // of ours, in `unit`
  std::string unit;
  double baseline = 0;  // of what it is compared with, in `unit`
  double ratio = 0;     // as DESIGN 12 writes it
  unsigned runs = 0;
  std::string aim, note;
};

inline void print(const Row& row, bool json) {
  if (json) {
    std::printf(
        "{\"row\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"baseline\":%.6g,\"ratio\":%.4g,"
        "\"runs\":%u}\n",
        row.name.c_str(), row.value, row.unit.c_str(), row.baseline, row.ratio, row.runs);
  } else {
    std::printf("%-12s %10.4g %-9s  baseline %10.4g  ratio %7.3f  aim %-8s %s\n", row.name.c_str(),
                row.value, row.unit.c_str(), row.baseline, row.ratio, row.aim.c_str(),
                row.note.c_str());
  }
  std::fflush(stdout);
}

}  // namespace lacuna::bench
