# How programs speak with lacunad: Cap'n Proto RPC, level 1, over a Unix socket.
#
# A connection's bootstrap capability is a `Gate`. It hands out one capability per role; what a role can
# do is what its interface has, and nothing else. Who the caller is comes from the socket (peer
# credentials), never from a message. Roles are looked up again at every call: a revoked grant ends a
# capability that is already held, with the refusal `wrong-role`.
#
# Three ways to hear no:
#   * a refusal is a value: the `refusal` arm of an Outcome, or of an EventResult;
#   * a fault is an exception ("failed": the daemon could not; do not repeat blindly);
#   * a lost connection ("disconnected") leaves open whether the call was done. Events with an `id`, and
#     erasures with an `erasureId`, can be sent again: they are recorded once.
#
# Bounds: a message of a client is at most 4 MiB and a batch at most 8192 events; an answer is at most
# 32 MiB. Larger messages end the connection, and so do more than 16384 questions that are not finished.
# A connection holds at most 64 capabilities of roles. Many calls may be in flight; when too many bytes are, the
# daemon stops reading from the connection or refuses `busy` with a time to wait.
#
# Texts that carry JSON or TOML are one document each, in UTF-8. Times in texts are RFC 3339; numbers name
# their unit. Fields not set mean "not given" unless their comment says otherwise.

@0x9a24e53e62b74173;

using Cxx = import "/capnp/c++.capnp";
using import "event.capnp".Event;

$Cxx.namespace("lacuna::wire");

# ---- answers

struct Refusal {
  # A normal "no". Nothing was done, and the caller still has what it sent.

  code @0 :Text;
  # One of the closed list in ledger/base/result.h, kebab-case: "busy", "unknown-purpose", "wrong-role" ...
  # Never empty. A client that does not know a code treats it as a refusal without special meaning.

  message @1 :Text;
  # One English sentence for people. It may quote ids that the caller sent; it never names a person.

  nearest @2 :Text;
  # The nearest id the daemon knows, when a name was unknown. Empty when there is none.

  retryAfterMs @3 :UInt32 = 0;
  # With `busy`: wait at least this many milliseconds before sending the same again. 0: no advice.
}

struct Outcome(T) {
  # What most methods answer: a value or a refusal. Ask which() first.

  union {
    unspecified @0 :Void;
    # Never sent. Here so that an answer somebody forgot to fill is not taken for a value.

    ok @1 :T;
    refusal @2 :Refusal;
  }
}

struct Done {
  # The value of calls that have nothing to tell but that they were done, durably.
}

struct Lines {
  # A list of texts that may be longer than a message. Each line is one JSON object.

  total @0 :UInt64;
  # How many lines the whole answer has. 0: an empty answer.

  lines @1 :List(Text);
  # The first lines, in order.

  rest @2 :LineCursor;
  # The lines after these. Null when `lines` is already all of them.
}

interface LineCursor {
  # The rest of an answer. The daemon keeps it for 30 seconds after the answer was made; a later `next`
  # is refused `incomplete` and the question has to be asked again. Drop the capability to give it up.

  next @0 () -> Outcome(Page);
  # The next lines, in order. One call at a time.
}

struct Page {
  lines @0 :List(Text);
  # At least one line.

  done @1 :Bool = false;
  # True when nothing follows these lines.
}

# ---- the gate

interface Gate {
  # What everybody may hold who may connect at all.

  identity @0 () -> Identity;
  # Who the daemon takes the caller for, and which roles it holds right now.

  status @1 () -> Outcome(Text);
  # The daemon's state as one JSON object: size, checkpoint, sealed, single-user mode, assurance of the
  # erasable store, pending work. No personal data.

  recorder @2 () -> Outcome(Recorder);
  # Refused `wrong-role` unless the caller is granted the role. So are the other three.

  auditor @3 () -> Outcome(Auditor);
  officer @4 () -> Outcome(Officer);
  operator @5 () -> Outcome(Operator);
}

struct Identity {
  principal @0 :UInt32;
  # The caller's opaque number in the access list; it stands in public bodies of records. 0: no grant.

  recorder @1 :Bool = false;
  auditor @2 :Bool = false;
  officer @3 :Bool = false;
  operator @4 :Bool = false;
  # The roles held.

  singleUser @5 :Bool = false;
  # True while no grant exists: the user who runs the daemon holds every role, others none. The first
  # grant ends it.

  systems @6 :List(Text);
  # Register ids of the systems in whose name this recorder may report. Empty for other roles.

  allSystems @7 :Bool = false;
  # Any system may be named (single-user mode).

  version @8 :Text;
  # The daemon's version, as `lacunad --version` prints it.
}

# ---- recorder: append, and nothing else

interface Recorder {
  # There is no way to read through this interface (P9). That an alias is unknown, and that an id was
  # used before, is all it can learn.

  submit @0 (events :List(Event), atomic :Bool = false) -> Outcome(List(EventResult));
  # Reports events. `ok` has one result for each event, in order, and comes only after the events
  # accepted are durable (P2). An event refused does not stop the others, unless `atomic`: then one
  # refusal refuses all, those without a fault of their own as `batch-refused`.
  # The refusal arm means that no event of the call was taken: `busy`, `sealed`, `too-many`, `wrong-role` ...
  # Keep several calls in flight for throughput; calls of one connection are taken in the order sent.

  check @1 (events :List(Event)) -> Outcome(List(EventResult));
  # The same answers without recording anything; seq and leaf are zeros. What is admitted now can still
  # be refused later, when the register has changed.
}

struct EventResult {
  union {
    unspecified @0 :Void;
    # Never sent.

    appended :group {
      seq @1 :UInt64;
      # The record's number, from 0.

      leaf @2 :Data;
      # Its leaf hash, 32 bytes: SHA-256(0x00 || record). What a receipt proves.

      repeated @3 :Bool = false;
      # The event's id was known with the same content: this is the seq and leaf given before (P11).
    }

    refusal @4 :Refusal;
  }
}

# ---- auditor: public things only

interface Auditor {
  # Everything here is public: it is about no person, and cannot be decrypted. Nothing at or above the
  # size of the last checkpoint shown is served; asking for it is refused `not-published`.

  checkpoint @0 () -> Outcome(Text);
  # The last checkpoint shown: a C2SP signed note.

  verifierKey @1 () -> Outcome(Text);
  # The key that signs checkpoints, as C2SP verifier key text. Trust it only from a second source.

  receipt @2 (seq :UInt64) -> Outcome(Text);
  # A tlog-proof of one record: the record, its inclusion proof and the checkpoint.

  records @3 (first :UInt64, count :UInt32) -> Outcome(List(Data));
  # The encoded records first, first+1, ... as stored (ledger/FORMAT.md). At most `count`, and at most
  # 1024 a call; fewer when the published part ends or the answer would grow too large. Empty: at the end.

  tile @4 (level :UInt8, index :UInt64, width :UInt16 = 256) -> Outcome(Data);
  # A C2SP tile: `width` hashes of 32 bytes, 1 to 256. Level 0 are leaf hashes.

  document @5 (hash :Data) -> Outcome(Data);
  # A public document (register version, notice, wording) by its SHA-256, 32 bytes. At most 4 MiB.

  checkpoints @6 (from :UInt64, count :UInt32) -> Outcome(List(Text));
  # Kept checkpoints of size `from` and more, in order of size, at most `count` and at most 1024 a call.
}

# ---- officer: persons

struct ReadRequest {
  # A question about one person. It is recorded in that person's history before the answer leaves (P9).

  person @0 :Text;
  # "scheme:value", for example "crm:100234", or "case:12". Required.

  reason @1 :Text;
  # Why: "request:N", "support", "audit", "breach" or "other:TEXT". Empty: recorded as unstated.

  asOf @2 :Text;
  # What held at this time: RFC 3339, or a date meaning its end in the controller's zone. Empty: now.

  knownAt @3 :Text;
  # What the ledger knew at this time or through this seq. Empty: all it knows.

  class @4 :Text;
  # Only this retention class. Empty: all. So for the next two.

  purpose @5 :Text;
  recipient @6 :Text;

  from @7 :Text;
  # Only events whose `at` is not before this. Empty: from the beginning.

  to @8 :Text;
  # Only events whose `at` is not after this. Empty: to the end.
}

struct EraseRequest {
  person @0 :Text;
  # As in ReadRequest. Required, unless `persons` names somebody.

  ground @1 :Text;
  # Art. 17(1), closed list: "no-longer-needed", "consent-withdrawn", "objection", "unlawful", "legal-duty",
  # "child", "retention-end". Required.

  classes @2 :List(Text);
  # Retention classes to erase. Empty: the whole person, in so far as nothing must be kept.

  dryRun @3 :Bool = false;
  # Only the plan: nothing is erased.

  erasureId @4 :Text;
  # 32 hex digits, chosen by the caller, so that a repeated call is the same erasure. Empty: a new one.

  persons @5 :List(Text);
  # More persons, erased together as one erasure: at most 10000 in all. Each has a result of its own.
}

struct HoldRequest {
  person @0 :Text;
  # As in ReadRequest. Required.

  classes @1 :List(Text);
  # Retention classes that are kept. Empty: every class.

  ground @2 :Text;
  # Art. 17(3), closed list: "freedom-of-expression", "legally-required", "official-authority",
  # "public-interest", "public-health", "archiving", "legal-claims". Required.

  review @3 :Text;
  # The day on which the hold is to be looked at again, a date. Required.

  reason @4 :Text;
  # For the person's history, at most 512 bytes. Empty: none.
}

struct ExportRequest {
  person @0 :Text;
  # As in ReadRequest. Required; a person or an instance, no case.

  reason @1 :Text;
  # As in ReadRequest.
}

struct ExportStarted {
  events @0 :UInt64;
  # How many events the export tells.

  withheld @1 :UInt64 = 0;
  # How many of them are sharings that are withheld from the person still (`withholdUntil`): that there is one at that
  # time can be seen, nothing else. Whoever hands the export over should know.

  export @2 :PersonExport;
}

interface PersonExport {
  # One export under way. Drop the capability to give it up; one that is not fetched from for 60 seconds is given
  # up by the daemon.

  next @0 () -> Outcome(ExportPage);
  # What comes next of its files. One call at a time. Refused `busy` when something of the person was erased
  # meanwhile, and then, or when it is over, `incomplete`: it has to be asked for again.
}

struct ExportPage {
  parts @0 :List(ExportPart);
  # To be appended to the files they name, in this order.

  told @1 :UInt64;
  # Events told so far.

  done @2 :Bool = false;
  # True when all files are whole.
}

struct ExportPart {
  file @0 :Text;
  # A name without a directory: of the files in ledger/FORMAT.md 11.

  bytes @1 :Data;
}

struct FlagsPage {
  lines @0 :Lines;
  # One JSON object for each flag of each event of the persons of this page; often none.

  next @1 :UInt64;
  # What to ask for next. 0: this was the last page.

  seen @2 :UInt64;
  # How far the scan is: out of `of`. They only grow.

  of @3 :UInt64;
}

interface Officer {
  # Reads and erases persons. It cannot rewrite.

  history @0 (request :ReadRequest) -> Outcome(Lines);
  # The person's events, one JSON object a line, ordered by (at, seq).

  state @1 (request :ReadRequest) -> Outcome(Text);
  # The person's state, folded from the history: one JSON object.

  recipients @2 (request :ReadRequest) -> Outcome(Lines);
  # Who received the person's data, one JSON object for each recipient.

  personShow @3 (request :ReadRequest) -> Outcome(Text);
  # Aliases and lots of the person: one JSON object.

  personFind @4 (text :Text, reason :Text) -> Outcome(Lines);
  # Persons whose aliases contain the text, one JSON object each. Recorded as a consultation, and once
  # more for each person named in the answer. `reason` as in ReadRequest.

  personLink @5 (person :Text, alias :Text, reason :Text) -> Outcome(Text);
  # Gives the person one more alias. One JSON object.

  erase @6 (request :EraseRequest) -> Outcome(Text);
  # Erases by destroying keys. The report (or, with dryRun, the plan) is one JSON object that says
  # separately whether the erasure is committed and whether it is complete.

  registerApply @7 (toml :Text) -> Outcome(Text);
  # Makes this register the one in force, as a new version. The answer is one JSON object.

  registerShow @8 (asOf :Text, form :Text) -> Outcome(Text);
  # The register that was in force then, TOML as applied. `asOf` as in ReadRequest, or the number of a version.
  # `form`: empty for the TOML alone; `version` for one JSON object with its number, since when and until when it was
  # in force, its place in the log, and the TOML as `register`; `list` for one JSON object with all versions (no TOML).

  record @9 (events :List(Event)) -> Outcome(List(EventResult));
  # Events of the kinds that only officers report (hold, restriction, breach ...). Otherwise as
  # Recorder.submit, not atomic.

  erasures @10 () -> Outcome(Lines);
  # Every erasure whose case lives, newest first, one JSON object each. No person is named.

  erasureShow @11 (number :UInt64) -> Outcome(Text);
  # One erasure by the number of its case: what was erased, what is kept and why, who is told. A reading
  # of that case. One JSON object.

  erasureApprove @12 (number :UInt64) -> Outcome(Text);
  # By another principal than the one who asked (`needs-another`). Carries it out once its cooling-off
  # time is over.

  erasureCancel @13 (number :UInt64) -> Outcome(Text);
  # Until keys are destroyed; afterwards `not-pending`. What only waits for a hold can always be cancelled.

  erasureResume @14 (number :UInt64) -> Outcome(Text);
  # Does what is due of it now, without waiting for the daemon's timer.

  erasureCertificate @24 (number :UInt64) -> Outcome(Text);
  # One JSON file without personal data that anybody can check offline (`lacuna verify --certificate`).
  # `incomplete` while nothing is erased yet.

  tasks @15 (number :UInt64) -> Outcome(Lines);
  # The recipients to be told (Art. 19) of one erasure, or (0) of all. One JSON object each.

  taskTake @16 (id :Text) -> Outcome(Text);
  # Makes a queued task `sent` and says by what names the recipient knows the person; a reading of the
  # case. One JSON object.

  taskSet @17 (id :Text, state :Text, note :Text) -> Outcome(Text);
  # "queued", "sent", "acknowledged", "executed", "failed" or "impossible". When every task of an erasure is
  # executed, failed or impossible, the names of its persons are forgotten. One JSON object.

  holdPlace @18 (request :HoldRequest) -> Outcome(Text);
  # Keeps classes of a person from being erased. One JSON object with its number.

  holdLift @19 (number :UInt64) -> Outcome(Text);
  # Lifts a hold and carries out the erasures that it kept. One JSON object.

  holds @20 (reason :Text) -> Outcome(Lines);
  # The holds that stand, one JSON object each; a reading of every person named. `reason` as in
  # ReadRequest.

  retentionDue @21 (within :Text) -> Outcome(Lines);
  # What the register says has been kept long enough, now or `within` a period such as "P7D": one JSON
  # object for each class and year, with the number of lots and of those that a hold keeps. Nobody is named.

  retentionSweep @22 () -> Outcome(Text);
  # Destroys what is due now, in batches, unless a hold stands. One JSON object, after the last batch.

  withdraw @25 (seq :UInt64, ground :Text, person :Text, reason :Text) -> Outcome(Text);
  # Makes one event undecryptable; the others of its lot stay readable. `ground` as in EraseRequest. `person`:
  # whose event it is, as in ReadRequest; empty: everyone's lots are looked through, which may take a while.
  # `reason` as in ReadRequest. The report is one JSON object.

  withdrawStatus @26 () -> Outcome(Text);
  # How far a search for the event to withdraw or disclose is: one JSON object with `searching` and, meanwhile, `searched`
  # (`slots` seen, `of` how many at most). It names nobody.

  disclose @27 (seq :UInt64, person :Text, reason :Text) -> Outcome(Text);
  # Opens one event for a court or an auditor: one JSON file that shows offline that exactly this text stands at
  # that place (`lacuna verify --disclosure`), and tells nothing about any other record. `person` and `reason` as in
  # `withdraw`. A reading of that person. `erased` when nobody can open the event any more, `not-published` until a
  # checkpoint covers it.

  exportPerson @28 (request :ExportRequest) -> Outcome(ExportStarted);
  # What a person is told who asks for it (Art. 15 GDPR), with the proofs that it is what the log holds and that
  # nothing between is missing (`lacuna verify --export`). A reading of that person. `not-published` until a signed
  # checkpoint covers all of it.

  report @29 (from :Text, to :Text, sample :UInt32, seed :Text, reason :Text) -> Outcome(Text);
  # What happened from the first to the last day (dates in the controller's zone), for an auditor: one signed JSON file
  # that names nobody and links nothing (`lacuna verify --control-report`), with receipts of `sample` records (at most 256)
  # drawn by `seed` (1 to 64 printable ASCII characters; empty without a sample). A record of its own. `too-many` and
  # `too-large` when the time is to be shorter.

  requestOpen @30 (person :Text, right :Text, received :Text, channel :Text) -> Outcome(Text);
  # A data subject's request reached the controller. `person` as in ReadRequest; who is unknown is admitted. `right`:
  # "access", "rectification", "erasure", "restriction", "portability", "objection", "withdrawal", "not-automated" or
  # "complaint". `received`: when, RFC 3339 or a date; empty: now. `channel`: how; may be empty. One JSON object with
  # `request`, its number for ever (the seq of this event), and its clocks.

  requestStep @31 (number :UInt64, state :Text, code :Text, told :Text) -> Outcome(Text);
  # What happened to it: "identity-asked", "identity-verified", "identity-failed", "extended", "answered", "refused",
  # "withdrawn" or, when it was answered or refused, "closed". `code`, of a closed list, with "extended" and "refused"
  # alone. `told`: when the person was told, RFC 3339 or a date; empty: now. An extension told after the first term is
  # refused `invalid-value`, what no longer fits its state `not-pending`. The answer as of requestOpen; of a refusal it
  # has the `remedies` that the person is told.

  requestShow @32 (number :UInt64, reason :Text) -> Outcome(Text);
  # The request with its steps and, unless erased, the person's aliases: a reading of that person. `reason` as in
  # ReadRequest. One JSON object.

  requests @33 (which :Text, within :Text) -> Outcome(Lines);
  # The worklist, what is due first comes first, one JSON object each; nobody is named. `which`: "open", "overdue" or
  # "all". `within` a period such as "P7D": only what is due until then. Dates and days left are computed, never stored.

  flags @34 (since :Text, reason :Text, persons :Bool, from :UInt64) -> Outcome(FlagsPage);
  # What was recorded although it breaks the policy, of everybody, a page at a time: `from` 0, then what the page before
  # said. `since`: only of what happened then or later, RFC 3339 or a date; empty: all. `persons`: each line says whose
  # event it is. Each page is a recorded scan, with `persons` also a reading of everybody named in it. `busy` when somebody
  # of the page was erased meanwhile: ask for it again. `reason` as in ReadRequest.

  sweepEnvelopes @23 (action :Text) -> Outcome(Text);
  # The second tier of erasures: the envelopes that no living lot reaches are removed from the disk. `action`
  # is "start" (refused `nothing-to-erase` while too few were erased since the last sweep, `incomplete`
  # while a key holder has not destroyed what was erased; one that runs is joined), "status" or "cancel".
  # The answer comes at once: one JSON object with `state` (idle, marking, recording, removing,
  # rewriting-files), `runs` (finished since the daemon started) and the `outcome` of the last.
}

# ---- operator: the machine, never persons

struct Grant {
  principal @0 :UInt32;
  # Given by the daemon; ignored in `grant`.

  holder :union {
    # Exactly one user or one group of the machine.

    unspecified @1 :Void;
    # Refused `missing-field`.

    uid @2 :UInt32;
    gid @3 :UInt32;
  }

  recorder @4 :Bool = false;
  auditor @5 :Bool = false;
  officer @6 :Bool = false;
  operator @7 :Bool = false;
  # The roles granted; at least one.

  systems @8 :List(Text);
  # With `recorder`: register ids of the systems the holder may report for; at least one.

  label @9 :Text;
  # A post or a service, never a person's name: "web shop", "data protection officer".

  sinceMs @10 :Int64;
  # When it was granted, milliseconds since 1970 UTC. Given by the daemon.

  revoked @11 :Bool = false;
  # Given by the daemon.
}

interface Operator {
  grant @0 (grant :Grant) -> Outcome(Granted);
  # Grants roles; a recorded event. The first grant ends single-user mode.

  revoke @1 (principal :UInt32) -> Outcome(Done);
  # Ends a grant at once, also for capabilities already held; a recorded event.

  grants @2 () -> Outcome(List(Grant));
  # All grants, in order of principal, revoked ones too.

  keysStatus @3 () -> Outcome(Text);
  # The key holders: one JSON object with assurance, tree version and slots. No key.

  keysCheck @4 () -> Outcome(Text);
  # Checks every key holder again: the file system below it, its root, and its pages against keys/. One that
  # was away and is back catches up. One JSON object, as of keysStatus.

  keysAddHolder @5 (directory :Text, replaces :Int16 = -1, recover :Bool = false) -> Outcome(Text);
  # A further key holder in `directory`, an absolute path on the daemon's machine that is empty or not there
  # yet; a recorded event without the path. `replaces` closes that holder first; -1: none. With `recover` the
  # directory is that of a holder that was away, and is taken back. The daemon has to be started with
  # --key-holder DIRECTORY from then on. One JSON object, as of keysStatus, with `added`.

  keysCloseHolder @6 (number :UInt8) -> Outcome(Text);
  # A holder that is lost, or no longer wanted, is waited for no more; a recorded event, named in every later
  # certificate. One that is present destroys its root first. Not keys/ itself. One JSON object.
}

struct Granted {
  principal @0 :UInt32;
  # The number of the grant, for `revoke`.
}
