// Erasures: what one costs beside the syncs that it cannot do without, and what many cost.
#include "ledger/base/limits.h"
#include "ledger/retention.h"
#include "tests/bench/bench_world.h"

#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace lacuna::bench {
namespace {

std::string nameOf(std::size_t person) { return "crm:" + std::to_string(person); }

// A block overwritten in place and synced, as often as erasure.md 7 counts for one erasure.
class ThreeSyncs {
 public:
  explicit ThreeSyncs(const std::filesystem::path& folder)
      : file_(::open((folder / "sync").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {}
  ~ThreeSyncs() { ::close(file_); }
  ThreeSyncs(const ThreeSyncs&) = delete;
  ThreeSyncs& operator=(const ThreeSyncs&) = delete;

  double seconds() const {
    return secondsOf([this] {
      for (int i = 0; i < 3; ++i) {
        if (::pwrite(file_, block_.data(), block_.size(), 0) < 0 || ::fdatasync(file_) != 0) {
          throw Fault("the file of the bench cannot be synced");
        }
      }
    });
  }

 private:
  int file_;
  std::vector<char> block_ = std::vector<char>(4096, 'x');
};

}  // namespace

Row eraseRow() {
  constexpr std::size_t kPersons = 2000, kEvents = 20;
  const std::size_t rounds = std::min(scaled(40), kPersons);
  BenchWorld world(kPersons, kEvents);
  const ThreeSyncs syncs(world.path());
  std::vector<double> ours, theirs;
  Taken all;
  for (std::size_t round = 0; round < rounds; ++round) {
    theirs.push_back(syncs.seconds());
    ours.push_back(secondsOf([&] { all.add([&] { world.erase(nameOf(round)); }); }));
  }
  char note[128];
  std::snprintf(note, sizeof note,
                "20 events, one holder; %.2f ms of processor; baseline: three fdatasync of 4 KiB",
                all.cpu / static_cast<double>(rounds) * 1e3);
  return {"erase",
          median(ours) * 1e3,
          "ms",
          median(theirs) * 1e3,
          median(ours) / median(theirs),
          static_cast<unsigned>(rounds),
          "<= 5",
          note};
}

// The same erasure among ever more persons, in turns, so that a busy disk is busy for all of them.
Row eraseFlatRow() {
  constexpr std::size_t kRoundsEach = 60;
  std::vector<std::size_t> sizes{scaled(10'000), scaled(100'000), scaled(1'000'000)};
  if (std::getenv("LACUNA_LONG") != nullptr) sizes.push_back(10'000'000);
  std::vector<std::unique_ptr<BenchWorld>> worlds;
  for (const std::size_t size : sizes) worlds.push_back(std::make_unique<BenchWorld>(size));
  std::vector<std::vector<double>> seconds(sizes.size());
  for (std::size_t round = 0; round < kRoundsEach; ++round) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const std::string person = nameOf(round * (sizes[i] / kRoundsEach));
      seconds[i].push_back(secondsOf([&] { worlds[i]->erase(person); }));
    }
  }
  const double least = median(seconds.front()), most = median(seconds.back());
  std::string note = "persons and ms:";
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    char one[48];
    std::snprintf(one, sizeof one, " %zu %.2f", sizes[i], median(seconds[i]) * 1e3);
    note += one;
  }
  return {"erase-flat", most * 1e3, "ms", least * 1e3, most / least, kRoundsEach, "<= 1.3", note};
}

// The whole saga of a list of persons against that of one: what is planned, recorded and destroyed.
Row eraseBatchRow() {
  constexpr std::size_t kMany = 1000, kEvents = 20;
  constexpr unsigned kRuns = 5, kOnes = 9;
  BenchWorld world(kRuns * (kMany + kOnes) + kErasePersonsMax, kEvents);
  std::vector<double> one, many;
  std::size_t next = 0;
  for (unsigned round = 0; round < kRuns; ++round) {
    for (unsigned i = 0; i < kOnes; ++i) {
      one.push_back(secondsOf([&] { world.erase(nameOf(next)); }));
      ++next;
    }
    std::vector<std::string> persons;
    for (std::size_t i = 0; i < kMany; ++i) persons.push_back(nameOf(next++));
    many.push_back(secondsOf([&] { world.erase(std::move(persons)); }));
  }
  std::vector<std::string> most;
  for (std::size_t i = 0; i < kErasePersonsMax; ++i) most.push_back(nameOf(next++));
  const double longest = secondsOf([&] { world.erase(std::move(most)); });
  char note[160];
  std::snprintf(
      note, sizeof note,
      "1,000 persons of 20 events as one case; baseline: one such person; %zu hold others "
      "up %.0f ms",
      kErasePersonsMax, longest * 1e3);
  return {"erase-batch",
          median(many) * 1e3,
          "ms",
          median(one) * 1e3,
          median(many) / median(one),
          kRuns,
          "<= 50",
          note};
}

// Lots whose time is over, of persons who stay: batches as large as the daemon's.
Row retentionRow() {
  constexpr std::size_t kYears = 5;
  const std::size_t persons = scaled(20'000);
  BenchWorld world(persons);
  std::vector<std::vector<Event>> batches(1);
  const std::chrono::hours aYear(365 * 24);
  for (std::size_t year = 0; year < kYears; ++year) {
    const Instant at = world.clock().now() - aYear * static_cast<int>(year);
    for (std::size_t person = 0; person < persons; ++person) {
      if (batches.back().size() >= 1024) batches.emplace_back();
      batches.back().push_back(world.events().invoiceOf(nameOf(person), at));
    }
  }
  world.append(std::move(batches), 4);
  world.clock().skip(aYear * 9);  // the law keeps them for seven years after their own
  std::size_t lots = 0;
  double longest = 0;
  const double written = bytesWritten();
  const double seconds = secondsOf([&] {
    for (bool more = true; more;) {
      longest = std::max(longest, secondsOf([&] {
                           world.alone([&](Ledger& ledger) {
                             Retention retention(ledger.sequencer(), ledger.erasures());
                             const Result<Retention::Swept> swept =
                                 retention.sweep(kEraseTargetsMax, more);
                             if (!swept) throw Bug(swept.refusal().message);
                             lots += swept->lots;
                           });
                         }));
    }
  });
  if (lots != persons * kYears) throw Bug("the sweep of the bench has not found every lot");
  constexpr double kLeast = 10'000;  // a night's work for a hundred million
  char note[128];
  std::snprintf(
      note, sizeof note,
      "%zu lots of %zu persons; %.0f B written a lot; the longest batch held others up %.0f ms",
      lots, persons, (bytesWritten() - written) / static_cast<double>(lots), longest * 1e3);
  const double rate = static_cast<double>(lots) / seconds;
  return {"retention", rate, "lots/s", kLeast, rate / kLeast, 1, ">= 1", note};
}

}  // namespace lacuna::bench
