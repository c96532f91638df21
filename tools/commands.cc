#include "tools/commands.h"

#include "tools/reading.h"

#include <array>

namespace lacuna::tool {
namespace {

constexpr std::array kCommands{
    Command{
        "submit", "[FILE|-] [--admit] [--check] [--refused FILE] [--retry SECONDS]",
        "Report events, one JSON object a line",
        "Lines are sent in batches and acknowledged only when they are durable. A line that is "
        "refused is\n"
        "shown (line, code, nearest known id) and the stream goes on; `busy` is tried again. Exit "
        "0 means\n"
        "that every event is durable, 1 that at least one was refused.\n\n"
        "Give events an `id`: after a lost connection what was in flight is sent again by itself, "
        "recorded\n"
        "once. Events without an id are recorded as often as they are sent; if the connection is "
        "lost while\n"
        "one is in flight, the command stops with exit 3 and says how many events are durable. A "
        "daemon that\n"
        "went away is waited for, 60 seconds unless --retry says otherwise; then, too, the exit is "
        "3.\n\n"
        "  lacuna submit events.jsonl\n"
        "  producer | lacuna submit --refused refused.jsonl\n"
        "  lacuna submit --check events.jsonl\n",
        0, 1, describeSubmit, submit},
    Command{"history",
            "PERSON [--as-of T] [--known-at T|SEQ] [--class C] [--purpose P] [--recipient R] "
            "[--from T] "
            "[--to T] [--reason WHY]",
            "Show what happened with a person's data, oldest first",
            "PERSON is scheme:value, case:N, @FILE (its one line), or - for standard input, since "
            "arguments\n"
            "show in process lists. The question is recorded in that person's history before it is "
            "answered.\n\n"
            "  lacuna history email:jan@example.nl --reason request:12\n"
            "  lacuna history crm:100234 --as-of 2020-05-01 --purpose newsletter --reason audit\n"
            "  echo email:jan@example.nl | lacuna --json history - --reason support\n",
            1, 1, describeReading, history},
    Command{"state",
            "PERSON [--as-of T] [--known-at T|SEQ] [--class C] [--purpose P] [--recipient R] "
            "[--from T] [--to T] [--reason WHY]",
            "Show what holds for a person: consents, purposes, recipients, flags, what is kept "
            "until when",
            "The state is replayed from the history, up to any date.\n\n"
            "  lacuna state email:jan@example.nl --reason support\n"
            "  lacuna state crm:100234 --as-of 2020-05-01 --known-at 2021-01-01 --reason audit\n",
            1, 1, describeReading, state},
    Command{"recipients",
            "PERSON [--as-of T] [--known-at T|SEQ] [--class C] [--purpose P] [--recipient R] "
            "[--from T] [--to T] [--reason WHY]",
            "Show who received a person's data, first and last, and under which safeguard",
            "  lacuna recipients email:jan@example.nl --reason request:12\n", 1, 1, describeReading,
            recipients},
    Command{"person find", "TEXT|@FILE|- [--reason WHY]", "Find persons by a part of an alias",
            "Recorded as a consultation, once more for each person named in the answer.\n\n"
            "  lacuna person find example.nl --reason support\n",
            1, 1, describeReason, personFind},
    Command{"person show", "PERSON [--reason WHY]", "Show a person's aliases and lots",
            "  lacuna person show crm:100234 --reason support\n", 1, 1, describeReason, personShow},
    Command{"person link", "PERSON ALIAS [--reason WHY]", "Give a person one more alias",
            "  lacuna person link crm:100234 email:jan@example.nl --reason support\n", 2, 2,
            describeReason, personLink},
    Command{
        "erase",
        "PERSON|--persons FILE --ground G [--class C]... [--dry-run] [--wait "
        "committed|complete] [--certificate FILE]",
        "Erase a person, or classes of a person's data, by destroying keys",
        "Unless and in so far as a law requires keeping: what has a legal minimum stays until its "
        "end, and\n"
        "what a hold keeps until it is lifted; the report says so lot by lot, with the rule. Who "
        "had "
        "the data\n"
        "is on the worklist of `lacuna task list`.\n\n"
        "The report says separately whether the erasure is committed (this system no longer "
        "serves it) and\n"
        "complete (it cannot be decrypted from any copy with what the key holders still have). "
        "Exit 6: it is\n"
        "accepted, and not yet what --wait asks for: the register may ask for a second officer or "
        "a\n"
        "cooling-off time, a hold may stand. Exit 1: everything must be kept. `salt` is for the "
        "person: with\n"
        "it they can show that this erasure was theirs.\n\n"
        "  lacuna erase email:jan@example.nl --ground consent-withdrawn --class marketing "
        "--dry-run\n"
        "  lacuna erase email:jan@example.nl --ground no-longer-needed\n"
        "  lacuna --json erase --persons list.txt --ground no-longer-needed\n",
        0, 1, describeErase, erase},
    Command{"erasure list", "", "Show all erasures, newest first", "  lacuna erasure list\n", 0, 0,
            nullptr, erasureList},
    Command{"erasure show", "N", "Show an erasure: what was erased, what is kept and why",
            "N is the number of its case. Recorded as a reading of that case.\n\n"
            "  lacuna erasure show 12\n",
            1, 1, nullptr, erasureShow},
    Command{
        "erasure approve", "N", "Approve an erasure that somebody else asked for",
        "Exit 6: approved, and its cooling-off time still runs.\n\n  lacuna erasure approve 12\n",
        1, 1, nullptr, erasureApprove},
    Command{"erasure cancel", "N", "Cancel an erasure, as long as no key was destroyed",
            "What waits for a hold can be cancelled too; what was erased before stays erased.\n\n"
            "  lacuna erasure cancel 12\n",
            1, 1, nullptr, erasureCancel},
    Command{"erasure resume", "N", "Do now what is due of an erasure",
            "The daemon does the same by itself, within a second.\n\n  lacuna erasure resume 12\n",
            1, 1, nullptr, erasureResume},
    Command{"erasure certificate", "N [--to FILE]", "Print the certificate of an erasure",
            "One JSON file without personal data, which `lacuna verify --certificate FILE` checks "
            "without the\n"
            "ledger. With the salt that `erase` showed, the person can show that the erasure was "
            "theirs.\n\n"
            "  lacuna erasure certificate 12 --to certificate.json\n"
            "  lacuna verify --certificate certificate.json --key verifier.key\n",
            1, 1, describeErasureCertificate, erasureCertificate},
    Command{"task list", "[--erasure N]", "Show the recipients to be told of erasures (Art. 19)",
            "  lacuna task list --erasure 12\n", 0, 0, describeTaskList, taskList},
    Command{"task take", "ID", "Take a task: by what names the recipient knows the person",
            "The task is then `sent`. Recorded as a reading of the case.\n\n  lacuna task take "
            "12.0.1\n",
            1, 1, nullptr, taskTake},
    Command{
        "task ack", "ID [--state STATE] [--note TEXT]", "Say what became of a task",
        "When every task of an erasure is executed, failed or impossible, the names of its persons "
        "are\n"
        "forgotten.\n\n"
        "  lacuna task ack 12.0.1 --state executed\n"
        "  lacuna task ack 12.0.2 --state impossible --note 'the firm no longer exists'\n",
        1, 1, describeTaskAck, taskAck},
    Command{"request open", "PERSON --right R [--received T] [--channel TEXT]",
            "Open a data subject's request, or a complaint",
            "Its number is the seq of this event, and never changes. Two clocks run: what the "
            "house promises "
            "([deadlines]\n"
            "house of the register, counted in days) and the law's (Art. 12(3): a calendar month "
            "from receipt, moved "
            "to\n"
            "the next working day). Who is unknown is admitted. Requests that systems report are "
            "on the worklist as "
            "well.\n\n"
            "  lacuna request open email:jan@example.nl --right access --received 2026-03-02 "
            "--channel letter\n"
            "  echo crm:100234 | lacuna --json request open - --right erasure\n",
            1, 1, describeRequestOpen, requestOpen},
    Command{"request list", "[--overdue|--all] [--within PERIOD]",
            "Show the requests that are open, what is due first on top",
            "Both dates and the days left are computed from the log and the register. Nobody is "
            "named. `by` says "
            "whose clock\n"
            "`due` is: once the person was told of an extension, the law's alone. Exit 5: "
            "--overdue was given, and "
            "something is.\n\n"
            "  lacuna request list\n  lacuna request list --overdue\n"
            "  lacuna --format csv request list --within P7D\n",
            0, 0, describeRequestList, requestList},
    Command{"request show", "N [--reason WHY]",
            "Show a request: whose it is, and what happened to it",
            "Recorded as a reading of that person, for request:N unless --reason says otherwise. "
            "Of somebody erased "
            "the\n"
            "clocks remain, in the case of the erasure, without identity.\n\n"
            "  lacuna request show 1234\n",
            1, 1, describeReason, requestShow},
    Command{
        "request identity", "N --asked|--verified|--failed [--told T]",
        "Say how it stands with the person's identity (Art. 12(6))",
        "No clock stops meanwhile.\n\n  lacuna request identity 1234 --asked --told 2026-03-04\n",
        1, 1, describeRequestIdentity, requestIdentity},
    Command{"request extend", "N --code CODE [--told T]",
            "Say that the person was told of an extension (Art. 12(3))",
            "Two months more, counted from receipt, once. Refused when the person was told after "
            "the first month.\n\n"
            "  lacuna request extend 1234 --code complexity --told 2026-03-20\n",
            1, 1, describeRequestExtend, requestExtend},
    Command{"request answer", "N [--told T]",
            "Say that a request was answered; its clocks stand still",
            "  lacuna request answer 1234 --told 2026-03-25\n", 1, 1, describeRequestStep,
            requestAnswer},
    Command{"request refuse", "N --code CODE [--told T]",
            "Say that a request was refused (Art. 12(4))",
            "The answer names the remedies that the person has to be told of: a complaint to the "
            "authority, and the "
            "court.\n\n"
            "  lacuna request refuse 1234 --code manifestly-excessive\n",
            1, 1, describeRequestRefuse, requestRefuse},
    Command{"request close", "N [--withdrawn] [--told T]",
            "Close a request that was answered or refused, or that the person took back",
            "  lacuna request close 1234\n  lacuna request close 1235 --withdrawn\n", 1, 1,
            describeRequestClose, requestClose},
    Command{"due", "[--within PERIOD]",
            "Show what has to be answered soon; exit 5 when something is overdue",
            "For a timer that warns: open requests and complaints whose date lies within PERIOD, "
            "or is over.\n\n"
            "  lacuna due\n  lacuna due --within P14D\n",
            0, 0, describeDue, due},
    Command{"flags", "[--since T] [--persons] [--reason WHY]",
            "Show everything that was recorded although it breaks the policy",
            "Sharing beyond what a recipient may get, use without consent or after it was "
            "withdrawn, under a "
            "safeguard that\n"
            "had ended, outside a campaign, during a restriction, marketing after an objection, "
            "data of others "
            "of which the\n"
            "person was not told within a month, and so on: ledger/person/README.md lists them. "
            "Page by page, "
            "person by\n"
            "person; an event is named by its seq. A recorded scan; --persons also says whose "
            "event it is, which "
            "is a reading\n"
            "of every person named.\n\n"
            "  lacuna flags --since 2026-01-01 --reason audit\n"
            "  lacuna --format csv flags > flags.csv\n",
            0, 0, describeFlags, flags},
    Command{
        "retention due", "[--within PERIOD]",
        "Show what has been kept as long as the register says",
        "One line for each class and year: how many lots end, and how many a hold keeps. Nobody is "
        "named.\n\n"
        "  lacuna retention due\n  lacuna retention due --within P30D\n",
        0, 0, describeRetentionDue, retentionDue},
    Command{"hold place", "PERSON --ground G --review DATE [--class C]... [--reason WHY]",
            "Keep a person's data, or classes of them, from being erased",
            "  lacuna hold place crm:100234 --ground legal-claims --class billing --review "
            "2027-01-01\n",
            1, 1, describeHoldPlace, holdPlace},
    Command{"hold lift", "N", "Lift a hold, and carry out the erasures that it kept",
            "  lacuna hold lift 3\n", 1, 1, nullptr, holdLift},
    Command{"hold list", "[--reason WHY]",
            "Show the holds that stand, and which are to be reviewed",
            "Recorded as a reading of every person named.\n\n  lacuna hold list --reason audit\n",
            0, 0, describeReason, holdList},
    Command{
        "withdraw", "SEQ --ground G [--person PERSON] [--reason WHY]",
        "Make one event undecryptable; the others of its lot stay readable",
        "For an event about the wrong person, or a number pasted into a note. The record stays, so "
        "that the log\n"
        "is whole and the person's history complete; nobody can open its content again. Without "
        "--person the\n"
        "event is looked for among everyone's lots. Either is recorded as a reading.\n\n"
        "  lacuna withdraw 1234 --ground unlawful --person crm:100234 --reason request:12\n",
        1, 1, describeWithdraw, withdraw},
    Command{
        "retention sweep", "[--envelopes [--status|--cancel] [--no-wait]]",
        "Erase what is due, in batches; or remove the envelopes of what was erased",
        "What a hold keeps stays. The daemon does the same by itself, once a day. Exit 6: "
        "committed, "
        "but a key\nholder has not destroyed its keys yet.\n\n"
        "--envelopes: the second tier. The keys are gone, so nobody can open these envelopes; now "
        "the bytes go\n"
        "too, for at least 100 erased slots at once, so that comparing two copies singles nobody "
        "out (fewer\n"
        "after 30 days, if the register says small_sweep = true under [erasure]). What was removed "
        "is a public\n"
        "record, and `verify` accepts a missing envelope only where it says so. The daemon does "
        "this by itself\n"
        "once an hour when enough was erased; --sweep-rate of lacunad bounds what it writes. Exit "
        "6: it goes on.\n\n"
        "  lacuna retention sweep\n  lacuna retention sweep --envelopes\n"
        "  lacuna retention sweep --envelopes --status\n",
        0, 0, describeRetentionSweep, retentionSweep},
    Command{"register apply", "FILE|-", "Put a register into force, as a new version",
            "The register is TOML: purposes, classes, recipients, systems, notices, safeguards. It "
            "is refused\n"
            "whole, with the line, if anything in it is wrong.\n\n"
            "  lacuna register apply register.toml\n",
            1, 1, nullptr, registerApply},
    Command{"register show", "[--as-of T|VERSION]", "Show the register in force, as it was applied",
            "As of a time T: what the ledger's register was then, by the log. With --json also its "
            "number, since when\n"
            "and until when it was in force, and its SHA-256.\n\n"
            "  lacuna register show\n  lacuna register show --as-of 2020-05-01\n"
            "  lacuna register show --as-of 2 > register-2.toml\n",
            0, 0, describeRegisterShow, registerShow},
    Command{"register list", "", "Show every version of the register, and when it was in force",
            "  lacuna register list\n", 0, 0, nullptr, registerList},
    Command{"register diff", "[--from T|VERSION] [--to T|VERSION | FILE] | FILE FILE",
            "Show what was added, removed and changed between two registers",
            "By entry and field. Without options: what the last `register apply` changed; with a "
            "FILE: what applying it\n"
            "would change; with two, both are read without a daemon. Comments are no change, the "
            "order within a list is.\n"
            "Exit 0 whether or not there is a difference.\n\n"
            "  lacuna register diff\n  lacuna register diff --from 2024-01-01 --to 2025-01-01\n"
            "  lacuna register diff --from 1 --to 3 --json\n  lacuna register diff register.toml\n",
            0, 2, describeRegisterDiff, registerDiff},
    Command{
        "register lint", "[FILE|-] [--as-of T|VERSION] [--strict]",
        "Find what a register does not show, with the article of the GDPR that asks for it",
        "Of the register in force, or of a FILE without a daemon. Each finding has a stable code, "
        "the entry, its line\n"
        "and a sentence (--lang nl for Dutch). gap: the law asks for it and it is not there; "
        "warning: somebody has to\n"
        "look; note: good to know. A finding says what the register does not show, and is no "
        "legal judgment.\n"
        "Exit 0 however much is found; with --strict 1 if there is a gap or a warning.\n\n"
        "  lacuna register lint\n  lacuna register lint register.toml --strict\n"
        "  lacuna --lang nl register lint --as-of 2020-05-01\n"
        "  lacuna register lint --format csv > findings.csv\n",
        0, 1, describeRegisterLint, registerLint},
    Command{"register ropa", "[FILE|-] [--as-of T|VERSION] [--out FILE]",
            "Make the record of processing activities (Art. 30)",
            "Every row of Art. 30(1)(a) to (g): controller and contact, purposes with their basis, "
            "categories of persons and\n"
            "data, recipients, countries and safeguards as they stood on the day, what is kept how "
            "long, measures. One page\n"
            "of HTML for printing, without script and without anything from outside (--lang nl for "
            "Dutch), or JSON.\n\n"
            "  lacuna register ropa --out ropa.html\n"
            "  lacuna --lang nl register ropa --as-of 2020-03-31 --out verwerkingsregister.html\n"
            "  lacuna register ropa --json > ropa.json\n  lacuna register ropa register.toml\n",
            0, 1, describeRegisterRopa, registerRopa},
    Command{"access grant", "--uid N|--gid N --role R[,R] [--system S]... [--label TEXT]",
            "Grant roles to a user or a group of this machine",
            "The first grant ends single-user mode: from then on everybody holds only what is "
            "granted.\n"
            "The user who runs the daemon stays operator, so that nobody can be locked out for "
            "good.\n\n"
            "  lacuna access grant --uid 1000 --role officer,operator --label 'data protection "
            "officer'\n"
            "  lacuna access grant --uid 33 --role recorder --system website --label 'web shop'\n",
            0, 0, describeAccessGrant, accessGrant},
    Command{"access revoke", "PRINCIPAL", "End a grant, at once", "  lacuna access revoke 3\n", 1,
            1, nullptr, accessRevoke},
    Command{"access list", "", "Show all grants, ended ones too", "  lacuna access list\n", 0, 0,
            nullptr, accessList},
    Command{"status", "[--check]", "Show how the daemon is",
            "  lacuna status\n  lacuna status --check\n", 0, 0, describeStatus, status},
    Command{"checkpoint", "", "Print the last checkpoint, a signed note",
            "Keep it somewhere else: `lacuna verify --since FILE` holds a later log against it.\n\n"
            "  lacuna checkpoint > checkpoint.txt\n",
            0, 0, nullptr, checkpoint},
    Command{"prove", "SEQ [--out FILE]", "Print a receipt: a record with its proof and checkpoint",
            "The receipt is a tlog-proof; `lacuna verify --receipt FILE` checks it offline.\n\n"
            "  lacuna prove 1234 --out receipt.txt\n",
            1, 1, describeProve, prove},
    Command{
        "disclose", "SEQ [--to FILE] [--person PERSON] [--reason WHY]",
        "Open one event for a court or an auditor",
        "One JSON file that shows offline that exactly this text stands at that place of the log. "
        "It opens this\n"
        "one event and tells nothing about any other record: persons and instances are numbers in "
        "it. Role\n"
        "officer; recorded as a reading in that person's history, with the number of the event. "
        "Without --person\n"
        "the event is looked for among everyone's lots. The file is a copy given away: an erasure "
        "later on does\n"
        "not reach it. Exit 1: erased, withdrawn, or not yet under a checkpoint.\n\n"
        "  lacuna disclose 1234 --to event.json --person crm:100234 --reason other:court\n"
        "  lacuna verify --disclosure event.json --key verifier.key\n",
        1, 1, describeDisclose, disclose},
    Command{
        "export", "PERSON --to DIR [--reason WHY]",
        "Write what a person is told (Art. 15), with its proofs",
        "DIR is made, readable by you alone: page.en.html and page.nl.html are to be read, printed "
        "and handed over;\n"
        "person.json tells the same to a program: who is responsible, purposes, "
        "recipients by name with\n"
        "the safeguard on each date, who looked (without names of staff), and what is kept until "
        "when; events.jsonl\n"
        "every event; proofs.jsonl, checkpoint.txt and manifest.json show offline that each event "
        "is the one in the log\n"
        "and that none between is missing. Role officer; recorded as a reading in that person's "
        "history. It opens\n"
        "these events for ever: an erasure later on does not reach the copy. PERSON as in "
        "`lacuna history --help`.\n\n"
        "  lacuna export crm:100234 --to ./export-17 --reason request:17\n"
        "  lacuna verify --export ./export-17 --key verifier.key\n",
        1, 1, describeExport, exportPerson},
    Command{"report", "--from DATE --to DATE [--sample N --seed S] [--out FILE] [--reason WHY]",
            "Make the control report of a time, for an auditor",
            "One signed JSON file that names nobody: totals of the public records, each erasure by "
            "the number of its\n"
            "case with both clocks (our promise, the law), its steps and when each key holder had "
            "destroyed its keys,\n"
            "approvals by role, holds, withdrawals, readings, access. With --sample it holds "
            "receipts of N records\n"
            "drawn by the seed S, which the auditor chooses. DATEs are days in the controller's "
            "zone, both included.\n"
            "Role officer; making one is a record of its own. Exit 1: too much for one report, "
            "choose a shorter time.\n\n"
            "  lacuna report --from 2026-01-01 --to 2026-03-31 --out report.json\n"
            "  lacuna report --from 2026-01-01 --to 2026-03-31 --sample 25 --seed 'audit 2026, "
            "4711' --out report.json\n"
            "  lacuna verify --control-report report.json --key verifier.key --url "
            "https://ledger.example.org/log\n",
            0, 0, describeReport, report},
    Command{"export-log", "DIR", "Write the public log as static files (C2SP tlog-tiles)",
            "Any web server can carry DIR; any reader of tlog-tiles can verify it. Run again, it "
            "goes on "
            "where it was.\n\n"
            "  lacuna export-log /srv/www/log\n"
            "  lacuna verify --export /srv/www/log --key verifier.key\n",
            1, 1, nullptr, exportLog},
    Command{
        "verify",
        "[--key VKEY|FILE | --policy FILE] [--data DIR | --url URL | --export DIR | --receipt "
        "FILE | --certificate FILE [--salt HEX] | --disclosure FILE | --control-report FILE] "
        "[--since FILE] [--resume "
        "FILE] [--report FILE]",
        "Verify the log: chain, tree, commitments, checkpoints, witnesses",
        "Without --data, --url and the like the daemon is asked for its records (role auditor). "
        "Exit 4 names the\n"
        "first bad record and says what is wrong with it. Without a key or a policy that you "
        "bring from elsewhere\n"
        "the log can only be internally consistent; the key it believes is then named. With a "
        "C2SP policy its\n"
        "witnesses count too: then nobody can have been shown another log than you. With --resume "
        "a "
        "run that was\n"
        "cut off goes on where it was, and a later one reads what is new: the log must extend what "
        "FILE has seen.\n\n"
        "  lacuna verify --key example.org/log+1a2b3c4d+AbCd... --since checkpoint.txt\n"
        "  lacuna verify --data /srv/copy --key verifier.key --report report.json\n"
        "  lacuna verify --url https://ledger.example.org/log --policy policy.txt\n"
        "  lacuna verify --url https://ledger.example.org/log --key verifier.key --resume "
        "verified.json\n"
        "  lacuna verify --receipt receipt.txt --key verifier.key\n"
        "  lacuna verify --certificate certificate.json --key verifier.key\n"
        "  lacuna verify --export ./export-17 --key verifier.key\n"
        "  lacuna verify --disclosure event.json --key verifier.key\n"
        "  lacuna verify --control-report report.json --key verifier.key --export /srv/www/log\n",
        0, 0, describeVerify, verify},
    Command{
        "monitor",
        "--url URL | --export DIR  --state FILE [--key VKEY|FILE | --policy FILE] [--once] "
        "[--interval S] [--stale-after S] [--command CMD]",
        "Follow a log, and raise an alarm when it forks, goes back, stands still or has a bad "
        "byte",
        "Looks at the log again and again; FILE remembers the last head that was good. The "
        "first look, and\n"
        "one a day, verifies every byte; the others what is new. An alarm is one line on stdout "
        "that begins with\n"
        "its kind, and exit 4: fork, rollback, bad-byte, bad-signature, unwitnessed, stale. "
        "What proves it is kept\n"
        "in FILE.alarm. CMD is run by the shell with LACUNA_ALARM and LACUNA_LINE in its "
        "environment. Without\n"
        "a key or a policy the key of the first look is believed from then on.\n\n"
        "  lacuna monitor --url http://127.0.0.1:8080 --state ledger.state --key verifier.key\n"
        "  lacuna monitor --export /srv/log --state ledger.state --policy policy.txt --once\n"
        "  lacuna monitor --url https://ledger.example.org --state s --interval 60 --command "
        "'mail -s alarm dpo'\n",
        0, 0, describeMonitor, monitor},
    Command{"witness",
            "--state DIR --listen HOST:PORT [--name NAME] [--log VKEY|FILE]... [--policy FILE]",
            "Cosign the checkpoints of other ledgers, if each extends the one before",
            "Speaks C2SP tlog-witness: POST add-checkpoint, and GET of the last head cosigned. DIR "
            "is made at the\n"
            "first start, with a key under NAME; the line on stdout is what others put into their "
            "policy. A log is\n"
            "known by --log, or as a `log` line of a policy; its last head stays in DIR for ever, "
            "so that nobody\n"
            "can begin anew.\n\n"
            "  lacuna witness --state /var/lib/witness --listen 127.0.0.1:8090 --name "
            "witness.example.nl --log their.key\n",
            0, 0, describeWitness, witness},
    Command{"log", "--public [--from SEQ] [--url URL | --export DIR]",
            "List what the log says about itself: register, access, key holders, restores, sweeps",
            "These records have a public body; nobody is named in them. Role auditor, or anybody "
            "with --url or\n"
            "--export.\n\n"
            "  lacuna log --public\n"
            "  lacuna log --public --from 120000 --json\n",
            0, 0, describeLog, logPublic},
    Command{"keys status", "", "Show the key holders and how surely they can erase",
            "  lacuna keys status\n", 0, 0, nullptr, keysStatus},
    Command{"keys check", "", "Check every key holder again: file system, root, pages",
            "A holder that was away and is back catches up; one that does not hold what it says is "
            "named damaged.\n\n"
            "  lacuna keys check\n",
            0, 0, nullptr, keysCheck},
    Command{"keys add-holder", "DIR [--replace N] [--recover]",
            "Add a key holder on another disk, or take one back that was away",
            "DIR is empty or not there yet; it gets a root key of its own and a copy of the sealed "
            "pages. An erasure\n"
            "is complete when every key holder has destroyed its keys. Start lacunad with "
            "--key-holder DIR from then on.\n"
            "Where DIR/keys of the ledger is lost, `lacunad --key-holder DIR --rebuild-keys` makes "
            "it anew.\n\n"
            "  lacuna keys add-holder /mnt/second/keys\n"
            "  lacuna keys add-holder /mnt/third/keys --replace 1\n"
            "  lacuna keys add-holder /mnt/second/keys --recover\n",
            1, 1, describeKeysAdd, keysAddHolder},
    Command{"keys close-holder", "N", "Give up a key holder that is lost, for good",
            "Erasures wait for it no more, and every later certificate names it: what it still "
            "holds opens what was\n"
            "erased since it was last present. One that is present destroys its root first.\n\n"
            "  lacuna keys close-holder 1\n",
            1, 1, nullptr, keysCloseHolder},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace lacuna::tool
