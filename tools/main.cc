#include "tools/command.h"

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

int main(int count, char** values) {
  // A reader that goes away ("| head") is an output that cannot be written, not a death without a word.
  std::signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  lacuna::tool::Surroundings around{std::cin,
                                    std::cout,
                                    std::cerr,
                                    [](const char* name) -> std::optional<std::string> {
                                      const char* value = std::getenv(name);
                                      return value == nullptr ? std::nullopt
                                                              : std::optional<std::string>(value);
                                    },
                                    STDIN_FILENO,
                                    ::isatty(STDERR_FILENO) == 1};
  const std::vector<std::string> arguments(values + 1, values + count);
  return static_cast<int>(lacuna::tool::run(arguments, around));
}
