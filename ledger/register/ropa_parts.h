// What both forms of the Art. 30 record are made of. Internal to ledger/register/.
#pragma once

#include "ledger/register/register.h"

#include <vector>

namespace lacuna {

// Who gets data for a purpose; `nullptr`: for none that is named.
std::vector<const Party*> recipientsOf(const Register& reg, const Purpose* purpose);
// What a purpose uses: the categories of its classes, each once, in the register's order.
std::vector<const Category*> categoriesOf(const Register& reg, const Purpose& purpose);
// Who decides together with the controller (Art. 26).
std::vector<const Party*> jointControllers(const Register& reg);
bool receivesData(const Party& party);
// Whether it covers a transfer to that party on that day.
bool safeguardStands(const Safeguard& safeguard, const Party& party, Date on);
// The register's own classes, and that of requests and complaints; not what is the ledger's.
std::vector<const RetentionClass*> ownClasses(const Register& reg);

}  // namespace lacuna
