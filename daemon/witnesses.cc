#include "daemon/witnesses.h"

#include <nlohmann/json.hpp>

#include <future>

namespace lacuna {
namespace {

constexpr std::chrono::milliseconds kLookEvery{100};
constexpr std::chrono::seconds kAnswerMax{10};
constexpr std::size_t kLinesBytesMax = 16 * 1024;
// A head that stays the same is cosigned again, so that its times show that somebody still looks.
constexpr std::chrono::minutes kRefreshEvery{10};

std::string_view stateOf(WitnessSaid::Kind kind) {
  switch (kind) {
    case WitnessSaid::Kind::cosigned:
      return "cosigned";
    case WitnessSaid::Kind::refused:
      return "refused";
    case WitnessSaid::Kind::unreachable:
      return "unreachable";
    case WitnessSaid::Kind::larger:
      return "larger";
  }
  LACUNA_ASSERT(false, "a state without a name");
}

}  // namespace

Witnesses::Witnesses(Ledger& ledger, WitnessOptions options,
                     std::function<void(std::string_view)> log,
                     std::function<void(std::string_view)> seal)
    : ledger_(ledger),
      options_(std::move(options)),
      log_(std::move(log)),
      seal_(std::move(seal)),
      client_(kAnswerMax, &stopping_) {
  for (const Policy::Witness& witness : options_.policy.witnesses) {
    standings_.push_back({witness.name, {}, TreeSize(0)});
  }
  resume();
  thread_ = std::thread([this] { run(); });
}

void Witnesses::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// What had the quorum before the start is published from the start on, if it has today's.
void Witnesses::resume() {
  const auto text = ledger_.lastCosigned();
  const auto note =
      text ? parseNote(*text) : Result<SignedNote>(Refusal{RefusalCode::notFound, ""});
  if (!note || !openNote(*note, ledger_.verifierKey())) return;
  const auto quorum = quorumOf(*note, options_.policy);
  if (!quorum || !quorum->met || note->checkpoint.size > ledger_.shownSize()) return;
  ledger_.publishCosigned(note->checkpoint.size, *text);
}

std::vector<Witnesses::Standing> Witnesses::standings() const {
  const std::lock_guard lock(mutex_);
  return standings_;
}

std::string Witnesses::json() const {
  auto out = nlohmann::ordered_json::array();
  for (const Standing& standing : standings()) {
    out.push_back({{"name", standing.name},
                   {"state", standing.state.empty() ? "not-asked" : standing.state},
                   {"size", standing.size.raw()}});
  }
  return out.dump();
}

bool Witnesses::due() const {
  const auto since = std::chrono::steady_clock::now() - askedAt_;
  if (!asked_) return true;
  if (ledger_.shownSize() != cosigned_) return since >= options_.interval;
  return since >= kRefreshEvery;
}

void Witnesses::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kLookEvery, [this] { return stopping_.load(); })) {
    if (!due()) continue;
    lock.unlock();
    try {
      round();
    } catch (const std::exception& error) {  // the log cannot be read: the next round may
      if (log_) log_("witnesses: " + std::string(error.what()));
    }
    askedAt_ = std::chrono::steady_clock::now();
    asked_ = true;
    lock.lock();
  }
}

void Witnesses::round() {
  const std::string text = ledger_.shownCheckpoint();
  const auto note = parseNote(text);
  LACUNA_ASSERT(note.ok(), "a shown checkpoint reads");
  const TileSource tiles = [this](unsigned level, std::uint64_t index,
                                  unsigned width) -> std::optional<Bytes> {
    auto tile = ledger_.tile(level, index, width);
    if (!tile) return std::nullopt;
    return std::move(*tile);
  };
  WitnessPost post = options_.post;
  if (!post) {
    post = [this](const std::string& url, const std::string& body) {
      return client_.post(url, body, kLinesBytesMax);
    };
  }
  const auto before = standings();
  std::vector<std::future<WitnessSaid>> asked(before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Policy::Witness& witness = options_.policy.witnesses[i];
    if (witness.url.empty()) continue;
    asked[i] = std::async(std::launch::async, [&, known = before[i].size] {
      return askWitness(witness, known, {*note, text, tiles}, post,
                        [this] { return ledger_.shownSize(); });
    });
  }
  std::string lines;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!asked[i].valid()) continue;
    const WitnessSaid said = asked[i].get();
    lines += said.line;
    told(i, said);
  }
  const auto cosigned = parseNote(text + lines);
  LACUNA_ASSERT(cosigned.ok(), "a note with verified lines reads");
  const auto quorum = quorumOf(*cosigned, options_.policy);
  if (!quorum || !quorum->met || stopping_) return;
  ledger_.offerCosigned(cosigned->checkpoint.size, text + lines);
  cosigned_ = cosigned->checkpoint.size;
}

// A line in the log when a witness begins to answer otherwise than before.
void Witnesses::told(std::size_t witness, const WitnessSaid& said) {
  if (stopping_) return;
  const std::string state(stateOf(said.kind));
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    Standing& standing = standings_[witness];
    changed = standing.state != state;
    standing.state = state;
    standing.size = said.known;
  }
  const std::string number = std::to_string(witness + 1);
  if (said.kind == WitnessSaid::Kind::larger) {
    seal_("witness " + number + " has cosigned " + std::to_string(said.known.raw()) +
          " records, more than this ledger has: it was put back to an earlier state");
    return;
  }
  if (!changed || !log_) return;
  if (said.kind == WitnessSaid::Kind::cosigned) {
    log_("witness " + number + " cosigns");
  } else {
    log_("WARNING: witness " + number + " does not cosign: " + said.why);
  }
}

}  // namespace lacuna
