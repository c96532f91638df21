#!/usr/bin/env python3
"""Verifies the public log of a ledger with nothing but Python's standard library.

    verify.py [--key VKEY] LOG              LOG: a directory of `lacuna export-log`, or an http(s) URL of tiles
    verify.py [--key VKEY] --receipt FILE   one record, by its tlog-proof

A second, independent reading of the formats, for auditors who want to read what checks: signed note and
checkpoint (C2SP), Merkle tree (RFC 6962), records and chain (ledger/FORMAT.md 2 and 4). Exit 0: verified, or
internally consistent when no key is given; 4: not; 2: usage; 3: unreadable.
"""
import base64, hashlib, re, struct, sys, urllib.error, urllib.request
from pathlib import Path

class Bad(Exception):
    pass

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def need(condition, what):
    if not condition:
        raise Bad(what)

# ---- Ed25519, RFC 8032 section 5.1.7

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    h, g, u, v = f - e, d + c, f + e, d - c
    return h * v % P, g * u % P, v * g % P, h * u % P

def times(scalar, point):
    out = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            out = add(out, point)
        point, scalar = add(point, point), scalar >> 1
    return out

def point(text):
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    need(y < P, "a point that is not on the curve")
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    need((x * x - x2) % P == 0 and not (x == 0 and sign), "a point that is not on the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P

BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def signed(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    a, b = times(s, BASE), add(point(signature[:32]), times(h, point(key)))
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0

# ---- signed notes and checkpoints

def decoded(text):
    out = base64.b64decode(text, validate=True)
    need(base64.b64encode(out).decode() == text, "base64 that is not canonical")
    return out

def key_of(text):
    match = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+(\S+)", text.strip())
    need(match, "not a verifier key")
    name, number, body = match[1], bytes.fromhex(match[2]), decoded(match[3])
    need(len(body) == 33 and body[0] == 1, "not an Ed25519 verifier key")
    need(sha256(name.encode(), b"\n", body)[:4] == number, "a verifier key with a wrong number")
    return name, number, body[1:]

def opened(note, key):
    """Origin, size and root of a checkpoint; with a key only if that key has signed it."""
    text, gap, signatures = note.rpartition("\n\n")
    lines = (text + "\n").split("\n")
    need(gap and len(lines) == 4 and re.fullmatch(r"0|[1-9][0-9]*", lines[1]), "not a checkpoint")
    if key:
        name, number, public = key
        need(lines[0] == name, "a checkpoint of another origin than the key's")
        wanted = f"\u2014 {name} "
        found = [decoded(l[len(wanted):]) for l in signatures.split("\n") if l.startswith(wanted)]
        found = [s[4:] for s in found if s[:4] == number]
        need(found, "a checkpoint without a signature by the key")
        need(all(signed(public, (text + "\n").encode(), s) for s in found), "a wrong signature")
    root = decoded(lines[2])
    need(len(root) == 32, "not a checkpoint")
    return lines[0], int(lines[1]), root

# ---- records: ledger/FORMAT.md 2

def record_of(data):
    need(105 <= len(data) <= 4096 and data[0] == 1, "a record that does not follow the format")
    body = struct.unpack(">H", data[31:33])[0]
    need(len(data) == 105 + body, "a record that does not follow the format")
    at = struct.unpack(">Q", data[3:11])[0]
    seq = struct.unpack(">Q", data[65 + body:73 + body])[0]
    return {"kind": data[1], "flags": data[2], "at": at, "body": data[33:33 + body], "seq": seq,
            "commitment": data[33 + body:65 + body], "prev": data[73 + body:]}

class Tree:
    """A Merkle tree from its leaves in order: one hash for each full subtree (RFC 6962 2.1), and its tiles."""
    def __init__(self, tile=lambda level, index, data: None):
        self.full, self.size, self.tile, self.rows = [], 0, tile, {}
    def put(self, level, node):
        index, data = self.rows.get(level, (0, b""))
        self.rows[level] = (index, data + node)
        if len(data) == 255 * 32:
            self.tile(level, index, data + node)
            self.rows[level] = (index + 1, b"")
    def append(self, leaf):
        node, size, height = leaf, self.size, 0
        self.put(0, leaf)
        while size & 1:
            node, size, height = sha256(b"\x01", self.full.pop(), node), size >> 1, height + 1
            if height % 8 == 0:
                self.put(height // 8, node)
        self.full.append(node)
        self.size += 1
    def finish(self):
        for level, (index, data) in self.rows.items():
            if data:
                self.tile(level, index, data)
    def root(self):
        if not self.full:
            return sha256(b"")
        node = self.full[-1]
        for left in reversed(self.full[:-1]):
            node = sha256(b"\x01", left, node)
        return node

# ---- the log

def reader(place):
    if re.match(r"https?://", place):
        def read(name):
            with urllib.request.urlopen(place.rstrip("/") + "/" + name, timeout=60) as answer:
                return answer.read()
    else:
        def read(name):
            return (Path(place) / name).read_bytes()
    return read

def tile_path(level, index, width):
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/" + "/".join(groups) + (f".p/{width}" if width < 256 else "")

def entries(read, size):
    for first in range(0, size, 256):
        width = min(256, size - first)
        data, at = read(tile_path("entries", first // 256, width)), 0
        for _ in range(width):
            need(at + 2 <= len(data), f"bundle {first // 256} is cut")
            length = struct.unpack(">H", data[at:at + 2])[0]
            need(at + 2 + length <= len(data), f"bundle {first // 256} is cut")
            yield data[at + 2:at + 2 + length]
            at += 2 + length
        need(at == len(data), f"bundle {first // 256} holds more than its records")

def believed_key(record):
    """The key that record 0 names: ledger id (16), u16 length and origin, Ed25519 key (32)."""
    body = record["body"]
    need(record["kind"] == 0 and body[0] == 1, "the first record does not begin a ledger")
    length = struct.unpack(">H", body[17:19])[0]
    name, public = body[19:19 + length], body[19 + length:]
    return name.decode(), sha256(name, b"\n\x01", public)[:4], public

def check_log(place, key):
    read = reader(place)
    note = read("checkpoint").decode()
    origin, size, root = opened(note, key)
    def held(level, index, data):
        path = tile_path(level, index, len(data) // 32)
        need(read(path) == data, f"{path} does not follow from the records")
    tree, previous, last = Tree(held), bytes(32), 0
    for seq, data in enumerate(entries(read, size)):
        record = record_of(data)
        need(record["seq"] == seq, f"record {seq}: it carries the number of another place")
        need(record["prev"] == previous, f"record {seq}: it does not link to the one before it")
        need(record["at"] >= last, f"record {seq}: it is dated before the one before it")
        if record["flags"] & 2:
            document = read("document/" + record["commitment"].hex())
            need(sha256(document) == record["commitment"], f"record {seq}: another document")
        if seq == 0 and not key:
            opened(note, believed_key(record))
        previous, last = sha256(b"\x00", data), record["at"]
        tree.append(previous)
    tree.finish()
    need(tree.root() == root, "the records do not lead to the signed checkpoint")
    return f"{size} records of {origin}: chain, tree, tiles and documents"

def check_receipt(text, key):
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    need(gap and len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1", "not a receipt")
    need(lines[1].startswith("extra ") and lines[2].startswith("index "), "not a receipt")
    data, index = decoded(lines[1][6:]), int(lines[2][6:])
    origin, size, root = opened(note, key)
    need(record_of(data)["seq"] == index < size, "a receipt for another place")
    node, at, last = sha256(b"\x00", data), index, size - 1
    for sibling in map(decoded, lines[3:]):  # RFC 9162 2.1.3.2
        need(last > 0 and len(sibling) == 32, "a proof that is too long")
        if at & 1 or at == last:
            node = sha256(b"\x01", sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = sha256(b"\x01", node, sibling)
        at, last = at >> 1, last >> 1
    need(last == 0 and node == root, "the proof does not lead to the signed checkpoint")
    return f"record {index} stands in {origin}, of {size} records"

def main(arguments):
    key = None
    if arguments[:1] == ["--key"] and len(arguments) > 2:
        text = arguments[1]
        key = key_of(Path(text).read_text() if Path(text).is_file() else text)
        arguments = arguments[2:]
    if arguments[:1] == ["--receipt"] and len(arguments) == 2:
        what = check_receipt(Path(arguments[1]).read_text(), key)
    elif len(arguments) == 1 and not arguments[0].startswith("-"):
        what = check_log(arguments[0], key)
    else:
        print(__doc__)
        return 0 if arguments in (["--help"], ["-h"]) else 2
    print(("verified: " if key else "internally consistent: ") + what)
    return 0

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Bad, ValueError, IndexError, struct.error, UnicodeDecodeError) as bad:
        print(f"verification failed: {bad}", file=sys.stderr)
        sys.exit(4)
    except (OSError, urllib.error.URLError) as fault:
        print(f"the log cannot be read: {fault}", file=sys.stderr)
        sys.exit(3)
