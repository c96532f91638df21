// Disclosing one event, as work of the read pools and the pipeline.
//
// Thread: any; the answer comes on a thread of the pools or the sequencer's.
#pragma once

#include "daemon/event_search.h"
#include "daemon/pipeline.h"
#include "daemon/read_pool.h"
#include "daemon/service.h"
#include "ledger/disclose.h"

namespace lacuna {

class Disclosures {
 public:
  // `finds`: one thread, for looking through everybody.
  Disclosures(Ledger& ledger, Pipeline& pipeline, ReadPool& finds, ReadPool& reads,
              EventSearch& search)
      : ledger_(ledger), pipeline_(pipeline), finds_(finds), reads_(reads), search_(search) {}

  // The file. Recorded as a reading, durably, before it is answered (P9).
  void disclose(const Caller& caller, DiscloseRequest request, const Answer<std::string>& done);

 private:
  void look(const Caller& caller, DiscloseOrder order, const Answer<std::string>& done);
  void record(const Caller& caller, DiscloseOrder order, const Answer<std::string>& done);
  void open(const PersonHandle& person, Seq seq, const Answer<std::string>& done);

  Ledger& ledger_;
  Pipeline& pipeline_;
  ReadPool& finds_;
  ReadPool& reads_;
  EventSearch& search_;
};

}  // namespace lacuna
