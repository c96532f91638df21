// lacuna export PERSON --to DIR: what a person is told (Art. 15), with its proofs.
#include "ledger/base/fault.h"
#include "ledger/base/limits.h"
#include "tools/commands.h"
#include "tools/durable_file.h"
#include "tools/person_export.h"
#include "tools/reading.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace fs = std::filesystem;
namespace {

[[noreturn]] void cannotWrite() { throw Fault("the export cannot be written"); }

// A file that is appended to; readable by its owner alone.
class Growing {
 public:
  explicit Growing(const fs::path& path)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
    if (fd_ < 0) cannotWrite();
  }
  Growing(const Growing&) = delete;
  Growing& operator=(const Growing&) = delete;
  ~Growing() { ::close(fd_); }

  void add(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t wrote = ::write(fd_, bytes.data(), bytes.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) cannotWrite();
      bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
  }
  void sync() {
    if (::fsync(fd_) != 0) cannotWrite();
  }

 private:
  int fd_;
};

// Written beside the directory that is wanted, and put in its place when it is whole. What was begun and not
// finished is removed.
class Parcel {
 public:
  explicit Parcel(fs::path wanted)
      : wanted_(std::move(wanted)),
        beside_(wanted_.string() + ".tmp" + std::to_string(::getpid())) {
    if (::mkdir(beside_.c_str(), S_IRWXU) != 0) cannotWrite();
  }
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;
  ~Parcel() {
    std::error_code error;
    if (!placed_) fs::remove_all(beside_, error);
  }

  const fs::path& directory() const { return beside_; }

  // The daemon names files; only those of an export are made.
  void add(const std::string& name, ByteView bytes) {
    if (name != kExportManifestFile &&
        std::find(kExportFiles.begin(), kExportFiles.end(), name) == kExportFiles.end()) {
      throw Fault("the daemon gave a file that is none of an export");
    }
    auto& file = files_[name];
    if (!file) file = std::make_unique<Growing>(beside_ / name);
    file->add(bytes);
  }
  void finish() {
    for (const auto& [name, file] : files_) file->sync();
    files_.clear();
    syncFolder(beside_, "the export");
  }
  void place() {
    // Over an empty directory this is one step as well; over any other it is refused by the system.
    if (std::rename(beside_.c_str(), wanted_.c_str()) != 0) cannotWrite();
    placed_ = true;
    syncFolder(wanted_.has_parent_path() ? wanted_.parent_path() : fs::path("."), "the export");
  }

 private:
  const fs::path wanted_, beside_;
  bool placed_ = false;
  std::map<std::string, std::unique_ptr<Growing>> files_;
};

fs::path wantedOf(const std::string& text) {
  fs::path path = fs::path(text).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // a slash at the end
  if (path.empty() || path == "." || path == "..") {
    throw UsageError("--to names a new directory for the export");
  }
  return path;
}

std::optional<Refusal> occupied(const fs::path& path) {
  if (!fs::exists(fs::symlink_status(path))) return std::nullopt;
  if (fs::is_directory(fs::symlink_status(path)) && fs::is_empty(path)) return std::nullopt;
  return Refusal{RefusalCode::alreadyExists,
                 "DIR holds something already: an export gets a directory of its own"};
}

struct Fetched {
  std::uint64_t events = 0, withheld = 0;
};

Result<Fetched> fetch(Invocation& call, Loop& loop, wire::Officer::Client& officer,
                      const std::string& person, const std::string& reason, Parcel& parcel) {
  auto request = officer.exportPersonRequest();
  request.getRequest().setPerson(ptrOf(person));
  request.getRequest().setReason(ptrOf(reason));
  auto begun = request.send().wait(loop.wait());
  if (begun.isRefusal()) return refusalOf(begun.getRefusal());
  KJ_REQUIRE(begun.isOk(), "the daemon gave no answer");
  const Fetched fetched{begun.getOk().getEvents(), begun.getOk().getWithheld()};
  wire::PersonExport::Client work = begun.getOk().getExport();
  for (bool done = false; !done;) {
    const auto answer = work.nextRequest().send().wait(loop.wait());
    if (answer.isRefusal()) return refusalOf(answer.getRefusal());
    KJ_REQUIRE(answer.isOk(), "the daemon gave no answer");
    const auto page = answer.getOk();
    for (const auto part : page.getParts()) {
      const auto bytes = part.getBytes();
      parcel.add(part.getFile().cStr(), ByteView(bytes.begin(), bytes.size()));
    }
    call.console.progress("exported " + std::to_string(page.getTold()) + " of " +
                          std::to_string(fetched.events) + " events");
    done = page.getDone();
  }
  call.console.endProgress();
  return fetched;
}

}  // namespace

void describeExport(po::options_description& options) {
  options.add_options()  //
      ("to", po::value<std::string>()->value_name("DIR"),
       "the directory to make; it must not hold anything yet");
  describeReason(options);
}

Exit exportPerson(Invocation& call) {
  if (call.text("to").empty()) throw UsageError("--to DIR says where the export goes");
  const fs::path wanted = wantedOf(call.text("to"));
  const std::string person = personOf(call.words.at(0), call.console.in());
  const std::string reason = reasonOf(call.text("reason"));
  if (const auto refusal = occupied(wanted)) return call.console.refuse(*refusal);
  return askOfficer(call, [&](Loop& loop, wire::Officer::Client& officer) {
    Parcel parcel(wanted);
    const Result<Fetched> fetched = fetch(call, loop, officer, person, reason, parcel);
    if (!fetched) return call.console.refuse(fetched.refusal());
    parcel.finish();
    // What would not verify must not be handed to anybody.
    const Result<ExportReport> report = checkPersonExport(parcel.directory(), std::nullopt, {});
    if (!report) throw Fault("what the daemon gave does not verify: " + report.refusal().message);
    parcel.place();
    if (fetched->withheld > 0) {
      call.console.warn(
          std::to_string(fetched->withheld) +
          std::string(call.console.say(" sharings are still withheld from this person: their text "
                                       "is not in the export, but that something "
                                       "was shared at that time can be seen in it",
                                       " verstrekkingen worden nog voor deze persoon "
                                       "achtergehouden: hun tekst staat niet in de export, maar "
                                       "dat er toen iets is verstrekt is erin te zien")));
    }
    return call.console.showObject(Json{
        {"events", report->events()},
        {"lots", report->lots},
        {"size", report->checkpoint.size.raw()},
        {"key", textOf(report->key)}}.dump());
  });
}

}  // namespace lacuna::tool
