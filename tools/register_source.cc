#include "tools/register_source.h"

#include "ledger/base/limits.h"
#include "ledger/crypto/digest.h"

namespace lacuna::tool {
namespace po = boost::program_options;

Result<ShownRegister> registerOfFile(Invocation& call, const std::string& file) {
  const std::string toml = contentOf("the register", file, call.console.in(), kDocumentBytesMax);
  const std::string name =
      file == "-" ? std::string(call.console.say("standard input", "standaardinvoer")) : file;
  const auto reg = Register::parse(toml);
  if (!reg) {
    Refusal refusal = reg.refusal();
    refusal.message = name + ": " + refusal.message;
    return refusal;
  }
  return ShownRegister{
      *reg, name,
      Json{{"file", name}, {"bytes", toml.size()}, {"sha256", hexOf(sha256(bytesOf(toml)))}}};
}

Result<ShownRegister> registerInForce(Invocation& call, Loop& loop, wire::Officer::Client& officer,
                                      const std::string& asOf) {
  auto request = officer.registerShowRequest();
  request.setAsOf(ptrOf(asOf));
  request.setForm("version");
  const auto answer = askText(loop, kj::mv(request));
  if (!answer) return answer.refusal();
  Json about = parsedAnswer(*answer);
  if (!about.is_object() || !about.contains("register") || !about["register"].is_string() ||
      !about.contains("version") || !about.contains("since")) {
    throw Fault("the daemon's answer is no version of a register");
  }
  const auto reg = Register::parse(about["register"].get<std::string>());
  if (!reg) return reg.refusal();
  about.erase("register");
  const std::string number = about["version"].dump();
  const std::string since = cellOf(about["since"], call.console.language());
  return ShownRegister{*reg,
                       std::string(call.console.say("version ", "versie ")) + number +
                           std::string(call.console.say(", since ", ", sinds ")) + since,
                       std::move(about)};
}

Result<ShownRegister> registerAsked(Invocation& call, const std::string& file,
                                    const std::string& asOf) {
  if (!file.empty()) return registerOfFile(call, file);
  Loop loop;
  Connection connection(loop, call.address());
  auto officer = connection.officer();
  if (!officer) return officer.refusal();
  return registerInForce(call, loop, *officer, asOf);
}

Date dayOf(const std::string& asOf, const Register& reg) {
  const std::string& zone = reg.controller().zone;
  return dateIn(zone, momentOf(asOf, zone).value_or(systemClock().now()));
}

void describeAsOf(po::options_description& options) {
  options.add_options()("as-of", po::value<std::string>()->value_name("T|VERSION"),
                        "the register that was in force at T (RFC 3339 or a date), or a version "
                        "by its number");
}

}  // namespace lacuna::tool
