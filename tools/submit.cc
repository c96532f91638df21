#include "ledger/base/fault.h"
#include "tools/commands.h"
#include "tools/submission.h"

#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace lacuna::tool {
namespace po = boost::program_options;
namespace {

// The lines that were refused, as they were, so that they can be mended and submitted again.
class RefusedFile {
 public:
  RefusedFile(const std::string& path, int inputFd) {
    struct stat input {
    }, there{};
    const bool same = ::fstat(inputFd, &input) == 0 && ::stat(path.c_str(), &there) == 0 &&
                      S_ISREG(there.st_mode) && input.st_dev == there.st_dev &&
                      input.st_ino == there.st_ino;
    if (same) throw UsageError("--refused would overwrite the input");
    file_.reset(std::fopen(path.c_str(), "wb"));
    if (!file_) throw UsageError("the file of --refused cannot be opened");
  }
  void add(std::string_view line) {
    const bool ok = std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() &&
                    std::fputc('\n', file_.get()) != EOF;
    if (!ok) throw Fault("the file of --refused cannot be written");
  }
  void flush() {
    if (std::fflush(file_.get()) != 0) throw Fault("the file of --refused cannot be written");
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

// Shows what becomes of each line, and counts.
class Reporter final : public SubmissionListener {
 public:
  Reporter(Console& console, bool checkOnly, RefusedFile* refusedFile)
      : console_(console), checkOnly_(checkOnly), refusedFile_(refusedFile) {
    if (console_.format() == Format::csv) {
      console_.out() << csvOf(
          {{"line", "seq", "leaf", "repeated", "refused", "message", "nearest"}, {}});
    }
  }

  void durable(const Place& place, std::uint64_t seq, std::string_view leaf,
               bool repeated) override {
    ++durable_;
    if (repeated) ++repeated_;
    if (durable_ == 1 || seq < first_) first_ = seq;
    if (durable_ == 1 || seq > last_) last_ = seq;
    if (console_.json()) {
      std::string line = "{\"line\":" + std::to_string(place.line);
      if (checkOnly_) {
        line += ",\"admissible\":true";
      } else {
        line += ",\"seq\":" + std::to_string(seq) + ",\"leaf\":\"" + std::string(leaf) + "\"";
        if (repeated) line += ",\"repeated\":true";
      }
      console_.out() << line << "}\n";
    } else if (console_.format() == Format::csv) {
      const std::string line = std::to_string(place.line);
      row(checkOnly_ ? std::vector<std::string>{line}
                     : std::vector<std::string>{line, std::to_string(seq), std::string(leaf),
                                                repeated ? "yes" : "no"});
    }
  }

  void refused(const Place& place, const Refusal& refusal) override {
    ++refused_;
    if (refusedFile_ != nullptr && !place.cut) refusedFile_->add(place.text);
    const std::string line = std::to_string(place.line);
    if (console_.json()) {
      console_.out() << "{\"line\":" << line << "," << jsonOf(refusal).substr(1) << '\n';
      return;
    }
    if (console_.format() == Format::csv) {
      row({line, "", "", "", std::string(nameOf(refusal.code)), refusal.message, refusal.nearest});
      return;
    }
    std::string sentence(console_.say("line ", "regel "));
    sentence += line + ": " + std::string(nameOf(refusal.code)) + ": " +
                messageOf(refusal, console_.language());
    if (!refusal.nearest.empty()) {
      sentence += word(" (nearest: ", " (lijkt op: ") + refusal.nearest + ")";
    }
    if (refusedFile_ != nullptr && place.cut) {
      sentence += console_.say(" (not copied to the file of --refused)",
                               " (niet overgenomen in het bestand van --refused)");
    }
    console_.endProgress();
    console_.err() << printable(sentence) << '\n';
  }

  void waits() override {
    const std::string what =
        std::string(console_.say("the daemon does not answer; waiting for it; durable so far: ",
                                 "de dienst antwoordt niet; er wordt gewacht; al vastgelegd: ")) +
        std::to_string(durable_);
    if (!waiting_) console_.warn(what);
    waiting_ = true;
  }

  void advanced() override {
    waiting_ = false;
    if (!console_.out()) throw Fault("the output cannot be written");
    const auto seconds = elapsed();
    console_.progress(std::to_string(durable_ + refused_) + word(" events, ", " gebeurtenissen, ") +
                      std::to_string(rate(seconds)) + "/s, " + std::to_string(refused_) +
                      word(" refused", " geweigerd"));
  }

  void summarise() {
    console_.endProgress();
    if (refusedFile_ != nullptr) refusedFile_->flush();
    if (console_.format() != Format::table) return;
    console_.out() << sentence() << '\n';
  }

  std::uint64_t refused() const { return refused_; }
  std::uint64_t durable() const { return durable_; }

 private:
  std::string word(std::string_view en, std::string_view nl) const {
    return std::string(console_.say(en, nl));
  }
  std::string sentence() const {
    const std::uint64_t all = durable_ + refused_;
    std::string out = std::to_string(all) + (all == 1 ? word(" event: ", " gebeurtenis: ")
                                                      : word(" events: ", " gebeurtenissen: "));
    out += std::to_string(durable_) +
           (checkOnly_ ? word(" admissible", " toelaatbaar") : word(" durable", " vastgelegd"));
    if (repeated_ > 0) {
      out += " (" + std::to_string(repeated_) + word(" known before)", " al bekend)");
    }
    out += ", " + std::to_string(refused_) + word(" refused", " geweigerd");
    if (checkOnly_ || durable_ == 0) return out;
    out += word("; seq ", "; nr ") + std::to_string(first_);
    if (first_ != last_) out += word(" to ", " tot ") + std::to_string(last_);
    return out + "; " + std::to_string(rate(elapsed())) + word(" events/s", " gebeurtenissen/s");
  }
  double elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  }
  std::uint64_t rate(double seconds) const {
    return static_cast<std::uint64_t>(static_cast<double>(durable_ + refused_) /
                                      std::max(seconds, 0.001));
  }
  void row(std::vector<std::string> cells) {
    Table one{std::vector<std::string>(7), {std::move(cells)}};
    const std::string both = csvOf(one);
    console_.out() << both.substr(both.find('\n') + 1);  // without the empty headings
  }

  Console& console_;
  bool checkOnly_;
  RefusedFile* refusedFile_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  bool waiting_ = false;
  std::uint64_t durable_ = 0, refused_ = 0, repeated_ = 0, first_ = 0, last_ = 0;
};

class Input {
 public:
  Input(const std::string& file, int standardInput) : fd_(standardInput) {
    if (file.empty() || file == "-") return;
    fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat found {};
    if (fd_ < 0 || ::fstat(fd_, &found) != 0 || S_ISDIR(found.st_mode)) {
      if (fd_ >= 0) ::close(fd_);
      throw UsageError("the file of events cannot be opened");
    }
    own_ = true;
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() {
    if (own_) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
  bool own_ = false;
};

std::string unfinishedSentence(const SubmissionEnd& end, std::uint64_t durable) {
  std::string out = end.fault + "; " + std::to_string(durable) + " events are durable";
  if (end.unknown > 0) {
    out += ", and whether " + std::to_string(end.unknown) + " of lines " +
           std::to_string(end.unknownFirst) + " to " + std::to_string(end.unknownLast) +
           " were recorded is not known (those with an id can be submitted again)";
  }
  return out;
}

std::chrono::seconds retryOf(const Invocation& call) {
  const std::string text = call.text("retry");
  if (text.empty()) return kReconnectFor;
  return std::chrono::seconds(numberOf("--retry", text, kReconnectSecondsMax));
}

}  // namespace

void describeSubmit(po::options_description& options) {
  options.add_options()                                                         //
      ("admit", "admit unknown persons, as if each event said \"admit\":true")  //
      ("check", "admission only: say what would be refused, record nothing")    //
      ("retry", po::value<std::string>()->value_name("SECONDS"),
       "how long a daemon that went away is waited for; 60 unless given. Given, a daemon that is "
       "not "
       "there yet is waited for as well")  //
      ("refused", po::value<std::string>()->value_name("FILE"),
       "write refused lines there, as they were");
}

Exit submit(Invocation& call) {
  const Input input(call.words.empty() ? "-" : call.words[0], call.console.inFd());
  const std::string address = call.address();
  std::unique_ptr<RefusedFile> refusedFile;
  if (const std::string file = call.text("refused"); !file.empty()) {
    refusedFile = std::make_unique<RefusedFile>(file, input.fd());
  }
  Reporter reporter(call.console, call.flag("check"), refusedFile.get());
  Loop loop;
  Submission submission(
      loop, address, input.fd(),
      {call.flag("admit"), call.flag("check"), retryOf(call), !call.text("retry").empty()},
      reporter);
  const SubmissionEnd end = submission.run();
  if (end.noRole) return call.console.refuse(*end.noRole);
  reporter.summarise();
  if (!end.fault.empty()) return call.console.fault(unfinishedSentence(end, reporter.durable()));
  return reporter.refused() > 0 ? Exit::refused : Exit::done;
}

}  // namespace lacuna::tool
