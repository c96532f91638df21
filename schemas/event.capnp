# The event: what an application reports (Event), and the form in which it is sealed (StoredEvent).
#
# The same fields, under the same names, as the JSON of event.schema.json, except that names of times
# end in their unit and that `class`, `case` and `corrects` are spelled out. Rules for every field:
#
#  - an empty text, an empty list, the number 0, `false` and the first enumerant mean: not given;
#  - texts are UTF-8 without control characters; identifiers of the register are at most 128 bytes of
#    letters, digits and . _ : / + @ # -
#  - times are milliseconds since 1970-01-01T00:00:00Z, without leap seconds;
#  - a whole event is at most 16 KiB; what does not fit is refused, never cut.
#
# Fields are only ever added; numbers and enumerants are never reused.
@0xb47802179337eafc;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("lacuna::schema");

enum Kind {
  # What happened. The numbers are those of the record (FORMAT.md 2).
  # Submitted by applications: processing, sharing, consent, notice, rectification, objection, request,
  # complaint, agreement, note, and erasure meaning "our system has deleted its copy".
  # Written for officers: restriction, hold, consultation, breach, register.
  # Written by the ledger alone, refused from outside: genesis, access, person, restore, sweep.

  genesis @0;        # the first record of a ledger; refused from outside, so also "not given"
  processing @1;     # personal data were collected, used, stored, deleted ... (see `processing`)
  sharing @2;        # personal data went to a recipient (see `sharing`)
  consent @3;        # consent was given, refused, withdrawn ... (see `consent`)
  notice @4;         # the person was informed: `notice` says by which text
  rectification @5;  # data were corrected; `corrects` may name the event that was wrong
  restriction @6;    # processing is restricted (Art. 18); ends at `validUntilMs`, or when superseded
  objection @7;      # the person objects, to `purpose` or to everything
  request @8;        # a right is exercised (see `request`)
  complaint @9;      # the person complains
  hold @10;          # a legal reason to keep; ends at `validUntilMs`, or when superseded
  erasure @11;       # a system has deleted its copy; destroys no keys
  consultation @12;  # somebody read the person's data
  breach @13;        # a breach of security
  agreement @14;     # an agreement with a party, or about a person
  register @15;      # a new version of the register
  note @16;          # anything else worth keeping
  access @17;        # a grant or a revocation
  person @18;        # aliases linked or unlinked, persons merged
  restore @19;       # pins the checkpoint of the generation before
  sweep @20;         # envelopes removed
}

enum Operation {
  # What was done with the data.

  none @0;       # not given
  collect @1;    # received from the person or from a third party; may admit an unknown person
  observe @2;    # recorded from behaviour (a cookie, a camera)
  use @3;        # used for the purpose
  derive @4;     # new data made from them (attendance, a score)
  decide @5;     # a decision about the person, automated or not
  anonymise @6;  # made anonymous
  store @7;      # kept
  delete @8;     # deleted from a system
}

enum SharingHow {
  # How the recipient came to the data.

  none @0;                  # not given
  sent @1;                  # the controller sent them
  fetched @2;               # the recipient fetched them from the controller
  collectedByRecipient @3;  # the recipient collected them itself (an embedded button, a cookie)
  published @4;             # made public
  compelled @5;             # handed over under a legal duty
}

enum ConsentState {
  # What became of the consent.

  none @0;         # not given: refused, a consent event needs a state
  given @1;        # the person agreed
  refused @2;      # the person was asked and said no
  withdrawn @3;    # the person took it back
  expired @4;      # its time is over
  invalidated @5;  # it turned out not to be valid
}

enum ConsentForm {
  # How the consent was expressed.

  none @0;      # not given
  explicit @1;  # by an explicit statement
  implied @2;   # by conduct
  bundled @3;   # together with other terms
}

enum Right {
  # The right being exercised (GDPR Art. 15-22, 7(3)).

  none @0;           # not given: allowed only where `caseRef` names the request
  access @1;         # Art. 15
  rectification @2;  # Art. 16
  erasure @3;        # Art. 17
  restriction @4;    # Art. 18
  portability @5;    # Art. 20
  objection @6;      # Art. 21
  withdrawal @7;     # Art. 7(3)
  notAutomated @8;   # Art. 22
}

struct Event {
  # One event as an application reports it.

  kind @0 :Kind;
  # What happened. Always given.

  id @1 :Text;
  # The submitter's own id of this event: a UUID or at most 64 bytes of printable ASCII. The same id with
  # the same content is recorded once; with other content it is refused `id-reused`. Default: none, then
  # a repetition is a second event.

  person @2 :List(Text);
  # One to eight aliases of ONE person, each `scheme:value` of at most 512 bytes, as the application
  # writes them; the first known one decides. Needed by every kind about persons, absent for the
  # organisation's own (breach, agreement, register, note).

  atMs @3 :UInt64;
  # When it happened. Default: when it is recorded. More than 5 minutes ahead is refused.

  system @4 :Text;
  # System of the register that reports. Default: the only system of the caller's grant.

  actor @5 :Text;
  # Who or what did it: a post, a form, or an instance such as `staff:...`. At most 512 bytes.

  class @6 :Text $Cxx.name("klass");
  # Retention class. Default: the purpose's.

  purpose @7 :Text;
  # Purpose of the register. Needed by processing, sharing and consent.

  basis @8 :Text;
  # Legal basis relied on. Default: the purpose's.

  categories @9 :List(Text);
  # Up to 64 categories of data, of the register. Default: none said.

  source @10 :Text;
  # Where the data came from: a party, or an instance (`employer:acme`). Default: the person.

  via @11 :Text;
  # Party or instance through which the data passed. Default: none.

  notice @12 :Text;
  # Notice of the register that the person was shown. Default: none.

  caseRef @13 :Text;
  # Request, complaint or erasure to which this belongs ("case" in JSON). Default: none.

  group @14 :Text;
  # The submitter's own label for events that belong together. Default: none.

  corrects @15 :UInt64;
  # Seq of the event that this one supersedes. Default: none (record 0 can never be superseded).

  admit @16 :Bool;
  # Admit the person if no alias is known. Default: only collections, requests and complaints admit.

  imported @17 :Bool;
  # Taken over from an older administration, not reported when it happened. Default: no.

  data @18 :Text;
  # Whatever else the application wants kept: one JSON object, at most 16 deep. Default: none.

  union {
    # What only some kinds have; the arm must be that of `kind`, or `general`.

    general @19 :Void;
    # Nothing beyond the fields above.

    processing :group {
      operation @20 :Operation;
      # What was done.
    }

    sharing :group {
      recipient @21 :Text;
      # Party or instance (`teacher:jansen`) that got the data. Always given.

      safeguard @22 :Text;
      # Safeguard relied on for a transfer. Default: the recipient's on the event's date.

      agreement @23 :Text;
      # Agreement under which the data were shared. Default: none.

      how @24 :SharingHow;
      # How the recipient came to them.

      withholdUntilMs @25 :UInt64;
      # Until when the person is not told of this sharing (an investigation). Default: not withheld.
    }

    consent :group {
      state @26 :ConsentState;
      # What became of the consent. Always given.

      form @27 :ConsentForm;
      # How it was expressed.

      wording @28 :Text;
      # Text that was agreed to: a document of the register. Default: none.

      channel @29 :Text;
      # Where: web, phone, paper ... Default: none.

      validUntilMs @30 :UInt64;
      # When it ends by itself. Default: it does not.
    }

    request :group {
      right @31 :Right;
      # The right being exercised. Always given, unless `caseRef` names the request.

      state @32 :Text;
      # Where the request stands: received, acknowledged, identity-verified, extended, fulfilled ...

      receivedMs @33 :UInt64;
      # When the request reached the controller; the clocks start here. Default: `atMs`.

      channel @34 :Text;
      # How it came in. Default: none.
    }

    agreement :group {
      recipient @35 :Text;
      # The other party, or an instance of it. Default: the person, or none.

      agreement @36 :Text;
      # Id of the agreement. Default: none.

      validUntilMs @37 :UInt64;
      # When it ends. Default: open.
    }

    complaint :group {
      channel @38 :Text;
      # How it came in, for example `supervisory-authority`. Default: none.
    }

    term :group {
      # restriction and hold

      validUntilMs @39 :UInt64;
      # When it ends by itself. Default: when an event supersedes it (`corrects`).
    }
  }
}

struct Events {
  # Several events, in the order in which they are to be recorded.

  list @0 :List(Event);
}

struct InstanceRef {
  # A party, or an instance of a category party, named by an event.

  category @0 :Text;
  # Id of the (category) party in the register: `teacher`, `zoom`.

  slot @1 :UInt64;
  # Slot of the instance, whose name stands in its own sealed rows. 0: the party itself.
}

struct StoredEvent {
  # What an envelope holds: the event with every outside identifier resolved. It never holds an alias:
  # `person` is empty, and `recipient`, `source`, `via`, `actor` are empty where a reference stands below.

  event @0 :Event;
  # As submitted, but for what is resolved.

  aliases @1 :List(UInt16);
  # Leaves, in the person's slot, of the alias rows that named the person.

  otherPersons @2 :List(UInt64);
  # Slots of other known persons that the same list named: an identity conflict for the officer.

  recipient @3 :InstanceRef;
  source @4 :InstanceRef;
  via @5 :InstanceRef;
  actor @6 :InstanceRef;
  # The parties named. Null: not named, or not resolved.

  registerVersion @7 :UInt64;
  # Version of the register in force at admission. 0: the built-in one.

  principal @8 :UInt32;
  # Consultation and access: who did it, an opaque number. 0: does not apply.

  systemId @9 :Text;
  # Id that the record's system number had at admission.

  reason @10 :Text;
  # Consultation: the reason as given, with its text.

  operationText @11 :Text;
  # Consultation, access, person: what was done.

  details @12 :List(Text);
  # Further texts of the ledger's own kinds, each `key=value`.
}
