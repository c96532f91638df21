// Registers that a command looks at: a version that was in force, from the daemon, or a file.
#pragma once

#include "ledger/register/register.h"
#include "tools/reading.h"

namespace lacuna::tool {

struct ShownRegister {
  std::shared_ptr<const Register> reg;
  std::string name;  // "version 2, since 2026-11-23T12:00:00Z", "register.toml"
  Json about;        // version, since, until, seq, bytes, sha256; or file, bytes, sha256
};

// A file, or standard input for "-". A refusal names the file and the line.
Result<ShownRegister> registerOfFile(Invocation& call, const std::string& file);
// `asOf`: a time, a date, the number of a version, or empty for the one in force.
Result<ShownRegister> registerInForce(Invocation& call, Loop& loop, wire::Officer::Client& officer,
                                      const std::string& asOf);
// The file if one is given, else the register in force at `asOf`.
Result<ShownRegister> registerAsked(Invocation& call, const std::string& file,
                                    const std::string& asOf);

// The day on which safeguards, agreements and notices are looked at: that of --as-of, else today.
Date dayOf(const std::string& asOf, const Register& reg);

void describeAsOf(boost::program_options::options_description& options);

}  // namespace lacuna::tool
