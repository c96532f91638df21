// How every command ends (DESIGN 9). Scripts depend on the numbers: never change one.
#pragma once

#include <stdexcept>
#include <string>

namespace lacuna::tool {

enum class Exit : int {
  done = 0,
  refused = 1,      // a code and a sentence on stderr
  usage = 2,        // the command line itself is wrong
  fault = 3,        // the world failed, or the daemon cannot be reached
  notVerified = 4,  // a verification found something
  overdue = 5,
  unfinished = 6,  // accepted, and not finished yet
};

// The command line is wrong. Thrown while arguments are read, before anything is done; caught in run().
// The sentence never quotes a person.
class UsageError : public std::runtime_error {
 public:
  explicit UsageError(const std::string& sentence) : std::runtime_error(sentence) {}
};

}  // namespace lacuna::tool
