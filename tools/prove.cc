#include "tools/commands.h"
#include "tools/connection.h"

namespace lacuna::tool {
namespace po = boost::program_options;

void describeProve(po::options_description& options) {
  options.add_options()("out", po::value<std::string>()->value_name("FILE"),
                        "write the receipt there");
}

Exit prove(Invocation& call) {
  const std::uint64_t seq = numberOf("SEQ", call.words.at(0), INT64_MAX);
  Loop loop;
  Connection connection(loop, call.address());
  auto auditor = connection.auditor();
  if (!auditor) return call.console.refuse(auditor.refusal());
  auto request = auditor->receiptRequest();
  request.setSeq(seq);
  const auto receipt = askText(loop, kj::mv(request));
  if (!receipt) return call.console.refuse(receipt.refusal());
  const std::string file = call.text("out");
  if (!file.empty()) writeFile(file, *receipt);
  if (call.console.json()) {
    Json out{{"seq", seq}};
    if (file.empty()) out["receipt"] = *receipt;
    call.console.out() << out.dump() << '\n';
  } else if (file.empty()) {
    call.console.out() << *receipt;
  }
  return Exit::done;
}

}  // namespace lacuna::tool
