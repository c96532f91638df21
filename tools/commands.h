// The commands, each defined in the file of its (first) name.
#pragma once

#include "ledger/proof/checkpoint.h"
#include "tools/command.h"
#include "tools/trust.h"

namespace lacuna::tool {

Exit submit(Invocation& call);
void describeSubmit(boost::program_options::options_description& options);

Exit history(Invocation& call);
Exit state(Invocation& call);
Exit recipients(Invocation& call);

Exit personFind(Invocation& call);
Exit personShow(Invocation& call);
Exit personLink(Invocation& call);

Exit erase(Invocation& call);
void describeErase(boost::program_options::options_description& options);

Exit erasureList(Invocation& call);  // erase.cc
Exit erasureShow(Invocation& call);
Exit erasureApprove(Invocation& call);
Exit erasureCancel(Invocation& call);
Exit erasureResume(Invocation& call);
Exit erasureCertificate(Invocation& call);
void describeErasureCertificate(boost::program_options::options_description& options);

Exit taskList(Invocation& call);
void describeTaskList(boost::program_options::options_description& options);
Exit taskTake(Invocation& call);
Exit taskAck(Invocation& call);
void describeTaskAck(boost::program_options::options_description& options);

Exit holdPlace(Invocation& call);
void describeHoldPlace(boost::program_options::options_description& options);
Exit holdLift(Invocation& call);
Exit holdList(Invocation& call);

Exit requestOpen(Invocation& call);  // request.cc
void describeRequestOpen(boost::program_options::options_description& options);
Exit requestList(Invocation& call);
void describeRequestList(boost::program_options::options_description& options);
Exit requestShow(Invocation& call);
Exit requestIdentity(Invocation& call);
void describeRequestIdentity(boost::program_options::options_description& options);
Exit requestExtend(Invocation& call);
void describeRequestExtend(boost::program_options::options_description& options);
Exit requestAnswer(Invocation& call);
void describeRequestStep(boost::program_options::options_description& options);
Exit requestRefuse(Invocation& call);
void describeRequestRefuse(boost::program_options::options_description& options);
Exit requestClose(Invocation& call);
void describeRequestClose(boost::program_options::options_description& options);
Exit due(Invocation& call);
void describeDue(boost::program_options::options_description& options);

Exit flags(Invocation& call);
void describeFlags(boost::program_options::options_description& options);

Exit retentionDue(Invocation& call);
void describeRetentionDue(boost::program_options::options_description& options);
Exit withdraw(Invocation& call);
void describeWithdraw(boost::program_options::options_description& options);

Exit retentionSweep(Invocation& call);
void describeRetentionSweep(boost::program_options::options_description& options);
Exit sweepEnvelopes(Invocation& call);  // sweep.cc

Exit registerApply(Invocation& call);
Exit registerShow(Invocation& call);
void describeRegisterShow(boost::program_options::options_description& options);
Exit registerList(Invocation& call);
Exit registerDiff(Invocation& call);  // register_diff.cc
void describeRegisterDiff(boost::program_options::options_description& options);
Exit registerLint(Invocation& call);  // register_lint.cc
void describeRegisterLint(boost::program_options::options_description& options);
Exit registerRopa(Invocation& call);  // register_ropa.cc
void describeRegisterRopa(boost::program_options::options_description& options);

Exit accessGrant(Invocation& call);
void describeAccessGrant(boost::program_options::options_description& options);
Exit accessRevoke(Invocation& call);
Exit accessList(Invocation& call);

Exit status(Invocation& call);
void describeStatus(boost::program_options::options_description& options);

Exit checkpoint(Invocation& call);

Exit prove(Invocation& call);
void describeProve(boost::program_options::options_description& options);

Exit disclose(Invocation& call);
void describeDisclose(boost::program_options::options_description& options);

Exit exportPerson(Invocation& call);  // export.cc
void describeExport(boost::program_options::options_description& options);
Exit report(Invocation& call);
void describeReport(boost::program_options::options_description& options);

Exit exportLog(Invocation& call);

Exit verify(Invocation& call);
void describeVerify(boost::program_options::options_description& options);
Exit verifyCertificateFile(Invocation& call, const std::optional<VerifierKey>& key);
Exit verifyDisclosureFile(Invocation& call, const Trust& trust);
Exit verifyPersonExport(Invocation& call, const Trust& trust);  // verify_person.cc
Exit verifyControlFile(Invocation& call, const Trust& trust);

Exit monitor(Invocation& call);
void describeMonitor(boost::program_options::options_description& options);

Exit witness(Invocation& call);
void describeWitness(boost::program_options::options_description& options);

Exit logPublic(Invocation& call);  // log.cc
void describeLog(boost::program_options::options_description& options);

Exit keysStatus(Invocation& call);
Exit keysCheck(Invocation& call);
void describeKeysAdd(boost::program_options::options_description& options);
Exit keysAddHolder(Invocation& call);
Exit keysCloseHolder(Invocation& call);

}  // namespace lacuna::tool
