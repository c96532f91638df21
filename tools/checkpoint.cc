#include "tools/commands.h"
#include "tools/connection.h"

namespace lacuna::tool {

Exit checkpoint(Invocation& call) {
  Loop loop;
  Connection connection(loop, call.address());
  auto auditor = connection.auditor();
  if (!auditor) return call.console.refuse(auditor.refusal());
  const auto note = askText(loop, auditor->checkpointRequest());
  if (!note) return call.console.refuse(note.refusal());
  if (call.console.json()) {
    const auto key = askText(loop, auditor->verifierKeyRequest());
    if (!key) return call.console.refuse(key.refusal());
    call.console.out() << Json{{"checkpoint", *note}, {"key", *key}}.dump() << '\n';
  } else {
    call.console.out() << *note;  // byte for byte, so that it can be kept and verified
  }
  return Exit::done;
}

}  // namespace lacuna::tool
