#!/usr/bin/env python3
"""Writes the golden vectors of ledger/FORMAT.md, independently of the C++ code.

Standard library only: hashlib has SHA-256 and keyed BLAKE2b; XChaCha20-Poly1305 and Ed25519 are written
out below from their RFCs and checked against published vectors at each run. Nothing here may be copied
from the C++ sources: the two writers agree through FORMAT.md or not at all.

  scripts/golden_vectors.py            writes tests/golden/vectors.json
  scripts/golden_vectors.py --check    exits 1 when the committed file differs

Changing a value is a change of the format.
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys

FILE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "vectors.json"


# ---- primitives

def sha256(data):
    return hashlib.sha256(data).digest()


def blake(key, data, size=32):
    return hashlib.blake2b(data, key=key, digest_size=size).digest()


def u8(v):
    return struct.pack(">B", v)


def u16(v):
    return struct.pack(">H", v)


def u32(v):
    return struct.pack(">I", v)


def u64(v):
    return struct.pack(">Q", v)


def seed(label, size=32):
    """Bytes that look random and are the same for ever."""
    return hashlib.sha512(b"lacuna golden " + label.encode()).digest()[:size]


def rotl(v, n):
    return ((v << n) | (v >> (32 - n))) & 0xFFFFFFFF


def quarter(s, a, b, c, d):
    for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] = rotl(s[z] ^ s[x], n)


def chacha_rounds(state):
    s = list(state)
    for _ in range(10):
        for i in range(4):
            quarter(s, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return s


SIGMA = struct.unpack("<4I", b"expand 32-byte k")


def hchacha(key, nonce16):
    s = chacha_rounds(SIGMA + struct.unpack("<8I", key) + struct.unpack("<4I", nonce16))
    return struct.pack("<8I", *(s[0:4] + s[12:16]))


def chacha(key, counter, nonce12, data):
    out = bytearray()
    for at in range(0, len(data), 64):
        state = SIGMA + struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce12)
        s = chacha_rounds(state)
        block = struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(s, state)))
        out += bytes(x ^ y for x, y in zip(data[at:at + 64], block))
        counter += 1
    return bytes(out)


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for at in range(0, len(data), 16):
        acc = (acc + int.from_bytes(data[at:at + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((acc + int.from_bytes(key[16:], "little")) & ((1 << 128) - 1)).to_bytes(16, "little")


def pad16(data):
    return data + b"\0" * (-len(data) % 16)


def xchacha_seal(key, nonce24, aad, plain):
    """XChaCha20-Poly1305-IETF: ciphertext and mac."""
    sub = hchacha(key, nonce24[:16])
    nonce = b"\0\0\0\0" + nonce24[16:]
    ct = chacha(sub, 1, nonce, plain)
    mac_data = pad16(aad) + pad16(ct) + struct.pack("<QQ", len(aad), len(ct))
    return ct + poly1305(chacha(sub, 0, nonce, b"\0" * 32), mac_data)


P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def ed_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def ed_mul(n, p):
    q = (0, 1, 1, 0)
    while n > 0:
        if n & 1:
            q = ed_add(q, p)
        p = ed_add(p, p)
        n >>= 1
    return q


def ed_base():
    y = 4 * pow(5, P - 2, P) % P
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x % 2 != 0:
        x = P - x
    return (x, y, 1, x * y % P)


def ed_bytes(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def ed_key(secret):
    h = hashlib.sha512(secret).digest()
    a = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return a, h[32:], ed_bytes(ed_mul(a, ed_base()))


def ed_sign(secret, message):
    a, prefix, public = ed_key(secret)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % ORDER
    big_r = ed_bytes(ed_mul(r, ed_base()))
    h = int.from_bytes(hashlib.sha512(big_r + public + message).digest(), "little") % ORDER
    return big_r + ((r + h * a) % ORDER).to_bytes(32, "little")


def check_primitives():
    """RFC 8032 7.1 test 2; draft-irtf-cfrg-xchacha A.3.1."""
    secret = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    assert ed_key(secret)[2].hex() == (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    assert ed_sign(secret, b"\x72").hex().startswith("92a009a9f0d4cab8720e820b5f642540")
    plain = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
             b"future, sunscreen would be it.")
    sealed = xchacha_seal(bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58)),
                          bytes.fromhex("50515253c0c1c2c3c4c5c6c7"), plain)
    assert sealed.hex().startswith("bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb")
    assert sealed[-16:].hex() == "c0875924c1c7987947deafd8780acf49"


def primitives():
    """Lengths around every border of SHA-256's blocks; byte i of a message is i mod 251."""
    lengths = (0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 127, 128, 129, 182, 183, 184, 191,
               192, 193, 247, 248, 256, 1000)
    message = bytes(i % 251 for i in range(1000))
    key = bytes(range(32))
    return {"sha256": [{"length": n, "hash": sha256(message[:n]).hex()} for n in lengths],
            "key": key.hex(),
            "blake2b": [{"length": n, "hash256": blake(key, message[:n]).hex(),
                         "hash128": blake(key, message[:n], 16).hex(),
                         "unkeyed256": hashlib.blake2b(message[:n], digest_size=32).hexdigest()}
                        for n in (0, 1, 127, 128, 129, 1000)]}


# ---- FORMAT 2: record and public bodies

def head(kind, flags, at, system, tag, body=b""):
    return u8(1) + u8(kind) + u8(flags) + u64(at) + u32(system) + tag + u16(len(body)) + body


def record(head_bytes, commitment, seq, prev):
    return head_bytes + commitment + u64(seq) + prev


def leaf(record_bytes):
    return sha256(b"\0" + record_bytes)


def node(left, right):
    return sha256(b"\x01" + left + right)


def mth(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node(mth(leaves[:k]), mth(leaves[k:]))


def inclusion(m, leaves):
    """PATH(m, D) of RFC 6962 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m < k:
        return inclusion(m, leaves[:k]) + [mth(leaves[k:])]
    return inclusion(m - k, leaves[k:]) + [mth(leaves[:k])]


def receipt(m, record_bytes, leaves, note):
    lines = ["c2sp.org/tlog-proof@v1", "extra " + base64.b64encode(record_bytes).decode(),
             "index %d" % m]
    lines += [base64.b64encode(h).decode() for h in inclusion(m, leaves)]
    return "\n".join(lines) + "\n\n" + note


ORIGIN = "audit.example.org/ledger"
LEDGER = seed("ledger id", 16)
SIGNING_SEED = seed("signing key")
PUBLIC = ed_key(SIGNING_SEED)[2]

BODIES = {
    "genesis": u8(1) + LEDGER + u16(len(ORIGIN)) + ORIGIN.encode() + PUBLIC,
    "register": u8(1) + u64(3),
    "consultation": u8(1) + u32(7) + u8(6) + u8(2),
    "erasureIntent": u8(1) + seed("erasure", 16) + u8(1) + u8(2) + u64(0) + u8(0) + u8(0) + u32(2),
    "erasureComplete": u8(1) + seed("erasure", 16) + u8(3) + u8(2) + u64(9) + u8(1) + u8(2) + u32(0),
    "access": u8(1) + u8(1) + u32(4) + u8(1 | 4),
    "restore": u8(1) + u64(4242) + u16(len(ORIGIN)) + ORIGIN.encode() + sha256(b"an old note\n"),
}


def record_vector(name, kind, flags, at, system, tag, body, commitment, seq, prev):
    h = head(kind, flags, at, system, tag, body)
    r = record(h, commitment, seq, prev)
    return {"name": name, "kind": kind, "flags": flags, "recordedAt": at, "system": system,
            "tag": tag.hex(), "body": body.hex(), "commitment": commitment.hex(), "seq": seq,
            "prev": prev.hex(), "head": h.hex(), "record": r.hex(), "leaf": leaf(r).hex()}


def records():
    zeros = bytes(32)
    out = [record_vector("worked example", 1, 1, 1585732353000, 3, bytes(range(16)), b"",
                         b"\xaa" * 32, 7, b"\xbb" * 32),
           record_vector("genesis", 0, 0, 1585732350000, 0, seed("tag 0", 16), BODIES["genesis"],
                         zeros, 0, zeros)]
    out.append(record_vector("register", 15, 2, 1585732351000, 0, seed("tag 1", 16), BODIES["register"],
                             sha256(b"[controller]\nid = \"example\"\n"), 1,
                             bytes.fromhex(out[1]["leaf"])))
    out.append(record_vector("erasure", 11, 1, 1585732352001, 0, seed("tag 2", 16),
                             BODIES["erasureIntent"], sha256(b"some envelope"), 2,
                             bytes.fromhex(out[2]["leaf"])))
    out.append(record_vector("largest numbers", 18, 0, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFF, b"\xff" * 16,
                             b"", zeros, 0xFFFFFFFFFFFFFFFF, b"\xff" * 32))
    return out


def chain():
    """300 records, each linked to the one before; roots and a checkpoint."""
    leaves, prev, records_ = [], bytes(32), []
    for i in range(300):
        envelope = seed("envelope %d" % i, 48)
        h = head(1, 1, 1600000000000 + i // 3, 1 + i % 5, seed("chain tag %d" % i, 16))
        r = record(h, sha256(envelope), i, prev)
        prev = leaf(r)
        leaves.append(prev)
        records_.append(r)
    sizes = [1, 2, 3, 255, 256, 257, 300]
    body = "%s\n300\n%s\n" % (ORIGIN, base64.b64encode(mth(leaves)).decode())
    key_id = sha256(ORIGIN.encode() + b"\n\x01" + PUBLIC)[:4]
    signature = base64.b64encode(key_id + ed_sign(SIGNING_SEED, body.encode())).decode()
    note = body + "\n\u2014 " + ORIGIN + " " + signature + "\n"
    return {"firstRecords": [r.hex() for r in records_[:3]], "lastLeaf": prev.hex(),
            "receipts": [{"seq": i, "record": records_[i].hex(),
                          "text": receipt(i, records_[i], leaves, note)} for i in (0, 2, 255, 299)],
            "roots": [{"size": n, "root": mth(leaves[:n]).hex()} for n in sizes],
            "signingSeed": SIGNING_SEED.hex(),
            "verifierKey": "%s+%s+%s" % (ORIGIN, key_id.hex(),
                                         base64.b64encode(b"\x01" + PUBLIC).decode()),
            "privateKey": "PRIVATE+KEY+%s+%s+%s" % (
                ORIGIN, key_id.hex(), base64.b64encode(b"\x01" + SIGNING_SEED).decode()),
            "note": note}


# ---- FORMAT 3 and 6: envelope, sealed rows, event ids

def sealed(label, lot_key, nonce, bound, plain):
    e = blake(lot_key, label + nonce + sha256(bound))
    key, commitment = blake(e, b"key"), blake(e, b"com")
    out = u8(1) + nonce + commitment + xchacha_seal(key, nonce, bound, plain)
    return {"lotKey": lot_key.hex(), "nonce": nonce.hex(), "bound": bound.hex(), "plain": plain.hex(),
            "e": e.hex(), "aeadKey": key.hex(), "keyCommitment": commitment.hex(),
            "sealed": out.hex(), "commitment": sha256(out).hex()}


def tags():
    key = seed("lot key")
    return {"lotKey": key.hex(), "tags": [
        {"ordinal": n, "tag": blake(key, b"tag" + u64(n), 16).hex()} for n in (0, 1, 255, 1 << 40)]}


def envelopes():
    lot_key = seed("lot key")
    bound = head(1, 1, 1585732353000, 3, blake(lot_key, b"tag" + u64(0), 16))
    return [sealed(b"event", lot_key, seed("nonce %d" % n, 24), bound, seed("plain %d" % n, 64) * n)
            for n in range(4)]


def rows():
    lot_key = seed("identity key")
    slot = 70000
    keys = [b"PS" + u64(slot), b"PA" + u64(slot) + u16(3), b"PT" + u64(slot) + u32(1)]
    return [sealed(b"row", lot_key, seed("row nonce %d" % i, 24), key, b"row %d" % i)
            for i, key in enumerate(keys)]


def field(number, value):
    return u8(number) + u32(len(value)) + value


def texts(values):
    return u32(len(values)) + b"".join(u32(len(v.encode())) + v.encode() for v in values)


def ids():
    """The identity key is the key of the slot's leaf 0."""
    key = seed("identity key")
    event = {"kind": "processing", "id": "0190d7c2-7c1e-7a3b-9d0e-5b1f6c1a2b3c",
             "person": ["email:jan@example.nl", "crm:100234"], "purpose": "course-admin",
             "operation": "collect", "categories": ["name", "contact"], "source": "employer:acme",
             "system": "website", "actor": "enrolment-form", "at": "2020-04-01T09:12:33Z",
             "notice": "privacy-2020-03-31", "data": {"course": "NRTO-101"}}
    canonical = (b"\0" + field(1, u8(1)) + field(2, texts(event["person"])) +
                 field(3, u64(1585732353000)) + field(4, b"website") + field(5, b"enrolment-form") +
                 field(7, b"course-admin") + field(10, texts(event["categories"])) +
                 field(11, b"employer:acme") + field(13, b"privacy-2020-03-31") +
                 field(18, b'{"course":"NRTO-101"}') + field(19, u8(1)))
    return {"identityKey": key.hex(), "id": event["id"],
            "entry": blake(key, b"id" + event["id"].encode(), 16).hex(), "event": event,
            "canonical": canonical.hex(), "content": blake(key, b"idc" + canonical, 16).hex()}


# ---- FORMAT 7.6: a list of persons

PLACES = 1 << 14


def person_list(name, members):
    """Salts, places and tokens from the secret alone; the tree level by level."""
    secret = seed("list secret " + name)
    salts = [sha256(b"lacuna list salt" + secret + u64(p)) for p in range(PLACES)]
    levels = [[sha256(b"lacuna person" + salt) for salt in salts]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([sha256(b"lacuna list node" + below[i] + below[i + 1])
                       for i in range(0, len(below), 2)])
    luck = sha256(b"lacuna list place" + secret)
    first, stride = int.from_bytes(luck[:8], "big"), int.from_bytes(luck[8:16], "big") | 1
    tokens = []
    for n in members:
        place = (first + n * stride) % PLACES
        beside = b"".join(levels[height][(place >> height) ^ 1] for height in range(14))
        token = salts[place] + u16(place) + beside
        assert len(token) == 482
        tokens.append({"n": n, "place": place, "token": token.hex()})
    return {"secret": secret.hex(), "root": levels[-1][0].hex(), "tokens": tokens}


def one_person():
    """Of a single person the record commits to the salt itself (2.1)."""
    salt = seed("person salt")
    return {"salt": salt.hex(), "commitment": sha256(b"lacuna person" + salt).hex()}


# ---- FORMAT 10: a disclosure, with an envelope whose plaintext is written by hand too

class Message:
    """One Cap'n Proto segment, from its specification of the encoding: structs, texts and lists."""

    def __init__(self, data_words, pointers):
        self.words = [b""]
        self.root = self.struct(0, data_words, pointers)

    def take(self, count):
        at = len(self.words)
        self.words += [bytes(8)] * count
        return at

    def point(self, where, at, low_bits, high):
        self.words[where] = struct.pack("<II", ((at - where - 1) << 2 | low_bits) & 0xFFFFFFFF, high)

    def struct(self, where, data_words, pointers):
        """The first word of the struct; pointer n of it stands at that plus data_words plus n."""
        at = self.take(data_words + pointers)
        self.point(where, at, 0, data_words | pointers << 16)
        return at

    def number(self, word, offset, size, value):
        self.words[word] = (self.words[word][:offset] + value.to_bytes(size, "little") +
                            self.words[word][offset + size:])

    def blob(self, where, data, element, count):
        data += bytes(-len(data) % 8)
        at = self.take(len(data) // 8)
        for i in range(0, len(data), 8):
            self.words[at + i // 8] = data[i:i + 8]
        self.point(where, at, 1, element | count << 3)

    def text(self, where, value):
        data = value.encode() + b"\0"
        self.blob(where, data, 2, len(data))

    def texts(self, where, values):
        at = self.take(len(values))
        self.point(where, at, 1, 6 | len(values) << 3)
        for i, value in enumerate(values):
            self.text(at + i, value)

    def packed(self):
        """With its segment table, packed: a tag of the bytes that are not zero, then those."""
        out = bytearray()
        words = [struct.pack("<II", 0, len(self.words))] + self.words
        at = 0
        while at < len(words):
            word = words[at]
            tag = sum(1 << i for i, byte in enumerate(word) if byte)
            out.append(tag)
            out += bytes(byte for byte in word if byte)
            at += 1
            if tag == 0:
                zeros = 0
                while at < len(words) and words[at] == bytes(8) and zeros < 255:
                    zeros, at = zeros + 1, at + 1
                out.append(zeros)
            elif tag == 0xFF:
                out.append(0)
        return bytes(out)


def stored_event(fields):
    """A StoredEvent of schemas/event.capnp. Pointers of Event: class 4, purpose 5, categories 7, notice 10, data 13."""
    message = Message(2, 11)
    root = message.root
    event = message.struct(root + 2, 5, 17)
    message.number(event, 0, 2, fields["kind"])
    message.number(event, 4, 2, fields["arm"])
    message.number(event, 6, 2, fields["choice"])
    message.number(event + 1, 0, 8, fields["at"])
    pointers = event + 5
    message.text(pointers + 5, fields["purpose"])
    message.texts(pointers + 7, fields["categories"])
    if "notice" in fields:
        message.text(pointers + 10, fields["notice"])
    if "data" in fields:
        message.text(pointers + 13, fields["data"])
    aliases = fields["aliases"]
    message.blob(root + 2 + 1, b"".join(struct.pack("<H", leaf) for leaf in aliases), 3, len(aliases))
    if "otherPersons" in fields:
        slots = fields["otherPersons"]
        message.blob(root + 2 + 2, b"".join(struct.pack("<Q", slot) for slot in slots), 5, len(slots))
    for pointer, name in ((3, "recipient"), (5, "via")):
        if name in fields:
            category, slot = fields[name]
            party = message.struct(root + 2 + pointer, 1, 1)
            message.number(party, 0, 8, slot)
            message.text(party + 1, category)
    message.number(root, 0, 8, fields["registerVersion"])
    message.text(root + 2 + 7, fields["systemId"])
    return message.packed()


COLLECTED = {"kind": 1, "arm": 1, "choice": 1, "at": 1585732353000, "purpose": "course-admin",
             "categories": ["name", "contact"], "notice": "privacy-2020-03-31",
             "data": '{"course":"NRTO-101","by":"Zo\u00eb","exact":0.10000000000000000055}',
             "aliases": [1, 3], "registerVersion": 2, "systemId": "website"}
COLLECTED_SHOWN = {
    "event": {"kind": "processing", "at": "2020-04-01T09:12:33Z", "purpose": "course-admin",
              "categories": ["name", "contact"], "notice": "privacy-2020-03-31",
              "operation": "collect", "data": COLLECTED["data"]},
    "aliases": [1, 3], "registerVersion": 2, "systemId": "website"}
SHARED = {"kind": 2, "arm": 2, "choice": 1, "at": 1585735200250, "purpose": "course-delivery",
          "categories": ["name"], "aliases": [2], "otherPersons": [17, 2**36 - 1],
          "recipient": ("teacher", 4711), "via": ("mandrill", 0), "registerVersion": 3, "systemId": "lms"}
SHARED_SHOWN = {
    "event": {"kind": "sharing", "at": "2020-04-01T10:00:00.250Z", "purpose": "course-delivery",
              "categories": ["name"], "how": "sent"},
    "recipient": {"party": "teacher", "number": 4711}, "via": "mandrill", "aliases": [2],
    "otherPersons": [17, 2**36 - 1], "registerVersion": 3, "systemId": "lms"}


def disclosures():
    """A log of five records; the second and the fourth are disclosed."""
    lot_key = seed("disclosed lot")
    opened = {1: (COLLECTED, COLLECTED_SHOWN, 1, "2020-04-01T09:12:34Z", 1585732354000),
              3: (SHARED, SHARED_SHOWN, 2, "2020-04-01T10:00:01.001Z", 1585735201001)}
    records_, leaves, made, prev = [], [], {}, bytes(32)
    for seq in range(5):
        if seq in opened:
            fields, _, kind, _, at = opened[seq]
            h = head(kind, 1, at, 3, blake(lot_key, b"tag" + u64(seq), 16))
            made[seq] = sealed(b"event", lot_key, seed("disclosed nonce %d" % seq, 24), h,
                               stored_event(fields))
            commitment = bytes.fromhex(made[seq]["commitment"])
        else:
            h = head(16, 0, 1585732353000 + seq * 10**6, 0, seed("undisclosed tag %d" % seq, 16))
            commitment = bytes(32)
        records_.append(record(h, commitment, seq, prev))
        prev = leaf(records_[-1])
        leaves.append(prev)
    body = "%s\n5\n%s\n" % (ORIGIN, base64.b64encode(mth(leaves)).decode())
    key_id = sha256(ORIGIN.encode() + b"\n\x01" + PUBLIC)[:4]
    note = body + "\n\u2014 " + ORIGIN + " " + base64.b64encode(
        key_id + ed_sign(SIGNING_SEED, body.encode())).decode() + "\n"
    key = "%s+%s+%s" % (ORIGIN, key_id.hex(), base64.b64encode(b"\x01" + PUBLIC).decode())
    out = []
    for seq, (_, shown, _, at, _) in opened.items():
        envelope = bytes.fromhex(made[seq]["sealed"])
        members = {"form": "lacuna-disclosure/1", "key": key, "seq": seq, "recordedAt": at,
                   "content": shown, "receipt": receipt(seq, records_[seq], leaves, note),
                   "envelope": base64.b64encode(envelope).decode(), "opening": made[seq]["e"]}
        out.append({"seq": seq, "key": key, "record": records_[seq].hex(), "lotKey": lot_key.hex(),
                    "nonce": made[seq]["nonce"], "plain": made[seq]["plain"],
                    "envelope": envelope.hex(), "opening": made[seq]["e"],
                    "receipt": members["receipt"],
                    "content": json.dumps(shown, ensure_ascii=False, separators=(",", ":")),
                    "text": json.dumps(members, ensure_ascii=False, indent=2) + "\n"})
    return out


# ---- FORMAT 8 and 9: key tree, pages, anchor, slot

HEIGHT, FANOUT = 12, 16
DEAD, SEED, PAGE = 0, 1, 2


def child(parent, level, index):
    """seed(level, index) from the seed of its parent (level + 1, index // 16)."""
    return blake(parent, b"kt.n1" + u8(level) + u64(index))


def tree_path(slot, leaf_no):
    top = seed("tree top")
    target = slot * 4096 + leaf_no
    steps, current = [], top
    for level in range(HEIGHT - 1, -1, -1):
        index = target // FANOUT**level
        current = child(current, level, index)
        steps.append({"level": level, "index": index, "seed": current.hex()})
    return {"top": top.hex(), "slot": slot, "leaf": leaf_no, "path": steps, "lotKey": current.hex()}


def nonce_of(key, aad, plain, luck):
    return blake(key, b"nonce" + aad + plain + luck)[:24]


def seal_tree(key, version, aad, plain, luck):
    nonce = nonce_of(key, aad, plain, luck)
    return {"key": key.hex(), "version": version, "random": luck.hex(), "aad": aad.hex(),
            "plain": plain.hex(), "nonce": nonce.hex(),
            "sealed": (u8(1) + u64(version) + nonce + xchacha_seal(key, nonce, aad, plain)).hex()}


def page(level, index, version, kinds):
    bits, keys, children = 0, b"", []
    for at, kind in enumerate(kinds):
        bits = bits << 2 | kind
        key = seed("child %d %d %d" % (level, index, at)) if kind != DEAD else b""
        keys += key
        children.append({"type": kind, "key": key.hex()})
    plain = u64(version) + u32(bits) + keys
    aad = b"kt.page1" + LEDGER + u8(level) + u64(index) + u64(version)
    out = seal_tree(seed("page key %d %d" % (level, index)), version, aad, plain,
                    seed("page luck %d %d" % (level, index)))
    out.update({"level": level, "index": index, "children": children})
    return out


def root_of(factor, holder, version):
    return blake(factor, b"kt.root1" + LEDGER + u8(holder) + u64(version) + u8(1))


def anchor(holder, version, top_type, top_key, erasure, part):
    factor = seed("factor %d" % version)
    plain = (u8(1) + u8(FANOUT) + u8(HEIGHT) + u64(version) + u8(top_type) + top_key +
             (erasure or bytes(16)) + u32(part) + u8(1 if erasure else 0) + bytes(32))
    aad = b"kt.anchor1" + LEDGER + u8(holder) + u64(version)
    out = seal_tree(root_of(factor, holder, version), version, aad, plain,
                    seed("anchor luck %d" % version))
    out.update({"holder": holder, "factor": factor.hex(), "topType": top_type,
                "topKey": top_key.hex(), "erasure": erasure.hex() if erasure else None, "part": part})
    return out


def slot(holder, version):
    """The first bytes of a slot; what follows to 4096 is random filler."""
    factor = seed("factor %d" % version)
    front = b"LKROOT01" + LEDGER + u8(holder) + bytes(7) + u64(version) + factor
    filled = front + hashlib.blake2b(front, digest_size=32).digest()
    return {"ledger": LEDGER.hex(), "holder": holder, "version": version, "factor": factor.hex(),
            "front": filled.hex(), "fillerBytes": 4096 - len(filled),
            "root": root_of(factor, holder, version).hex()}


def key_tree():
    fresh = [SEED] * FANOUT
    mixed = [SEED, DEAD, PAGE, SEED] + [DEAD] * 10 + [PAGE, SEED]
    return {
        "ledger": LEDGER.hex(),
        "paths": [tree_path(0, 0), tree_path(0, 1), tree_path(70000, 4095), tree_path(2**36 - 1, 4095)],
        "pages": [page(12, 0, 2, fresh), page(3, 70000, 9, mixed), page(1, 17920000, 2**40, fresh)],
        "anchors": [anchor(0, 1, SEED, seed("tree top"), None, 0),
                    anchor(1, 9, PAGE, seed("page key 12 0"), seed("erasure", 16), 3),
                    anchor(0, 10, DEAD, bytes(32), seed("erasure 2", 16), 0)],
        "slots": [slot(0, 1), slot(1, 9)],
    }


def vectors():
    return {
        "about": "Written by scripts/golden_vectors.py; never by hand. Bytes are hex.",
        "primitives": primitives(),
        "records": records(),
        "bodies": {name: body.hex() for name, body in BODIES.items()},
        "bodyFields": {"ledger": LEDGER.hex(), "origin": ORIGIN, "publicKey": PUBLIC.hex(),
                       "erasure": seed("erasure", 16).hex(),
                       "oldCheckpoint": sha256(b"an old note\n").hex()},
        "chain": chain(),
        "tag": tags(),
        "envelopes": envelopes(),
        "rows": rows(),
        "ids": ids(),
        "personLists": [person_list("first", [0, 1, 2, 9999]), person_list("second", [0])],
        "onePerson": one_person(),
        "disclosures": disclosures(),
        "keyTree": key_tree(),
    }


def main():
    check_primitives()
    text = json.dumps(vectors(), indent=1, ensure_ascii=True) + "\n"
    if "--check" in sys.argv[1:]:
        if not FILE.exists() or FILE.read_text() != text:
            print("tests/golden/vectors.json is not what this script writes", file=sys.stderr)
            return 1
        return 0
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
