#include "ledger/store/indexes.h"

#include "ledger/base/limits.h"

#include <rocksdb/sst_file_writer.h>

#include <numeric>
#include <pthread.h>

namespace lacuna {
namespace {

constexpr std::string_view kRunKey = "run";
constexpr std::size_t kMultiGetMax = 256;

std::string runPath(const Database& db, Family family) {
  return (db.directory() / (std::string(nameOf(family)) + ".run")).string();
}

// A run's file is taken in by a hard link and its first name removed; when that removal failed, the
// name still leads to a file of the database, and writing to it would destroy rows.
void removeLeftover(Database& db, Family family) {
  const rocksdb::Status found = db.env().FileExists(runPath(db, family));
  if (found.IsNotFound()) return;
  must(found, "looking for an old run");
  must(db.env().DeleteFile(runPath(db, family)), "removing an old run");
}

// Writes one sorted file beside the database. `rows` puts them in ascending order.
template <typename Rows>
void writeFile(Database& db, Family family, const Rows& rows) {
  removeLeftover(db, family);
  // Its pages stay in the cache of the system: the next lookups read them.
  constexpr bool kDropPages = false;
  rocksdb::SstFileWriter file(rocksdb::EnvOptions(), db.optionsOf(family),
                              db.derived(family)->get(), kDropPages);
  must(file.Open(runPath(db, family)), "beginning a sorted run");
  rows(file);
  must(file.Finish(), "finishing a sorted run");  // synced
}

ByteWriter valueOf(const TagRow& row) {
  ByteWriter out(8);
  out.u64(row.seq);
  return out;
}

ByteWriter valueOf(const IdRow& row) {
  ByteWriter out(8 + ContentDigest::kSize);
  out.u64(row.seq).raw(row.content.view());
  return out;
}

constexpr std::size_t kPutAhead = 8;  // rows whose memory is asked for before they are needed

template <typename Index>
void writeRows(Database& db, Family family, const Index& index) {
  const auto rows = index.sorted();
  writeFile(db, family, [&](rocksdb::SstFileWriter& file) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i + kPutAhead < rows.size()) __builtin_prefetch(rows[i + kPutAhead]);
      const auto* row = rows[i];
      const ByteWriter value = valueOf(*row);
      must(file.Put(sliceOf(row->key.view()), sliceOf(value.view())), "writing a sorted run");
    }
  });
}

// Looks up in files what memory did not have. `take(i, value)` gets each row found.
template <typename Key, typename Take>
void findInFiles(const Database& db, const FamilyHandle& family, std::span<const Key> keys,
                 std::vector<std::size_t> missing, const Take& take) {
  std::sort(missing.begin(), missing.end(),
            [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  for (std::size_t from = 0; from < missing.size(); from += kMultiGetMax) {
    const std::size_t count = std::min(kMultiGetMax, missing.size() - from);
    std::vector<rocksdb::Slice> slices;
    for (std::size_t i = 0; i < count; ++i)
      slices.push_back(sliceOf(keys[missing[from + i]].view()));
    std::vector<rocksdb::PinnableSlice> values(count);
    std::vector<rocksdb::Status> statuses(count);
    db.db().MultiGet({}, family.get(), count, slices.data(), values.data(), statuses.data(), true);
    for (std::size_t i = 0; i < count; ++i) {
      if (statuses[i].IsNotFound()) continue;
      must(statuses[i], "looking up an index");
      take(missing[from + i], viewOf(values[i]));
    }
  }
}

Seq seqOfValue(ByteView value) {
  const auto seq = number64(value);
  if (!seq) throw Fault("a row of the tag index does not follow the format");
  return Seq(*seq);
}

}  // namespace

Indexes::Indexes(Database& db, std::size_t runEvents, std::size_t capacity)
    : db_(db),
      runEvents_(runEvents),
      capacity_(capacity),
      active_(std::make_shared<Memory>(capacity)) {
  show(nullptr);
  if (db_.readOnly()) return;
  // A crash while a run was written leaves its files; the rows are still in the primary ones.
  for (const Family family : {Family::tags, Family::idindex, Family::derived}) {
    removeLeftover(db_, family);
  }
}

Indexes::~Indexes() {
  {
    const std::lock_guard lock(workMutex_);
    stop_ = true;
  }
  workChanged_.notify_all();
  if (worker_.joinable()) worker_.join();
}

std::shared_ptr<const Indexes::View> Indexes::view() const {
  const std::lock_guard lock(viewMutex_);
  return view_;
}

void Indexes::show(std::shared_ptr<const Memory> frozen) {
  auto view =
      std::make_shared<const View>(View{active_, std::move(frozen), db_.derived(Family::tags),
                                        db_.derived(Family::idindex), db_.derived(Family::tiles)});
  const std::lock_guard lock(viewMutex_);
  view_.swap(view);
}

std::optional<Seq> Indexes::findTag(const Tag& tag) const {
  const auto now = view();
  // Memory first: a run leaves memory only after its file is there.
  if (const TagRow* row = now->active->tags.find(tag)) return Seq(row->seq);
  if (now->frozen) {
    if (const TagRow* row = now->frozen->tags.find(tag)) return Seq(row->seq);
  }
  if (!now->tags) return std::nullopt;
  const auto value = db_.get(now->tags->get(), tag.view());
  return value ? std::optional(seqOfValue(*value)) : std::nullopt;
}

std::vector<std::optional<Seq>> Indexes::findTags(std::span<const Tag> tags) const {
  const auto now = view();
  std::vector<std::optional<Seq>> out(tags.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const TagRow* row = now->active->tags.find(tags[i]);
    if (row == nullptr && now->frozen) row = now->frozen->tags.find(tags[i]);
    if (row != nullptr) {
      out[i] = Seq(row->seq);
    } else {
      missing.push_back(i);
    }
  }
  if (now->tags) {
    findInFiles(db_, *now->tags, tags, std::move(missing),
                [&](std::size_t i, ByteView value) { out[i] = seqOfValue(value); });
  }
  return out;
}

std::vector<std::optional<IdHit>> Indexes::findIds(std::span<const IdEntry> entries) const {
  const auto now = view();
  for (const IdEntry& entry : entries) {
    now->active->ids.prefetch(entry);
    if (now->frozen) now->frozen->ids.prefetch(entry);
  }
  std::vector<std::optional<IdHit>> out(entries.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const IdRow* row = now->active->ids.find(entries[i]);
    if (row == nullptr && now->frozen) row = now->frozen->ids.find(entries[i]);
    if (row != nullptr) {
      out[i] = IdHit{Seq(row->seq), row->content};
    } else {
      missing.push_back(i);
    }
  }
  if (!now->ids) return out;
  findInFiles(db_, *now->ids, entries, std::move(missing), [&](std::size_t i, ByteView value) {
    ByteReader in(value);
    IdHit hit{Seq(in.u64()), in.digest<ContentDigest>()};
    if (!in.done()) throw Fault("a row of the id index does not follow the format");
    out[i] = hit;
  });
  return out;
}

std::optional<std::uint64_t> Indexes::run() const {
  const auto family = db_.derived(Family::derived);
  if (!family || !db_.derived(Family::tags) || !db_.derived(Family::idindex)) return std::nullopt;
  const auto value = db_.get(family->get(), bytesOf(kRunKey));
  return value ? number64(*value) : std::nullopt;
}

bool Indexes::filesEmpty() const {
  for (const Family family : {Family::derived, Family::tags, Family::idindex}) {
    const auto handle = db_.derived(family);
    if (!handle) continue;
    const auto rows = db_.iterator(handle->get());
    rows->SeekToFirst();
    must(rows->status(), "reading an index");
    if (rows->Valid()) return false;
  }
  return true;
}

void Indexes::reset() {
  waitIdle();
  if (!filesEmpty()) {
    // `run` first: a crash after this line finds no run, and drops the rest then.
    for (const Family family : {Family::derived, Family::tags, Family::idindex}) {
      db_.dropFamily(family);
    }
  }
  active_ = std::make_shared<Memory>(capacity_);
}

void Indexes::publish() { show(nullptr); }

bool Indexes::put(Seq first, std::span<const Tag> tags) {
  bool fresh = true;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (i + kPutAhead < tags.size()) active_->tags.prefetch(tags[i + kPutAhead]);
    fresh &= active_->tags.put({tags[i], first.raw() + i});
  }
  return fresh;
}

void Indexes::putIds(Seq first, std::span<const GroupId> ids, Seq from) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i + kPutAhead < ids.size()) active_->ids.prefetch(ids[i + kPutAhead].entry);
    const std::uint64_t seq = first.raw() + ids[i].index;
    if (seq >= from.raw()) active_->ids.put({ids[i].entry, seq, ids[i].content});
  }
}

void Indexes::freeze(TreeSize end) {
  waitIdle();
  db_.requireUnsealed();
  const std::shared_ptr<const Memory> frozen = std::move(active_);
  active_ = std::make_shared<Memory>(capacity_);
  show(frozen);
  {
    const std::lock_guard lock(workMutex_);
    frozen_ = frozen;
    frozenEnd_ = end;
  }
  workChanged_.notify_all();
}

void Indexes::flush(TreeSize end) {
  writeRun(*active_, end);
  active_ = std::make_shared<Memory>(capacity_);
}

void Indexes::waitIdle() {
  std::unique_lock lock(workMutex_);
  workChanged_.wait(lock, [this] { return frozen_ == nullptr || db_.sealed(); });
}

void Indexes::startWorker() {
  worker_ = std::thread([this] { work(); });
}

void Indexes::work() {
  ::pthread_setname_np(::pthread_self(), "index run");
  std::unique_lock lock(workMutex_);
  while (true) {
    workChanged_.wait(lock, [this] { return stop_ || frozen_ != nullptr; });
    if (stop_) return;  // what is not written yet is rebuilt at start
    const std::shared_ptr<const Memory> memory = frozen_;
    const TreeSize end = frozenEnd_;
    lock.unlock();
    bool written = false;
    try {  // the top of a thread: nobody above could seal
      writeRun(*memory, end);
      written = true;
    } catch (const std::exception&) {
      db_.seal();  // P8; the rows stay readable in memory
    }
    lock.lock();
    if (written) {
      // Nobody replaces the active table while a run is on its way: freeze() waits for us.
      show(nullptr);
      frozen_ = nullptr;
    }
    workChanged_.notify_all();
    if (!written) return;
  }
}

void Indexes::writeRun(const Memory& memory, TreeSize end) {
  std::vector<Family> families = {Family::derived};
  writeFile(db_, Family::derived, [&](rocksdb::SstFileWriter& file) {
    must(file.Put(sliceOf(bytesOf(kRunKey)), sliceOf(key64(end.raw()))), "writing a run");
  });
  if (memory.tags.size() > 0) {
    writeRows(db_, Family::tags, memory.tags);
    families.push_back(Family::tags);
  }
  if (memory.ids.size() > 0) {
    writeRows(db_, Family::idindex, memory.ids);
    families.push_back(Family::idindex);
  }
  // A crash before this line leaves stray files and no run. Ingestion is one edit of the manifest:
  // after it both indexes hold everything below `end` and `run` says so, before it neither does.
  std::vector<rocksdb::IngestExternalFileArg> args(families.size());
  for (std::size_t i = 0; i < families.size(); ++i) {
    args[i].column_family = db_.derived(families[i])->get();
    args[i].external_files = {runPath(db_, families[i])};
    args[i].options.move_files = true;
    args[i].options.write_global_seqno = false;
    args[i].options.allow_blocking_flush = false;  // these families have no memtable rows
  }
  db_.requireUnsealed();
  must(db_.db().IngestExternalFiles(args), "taking in a sorted run");
}

}  // namespace lacuna
