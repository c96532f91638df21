// Every bound of the ledger, by name. The reason stands beside the number; static_asserts tie them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lacuna {

// What a caller may send (DESIGN 4).
inline constexpr std::size_t kEventBytesMax = 16 * 1024;  // an event, encoded
inline constexpr std::size_t kRecordBytesMax = 4 * 1024;  // keeps 256-entry bundles under 1 MiB
inline constexpr std::size_t kBatchEventsMax = 8192;
inline constexpr std::size_t kMessageBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kDocumentBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kAliasesPerEventMax = 8;
inline constexpr std::size_t kAliasBytesMax = 512;
inline constexpr std::size_t kAliasesPerPersonMax = 64;
inline constexpr std::size_t kEventIdBytesMax = 64;
inline constexpr std::size_t kCategoriesPerEventMax = 64;
inline constexpr std::size_t kNameBytesMax = 128;  // an id of the register: purpose, class, ...
inline constexpr std::size_t kJsonLineBytesMax = 64 * 1024;  // escapes make JSON longer than bytes
inline constexpr std::size_t kReasonBytesMax = 512;
inline constexpr std::size_t kDataDepthMax = 16;  // objects and lists inside an event's `data`
// What an envelope's plaintext may hold: an event and what the ledger adds to it.
inline constexpr std::size_t kStoredBytesMax = 64 * 1024;  // unpacked
inline constexpr std::size_t kStoredListMax = 1024;        // leaves, slots, details

// The register: a text that people write and read.
inline constexpr std::size_t kRegisterEntriesMax = 10'000;  // of one kind
inline constexpr std::size_t kRegisterListMax = 1'000;      // items of one list
inline constexpr std::size_t kRegisterTextBytesMax = 4 * 1024;
inline constexpr std::size_t kRegisterKeyDotsMax = 8;  // a.b.c: each part is a level of recursion
inline constexpr std::size_t kNearestCandidatesMax = 512;  // a refusal stays cheap
inline constexpr int kPeriodYearsMax = 1'000;

// The pipeline.
inline constexpr std::size_t kGroupEventsFull = 4096;  // no further piece of work is taken in
// A piece is never split, so the last one taken may be a whole batch.
inline constexpr std::size_t kGroupEventsMax = kGroupEventsFull + kBatchEventsMax;
inline constexpr std::size_t kGroupBytesMax = 8 * 1024 * 1024;
inline constexpr std::size_t kQueueBytesMax = 64 * 1024 * 1024;
inline constexpr std::size_t kQueueBytesPerPrincipalMax = 32 * 1024 * 1024;
inline constexpr std::size_t kGroupsInFlightMax = 3;  // deciding, sealing, syncing
inline constexpr std::size_t kGroupDeepBytes =
    256 * 1024;  // this much waits: overlap rather than gather
inline constexpr std::chrono::milliseconds kBusyRetryAfter{100};
inline constexpr std::chrono::minutes kFutureMax{5};
inline constexpr std::chrono::hours kIdWindow{400 * 24};
inline constexpr std::chrono::milliseconds kCheckpointIntervalDefault{500};

// The bytes on disk (FORMAT.md).
inline constexpr std::size_t kBlockRecordsMax = 16;
inline constexpr std::size_t kTileWidth = 256;            // C2SP tlog-tiles
inline constexpr std::size_t kRunEventsMax = 256 * 1024;  // events between two sorted runs
inline constexpr std::size_t kEnvelopeBytesMax = kStoredBytesMax + 128;  // and its seal
inline constexpr std::size_t kRowKeyBytesMax = 64;                       // numbers and digests only
inline constexpr std::size_t kRowBytesMax = kDocumentBytesMax + 4096;
inline constexpr std::size_t kGroupRowsMax = 256 * 1024;  // admissions: a few rows per event
inline constexpr std::size_t kGroupEncodedBytesMax = 64 * 1024 * 1024;

// The key tree (DESIGN 7).
inline constexpr unsigned kTreeFanout = 16;
inline constexpr unsigned kTreeHeight = 12;
inline constexpr unsigned kPersonLevel = 3;
inline constexpr std::uint16_t kLeavesPerSlot = 4096;  // 16^3
inline constexpr std::uint16_t kLeavesKeptBack = 512;  // of a slot, for the record of who looked
inline constexpr std::uint64_t kSlotsMax = std::uint64_t{1} << 36;
inline constexpr std::uint64_t kSlotReserve = 1024;  // slots reserved by one synced write
inline constexpr std::size_t kEraseTargetsMax = 10'000;
inline constexpr std::size_t kEraseTargetsPerRow = 1024;
inline constexpr std::uint16_t kRestoreLeafStep = 256;
inline constexpr std::size_t kMergedSlotsMax = 64;    // slots that one person may turn out to have
inline constexpr std::size_t kFenceAliasesMax = 256;  // of one row; a larger fence has several
inline constexpr std::size_t kFenceClassesMax = 256;
inline constexpr std::size_t kFenceSlotsMax = 256;             // of one row, as the aliases
inline constexpr std::size_t kFenceRowBytesMax = 1024 * 1024;  // of the texts of one row, roughly

// Erasures (DESIGN 8).
inline constexpr std::size_t kErasePersonsMax = 10'000;  // of one request
inline constexpr std::size_t kRowsPerTransaction = kEraseTargetsMax / kEraseTargetsPerRow;
inline constexpr std::size_t kEraseBatchMax = 1'000'000;  // targets of one retention batch
inline constexpr std::size_t kTasksPerPersonMax = 8192;   // recipients who had one person's data
inline constexpr std::size_t kHoldsPerPersonMax = 64;
inline constexpr std::size_t kBlockedPerHoldMax = 64;  // requests that wait for one hold to end
inline constexpr std::size_t kErasuresListedMax = 10'000;
inline constexpr std::size_t kTasksListedMax = 10'000;
inline constexpr std::size_t kForgetAtOnceMax =
    4096;  // passing leaves of cases, in one transaction
inline constexpr std::chrono::seconds kTickInterval{1};
// The sweep (DESIGN 8): what it removes at once, so that comparing two copies singles nobody out.
inline constexpr std::size_t kSweepSlotsMin = 100;
inline constexpr std::chrono::hours kSweepSmallAfter{30 * 24};  // then fewer, if it is allowed
inline constexpr std::chrono::hours kSweepCheckInterval{1};
inline constexpr std::size_t kSweepWindowRecords = 1024 * 1024;  // marked at a time: 24 bytes each
inline constexpr std::size_t kSweepSliceBytes = 1024 * 1024;     // rewritten by one batch, about
inline constexpr std::uint64_t kSweepBytesPerSecond = 16 * 1024 * 1024;
inline constexpr unsigned kSweepAttemptsMax = 3;  // an erasure meanwhile makes a marking stale
inline constexpr std::size_t kSweepDocumentsMax = 1024;  // documents of one sweep: 2^34 seqs
inline constexpr std::size_t kCarryEntriesMax = 256;     // of one carry row
inline constexpr std::size_t kRootSlotBytes =
    4096;                                       // one block: a torn write never reaches the other
inline constexpr std::size_t kHoldersMax = 16;  // open ones, keys/ among them
inline constexpr std::chrono::seconds kHolderCheckInterval{30};  // for one that is away
inline constexpr std::size_t kCheckpointsGivenMax = 64;          // --checkpoint FILE
inline constexpr unsigned kHolderNumberMax = 250;  // numbers are one byte and never reused
inline constexpr std::size_t kKeysWriteBufferBytes = 8 * 1024 * 1024;
inline constexpr std::size_t kKeysCacheBytes = 32 * 1024 * 1024;  // sealed pages, about 50 000
inline constexpr std::size_t kSigningKeyFileBytesMax = 4 * 1024;
inline constexpr std::chrono::hours kHealInterval{24};

// Refuse new work below this much free disk, so that RocksDB never meets a full one (P8).
inline constexpr std::uint64_t kDiskReserveBytes = 256 * 1024 * 1024;

inline constexpr std::size_t kReadsWaitingMax = 1024;  // reads of persons that wait for a thread
inline constexpr std::size_t kPersonsFoundMax = 1000;  // answers of one `person find`

inline constexpr std::size_t kConnectionsMax = 1024;
inline constexpr std::size_t kConnectionsPerPrincipalMax = 512;

// What clients can make the server hold. A principal is a uid here: grants may not exist yet.
inline constexpr std::size_t kHeldBytesMax =
    64 * 1024 * 1024;  // received, or kept as paged answers
inline constexpr std::size_t kHeldBytesPerPrincipalMax = 32 * 1024 * 1024;
inline constexpr std::size_t kUnsentBytesMax =
    128 * 1024 * 1024;  // answers the client does not read
inline constexpr std::size_t kUnsentBytesPerPrincipalMax = 64 * 1024 * 1024;
inline constexpr std::size_t kUnsentBytesPerConnectionMax = 8 * 1024 * 1024;  // then reading stops
inline constexpr std::size_t kCallsPerConnectionMax = 256;                    // then reading stops
inline constexpr std::size_t kMessageSegmentsMax = 64;
inline constexpr std::size_t kQuestionsPerConnectionMax = 16 * 1024;  // not finished by the client
inline constexpr std::size_t kCapabilitiesPerMessageMax = 8;          // no method takes one
inline constexpr std::size_t kHandOutsPerConnectionMax = 64;  // capabilities the client holds
inline constexpr std::size_t kAnswerBytesMax = 32 * 1024 * 1024;
inline constexpr std::size_t kPageBytesMax = 1024 * 1024;
inline constexpr std::size_t kCursorsPerConnectionMax = 8;
inline constexpr std::size_t kSystemsPerGrantMax = 256;
inline constexpr std::size_t kRecordsPerCallMax = 1024;     // 4 MiB of the largest records
inline constexpr std::size_t kJobsWaitingMax = 4096;        // blocking reads handed to threads
inline constexpr std::chrono::seconds kAnswerLeaseMax{30};  // a paged answer waits for its reader
inline constexpr std::chrono::seconds kMessageReceiveMax{30};  // from its first to its last byte
inline constexpr std::chrono::seconds kHttpHeaderMax{10};
inline constexpr std::chrono::seconds kHttpIdleMax{60};
inline constexpr std::chrono::seconds kDrainMax{20};  // at SIGTERM, for calls and answers in flight
inline constexpr std::chrono::seconds kEpochLeaseMax{5};

static_assert(kQueueBytesMax >= 2 * kGroupBytesMax, "a group can form while another is taken");
static_assert(kMessageBytesMax >= 8 * kEventBytesMax, "a message carries several events");
static_assert(kStoredBytesMax >= 2 * kEventBytesMax, "an event fits its envelope, padding and all");
static_assert(kGroupBytesMax >= kMessageBytesMax, "one message fits one group");
static_assert(kAliasesPerPersonMax * 4 <= kLeavesPerSlot, "aliases leave a slot room for its lots");
static_assert(kFenceAliasesMax >= kAliasesPerPersonMax, "one slot's aliases fit one fence row");
static_assert(kRowsPerTransaction * kEraseTargetsPerRow <= kEraseTargetsMax &&
                  kForgetAtOnceMax <= kEraseTargetsMax,
              "one transaction of the key tree takes whole rows of targets");
static_assert(kGroupEncodedBytesMax >= 4 * (kGroupBytesMax + kRowBytesMax),
              "a group with its records, rows and a document fits its encoding");
static_assert(kGroupEventsMax <= 0xffff, "an index within a group is 16 bits");
static_assert(kHeldBytesPerPrincipalMax >= 2 * kMessageBytesMax,
              "one message never starves itself");
static_assert(kAnswerBytesMax <= kHeldBytesPerPrincipalMax, "the largest answer can be paged");
static_assert(kRecordsPerCallMax * kRecordBytesMax <= kUnsentBytesPerConnectionMax,
              "one answer of records fits a connection");
static_assert(kSlotsMax * kLeavesPerSlot == std::uint64_t{1} << (4 * kTreeHeight),
              "the tree's leaves are slots times lots");

}  // namespace lacuna
