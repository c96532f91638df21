#include "tools/person_export.h"

#include "ledger/crypto/sha256_stream.h"
#include "ledger/record/event_shown.h"

#include <algorithm>
#include <fstream>

namespace lacuna::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunkBytes = 64 * 1024;

Refusal bad(const std::string& what) { return {RefusalCode::tampered, "the export " + what}; }

// A file of the export, read once and hashed on the way.
class File {
 public:
  File(const fs::path& directory, std::string_view name) : name_(name) {
    std::error_code error;
    const fs::path path = directory / name_;
    // Nothing but a plain file: a link may lead anywhere.
    if (fs::is_regular_file(fs::symlink_status(path, error))) in_.open(path, std::ios::binary);
  }
  bool there() const { return in_.is_open(); }

  // Nothing at the end of the file. A last line without its end is one, and `whole` turns false.
  std::optional<std::string_view> line(bool& whole) {
    for (std::size_t seen = 0;;) {
      const std::string_view rest = std::string_view(buffer_).substr(begin_);
      if (const std::size_t end = rest.find('\n', seen); end != std::string_view::npos) {
        begin_ += end + 1;
        return rest.substr(0, end);
      }
      seen = rest.size();
      if (seen > kExportLineBytesMax || !more()) break;
    }
    whole = begin_ == buffer_.size();
    if (whole) return std::nullopt;
    const std::size_t begin = std::exchange(begin_, buffer_.size());
    return std::string_view(buffer_).substr(begin);
  }
  // The whole file; nothing when it is longer.
  std::optional<std::string> all(std::size_t bytesMax) {
    while (more()) {
      if (buffer_.size() > bytesMax) return std::nullopt;
    }
    return buffer_;
  }
  void skip() {
    do {
      buffer_.clear();
      begin_ = 0;
    } while (more());
  }
  Outcome check(const ExportCheck& check) const {
    return check.file(name_, hash_.size(), hash_.hash());
  }

 private:
  bool more() {
    buffer_.erase(0, begin_);
    begin_ = 0;
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kChunkBytes);
    in_.read(buffer_.data() + before, static_cast<std::streamsize>(kChunkBytes));
    if (in_.bad()) throw Fault("a file of the export cannot be read");
    buffer_.resize(before + static_cast<std::size_t>(in_.gcount()));
    hash_.add(bytesOf(std::string_view(buffer_).substr(before)));
    return buffer_.size() > before;
  }

  const std::string name_;
  std::ifstream in_;
  std::string buffer_;
  std::size_t begin_ = 0;
  Sha256Stream hash_;
};

// What is not of the export is not covered by anything that is shown.
Outcome nothingElse(const fs::path& directory) {
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (name == kExportManifestFile) continue;
    if (std::find(kExportFiles.begin(), kExportFiles.end(), name) == kExportFiles.end()) {
      return bad("is not alone: the directory holds something that its manifest does not name");
    }
  }
  return Done{};
}

Result<std::string> textOfFile(const fs::path& directory, std::string_view name,
                               std::size_t bytesMax) {
  File file(directory, name);
  if (!file.there()) return bad("lacks its " + std::string(name));
  std::optional<std::string> text = file.all(bytesMax);
  if (!text) return bad("has a " + std::string(name) + " that is too large");
  return std::move(*text);
}

Outcome checkEvents(ExportCheck& check, File& events, File& proofs,
                    const std::function<void(std::uint64_t)>& onProgress) {
  for (bool whole = true;;) {
    const std::optional<std::string_view> event = events.line(whole);
    const std::optional<std::string_view> proof = whole ? proofs.line(whole) : std::nullopt;
    if (!whole) return bad("has a line that is cut off or too long");
    if (event.has_value() != proof.has_value()) {
      return bad("does not have a proof for each event, and an event for each proof");
    }
    if (!event) return check.end();
    if (Outcome taken = check.take(*event, *proof, shownEventOf); !taken) return taken;
    if (onProgress) onProgress(check.report().events());
  }
}

}  // namespace

bool isPersonExport(const fs::path& directory) {
  std::error_code error;
  return fs::exists(directory / kExportManifestFile, error);
}

Result<std::string> checkpointOfExport(const fs::path& directory) {
  return textOfFile(directory, kExportCheckpointFile, kNoteBytesMax);
}

Result<ExportReport> checkPersonExport(const fs::path& directory,
                                       const std::optional<VerifierKey>& key,
                                       const std::function<void(std::uint64_t)>& onProgress) {
  if (Outcome alone = nothingElse(directory); !alone) return alone.refusal();
  const Result<std::string> manifest =
      textOfFile(directory, kExportManifestFile, kExportManifestBytesMax);
  if (!manifest) return manifest.refusal();
  const Result<std::string> note = checkpointOfExport(directory);
  if (!note) return note.refusal();
  Result<ExportCheck> check = ExportCheck::begin(*manifest, *note, key);
  if (!check) return check.refusal();
  Sha256Stream noteHash;
  noteHash.add(bytesOf(*note));
  if (Outcome same = check->file(kExportCheckpointFile, noteHash.size(), noteHash.hash()); !same) {
    return same.refusal();
  }
  File events(directory, kExportEventsFile), proofs(directory, kExportProofsFile);
  File person(directory, kExportPersonFile), english(directory, kExportPageEnFile),
      dutch(directory, kExportPageNlFile);
  for (const File* file : {&events, &proofs, &person, &english, &dutch}) {
    if (!file->there()) return bad("lacks one of its files");
  }
  // What is wrong with an event says more than that its file is another one.
  if (Outcome checked = checkEvents(*check, events, proofs, onProgress); !checked) {
    return checked.refusal();
  }
  for (File* file : {&person, &english, &dutch}) file->skip();
  for (const File* file : {&events, &proofs, &person, &english, &dutch}) {
    if (Outcome same = file->check(*check); !same) return same.refusal();
  }
  return check->report();
}

}  // namespace lacuna::tool
