// How erasures, tasks and holds are shown: one JSON object each. No alias stands in one, but where a task
// was taken to tell a recipient.
#pragma once

#include "ledger/ledger.h"

#include <string>

namespace lacuna {

enum class DryRun : bool { no, yes };
// With the persons that it has. Of one person the lots and recipients stand at the top.
std::string jsonOf(Ledger& ledger, const Erasure& erasure, DryRun dryRun);
std::string lineOf(Ledger& ledger, const Erasure& erasure);  // of a list: without persons
std::string jsonOf(const TaskView& task);
std::string jsonOf(const Hold& hold, Instant now, const std::vector<std::string>& aliases);

}  // namespace lacuna
