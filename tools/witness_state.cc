#include "tools/witness_state.h"

#include "ledger/base/fault.h"
#include "ledger/crypto/digest.h"
#include "tools/durable_file.h"

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lacuna::tool {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kSecretMode = 0600;
constexpr mode_t kDirectoryMode = 0700;
constexpr std::size_t kKeyBytesMax = 1024;

constexpr std::string_view kFile = "a file of the witness";

std::optional<std::string> contentIn(const fs::path& file, std::size_t bytesMax) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    if (fs::exists(file)) throw Fault("a file of the witness cannot be read");
    return std::nullopt;
  }
  std::string out(bytesMax + 1, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || out.size() > bytesMax) throw Fault("a file of the witness cannot be read");
  return out;
}

// Made when it is not there; its name is durable in the folder above.
void makeDirectory(fs::path path) {
  if (!path.has_filename()) path = path.parent_path();  // "DIR/" names no other folder than "DIR"
  if (::mkdir(path.c_str(), kDirectoryMode) != 0) {
    if (errno == EEXIST && fs::is_directory(path)) return;
    throw Fault("the directory of --state cannot be made");
  }
  syncFolder(path.parent_path(), kFile);
}

Result<NamedSigningKey> newKey(const fs::path& file, const std::string& name) {
  if (name.empty()) {
    return Refusal{
        RefusalCode::missingKey,
        "there is no key here yet: name the witness with --name, like witness.example.nl"};
  }
  if (!originValid(name)) {
    return Refusal{RefusalCode::invalidValue,
                   "a witness's name is ASCII without spaces and without '+'"};
  }
  Bytes seed(32);
  systemEntropy().fill(seed);
  NamedSigningKey out{name, SigningKey(Secret(seed))};
  wipe(seed);
  replaceDurably(file, privateKeyText(name, out.key) + "\n", kFile, Secrecy::yes);
  return out;
}

std::string hexOfOrigin(const std::string& origin) { return hexOf(sha256(bytesOf(origin))); }

}  // namespace

WitnessState::WitnessState(fs::path directory, int lock, NamedSigningKey signing)
    : directory_(std::move(directory)),
      lock_(lock),
      signing_(std::move(signing)),
      key_(verifierKeyOf(signing_.name, signing_.key.publicKey(), kNoteCosignature)) {}

WitnessState::~WitnessState() { ::close(lock_); }

Result<std::unique_ptr<WitnessState>> WitnessState::open(const fs::path& directory,
                                                         const std::string& name) {
  makeDirectory(directory);
  makeDirectory(directory / "log");
  const int lock = ::open((directory / "LOCK").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kSecretMode);
  if (lock < 0) throw Fault("the lock of the witness cannot be opened");
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return Refusal{RefusalCode::alreadyRunning, "another witness runs on this directory"};
  }
  const fs::path file = directory / "witness.key";
  std::optional<std::string> text = contentIn(file, kKeyBytesMax);
  if (text && text->ends_with('\n')) text->pop_back();
  Result<NamedSigningKey> key = text ? signingKeyOfText(*text) : newKey(file, name);
  if (text) wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
  if (!key) {
    ::close(lock);
    if (!text) return key.refusal();
    return Refusal{RefusalCode::tampered, "the key of the witness does not read"};
  }
  if (!name.empty() && key->name != name) {
    ::close(lock);
    return Refusal{RefusalCode::foreignKey, "the key here belongs to a witness of another name"};
  }
  return std::unique_ptr<WitnessState>(new WitnessState(directory, lock, std::move(*key)));
}

fs::path WitnessState::fileOf(const std::string& hex) const { return directory_ / "log" / hex; }

std::optional<std::string> WitnessState::lastNoteOfHash(const std::string& hex) const {
  std::optional<std::string> text = contentIn(fileOf(hex), kNoteBytesMax);
  if (!text) return std::nullopt;
  const auto note = parseNote(*text);
  const auto at = note ? cosignedAt(*note, key_) : Result<std::optional<Instant>>(note.refusal());
  if (!at || !*at || hexOfOrigin(note->checkpoint.origin) != hex) {
    throw Fault("what the witness remembers of a log was changed");
  }
  return text;
}

std::optional<std::string> WitnessState::lastNote(const std::string& origin) const {
  return lastNoteOfHash(hexOfOrigin(origin));
}

std::string WitnessState::cosign(const SignedNote& note, const std::string& text, Instant at) {
  const std::string& origin = note.checkpoint.origin;
  if (const auto before = lastNote(origin)) {
    LACUNA_ASSERT(parseNote(*before)->checkpoint.size <= note.checkpoint.size,
                  "a witness that goes back");
  }
  const std::string line = cosignatureLine(key_, signing_.key, at, note.text);
  replaceDurably(fileOf(hexOfOrigin(origin)), text + line, kFile, Secrecy::yes);
  return line;
}

}  // namespace lacuna::tool
