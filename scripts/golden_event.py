#!/usr/bin/env python3
"""Writes tests/golden/event_vectors.json: canonical events, by a writer that shares no code with the ledger.

It follows ledger/FORMAT.md section 6 and DESIGN 9 alone. Run without arguments to write the file,
with --check to compare it with what stands; a difference is a change of format.
"""
import datetime
import hashlib
import json
import pathlib
import re
import struct
import sys

KINDS = ["genesis", "processing", "sharing", "consent", "notice", "rectification", "restriction", "objection",
         "request", "complaint", "hold", "erasure", "consultation", "breach", "agreement", "register", "note"]
LISTS = {
    "operation": ["collect", "observe", "use", "derive", "decide", "anonymise", "store", "delete"],
    "how": ["sent", "fetched", "collected-by-recipient", "published", "compelled"],
    "state": ["given", "refused", "withdrawn", "expired", "invalidated"],
    "form": ["explicit", "implied", "bundled"],
    "right": ["access", "rectification", "erasure", "restriction", "portability", "objection", "withdrawal",
              "not-automated"],
}
NUMBERS = {"kind": 1, "person": 2, "at": 3, "system": 4, "actor": 5, "class": 6, "purpose": 7, "basis": 9,
           "categories": 10, "source": 11, "via": 12, "notice": 13, "case": 14, "group": 15, "corrects": 16,
           "imported": 17, "data": 18, "operation": 19, "recipient": 20, "safeguard": 21, "agreement": 22, "how": 23,
           "withholdUntil": 25, "form": 27, "wording": 28, "channel": 29, "validUntil": 30, "right": 31,
           "received": 33}
TIMES = {"at", "withholdUntil", "validUntil", "received"}

PROCESSING = ('{"id":"0190d7c2-7c1e-7a3b-9d0e-5b1f6c1a2b3c","kind":"processing",'
              '"person":["email:jan@example.nl","crm:100234"],"purpose":"course-admin","operation":"collect",'
              '"categories":["name","contact"],"source":"employer:acme","system":"website",'
              '"actor":"enrolment-form","at":"2020-04-01T09:12:33Z","notice":"privacy-2020-03-31",'
              '"data":{"course":"NRTO-101"}}')
LINES = [
    PROCESSING,
    '{"kind":"sharing","person":"crm:100234","purpose":"course-delivery","recipient":"zoom","categories":["name"],'
    '"safeguard":"us-privacy-shield","at":"2020-04-20T08:00:00Z"}',
    '{"kind":"consent","person":"email:jan@example.nl","state":"given","purpose":"newsletter","form":"explicit",'
    '"notice":"privacy-2020-03-31"}',
    '{"kind":"note"}',
    '{"kind":"note","admit":true,"id":"left out"}',
    '{"kind":"note","imported":true,"group":"import-2019","corrects":18446744073709551615}',
    '{"kind":"processing","person":"phone:+31201234567","purpose":"p","operation":"delete","class":"marketing",'
    '"basis":"A6-1-a","via":"teacher:de Vries","case":"7"}',
    '{"kind":"sharing","person":"a:b","purpose":"p","recipient":"teacher:Zo\\u00eb","agreement":"employer-acme-2020",'
    '"how":"collected-by-recipient","withholdUntil":"2021-01-01T00:00:00+01:00"}',
    '{"kind":"consent","person":["a:1","b:2","c:3"],"purpose":"p","state":"invalidated","form":"bundled",'
    '"wording":"newsletter-v2","channel":"web","validUntil":"2022-06-01T10:00:00.250Z"}',
    '{"kind":"request","person":"a:b","right":"not-automated","state":"received","received":"2020-02-29T23:59:59-05:00",'
    '"channel":"e-mail"}',
    '{"kind":"request","person":"a:b","case":"12","state":"identity-verified"}',
    '{"kind":"agreement","recipient":"employer:acme","agreement":"acme-2020","categories":["attendance","results"],'
    '"validUntil":"2021-12-31T23:00:00Z"}',
    '{"kind":"complaint","person":"a:b","channel":"supervisory-authority"}',
    '{"kind":"hold","person":"a:b","class":"billing","validUntil":"2027-01-01T00:00:00Z"}',
    '{"kind":"note","data":{ "b" : [ 1 , -2.50, 1e3, true, null ], "a" : { "\\u00e9": "x y" } }}',
    '{"kind":"register"}',
]


def millis(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (moment - epoch) // datetime.timedelta(milliseconds=1)


def compact(raw):
    """Removes white space outside strings, changing nothing else."""
    return "".join(part if part.startswith('"') else re.sub(r"[ \t\r\n]", "", part)
                   for part in re.findall(r'"(?:[^"\\]|\\.)*"|[^"]+', raw))


def raw_data(line):
    """The text of the last field, `data`, as it stands in the line."""
    start = line.index('"data":') + len('"data":')
    return compact(line[start:line.rindex("}")])


def packed_list(items):
    return struct.pack(">I", len(items)) + b"".join(struct.pack(">I", len(i)) + i for i in items)


def value_of(event, name, line):
    value = event[name]
    if name == "kind":
        return bytes([KINDS.index(value)])
    if name in TIMES:
        return struct.pack(">Q", millis(value))
    if name == "corrects":
        return struct.pack(">Q", value)
    if name == "imported":
        return b"\1"
    if name == "data":
        return raw_data(line).encode()
    if name in ("person", "categories"):
        items = [value] if isinstance(value, str) else value
        return packed_list([i.encode() for i in items])
    if name in LISTS and not (name == "state" and event["kind"] == "request"):
        return bytes([LISTS[name].index(value) + 1])
    return value.encode()


def canonical(line):
    event = json.loads(line)
    fields = []
    for name in event:
        if name in ("id", "admit"):
            continue
        number = {"consent": 26, "request": 32}[event["kind"]] if name == "state" else NUMBERS[name]
        fields.append((number, value_of(event, name, line)))
    return b"\0" + b"".join(bytes([n]) + struct.pack(">I", len(v)) + v for n, v in sorted(fields))


def main():
    path = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "event_vectors.json"
    vectors = [{"json": line, "canonical": canonical(line).hex(),
                "sha256": hashlib.sha256(canonical(line)).hexdigest()} for line in LINES]
    text = json.dumps(vectors, indent=1) + "\n"
    if "--check" in sys.argv:
        sys.exit(0 if path.read_text() == text else "event_vectors.json differs: that is a change of format")
    path.write_text(text)


if __name__ == "__main__":
    main()
