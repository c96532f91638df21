// What the three questions about a person have in common: their options and their request.
#pragma once

#include "tools/command.h"
#include "tools/connection.h"

namespace lacuna::tool {

void describeReading(boost::program_options::options_description& options);

// The question, from the options and the first word, PERSON. Throws UsageError, before anybody is asked.
struct Reading {
  std::string person, reason, asOf, knownAt, klass, purpose, recipient, from, to;
};
Reading readingOf(const Invocation& call);
void fill(const Reading& reading, wire::ReadRequest::Builder request);

// A text as Cap'n Proto takes it; borrowed.
inline kj::StringPtr ptrOf(const std::string& text) { return {text.c_str(), text.size()}; }

// Connects, takes the officer's capability and asks; everything that was typed is checked before.
template <typename Ask>
Exit askOfficer(Invocation& call, Ask&& ask) {
  Loop loop;
  Connection connection(loop, call.address());
  auto officer = connection.officer();
  if (!officer) return call.console.refuse(officer.refusal());
  return ask(loop, *officer);
}

}  // namespace lacuna::tool
