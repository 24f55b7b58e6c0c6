#!/usr/bin/env python3
"""Version 1 of docs/FORMAT.md a second time: a reader and a writer made from that text alone.

    pip install pynacl                              # or: pip install cryptography
    python3 tests/vectors/generate_v1.py            # writes v1.json
    python3 tests/vectors/generate_v1.py --check    # verifies v1.json, and writes nothing

The first part is the reader and the writer, the second the vectors. What a vector expects is
stated there by hand, and the reader has to come to the same before anything is written. The
output is the same at every run. Vectors are appended, never changed.
"""

import base64
import hashlib
import json
import pathlib
import re
import struct
import sys

PATH = pathlib.Path(__file__).with_name("v1.json")

MAX = 253_402_300_799
NONE = 0xFFFF_FFFF
U32 = 0xFFFF_FFFF
DAY = 86_400
COOKIE_DAYS = 34_560_000
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
WS = " \t\n\r"

# The cipher ---------------------------------------------------------------------------------

try:
    from nacl.bindings import (
        crypto_aead_xchacha20poly1305_ietf_decrypt,
        crypto_aead_xchacha20poly1305_ietf_encrypt,
    )
    from nacl.exceptions import CryptoError

    def encrypt(key, nonce, aad, plaintext):
        return crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, nonce, key)

    def decrypt(key, nonce, aad, sealed):
        """The plaintext, or None where the tag does not verify."""
        try:
            return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, aad, nonce, key)
        except CryptoError:
            return None

except ImportError:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    def hchacha20(key, nonce):
        state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))

        def quarter(a, b, c, d):
            for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[x] = (state[x] + state[y]) & U32
                mixed = state[z] ^ state[x]
                state[z] = (mixed << turn | mixed >> (32 - turn)) & U32

        for _ in range(10):
            for i in range(4):
                quarter(i, 4 + i, 8 + i, 12 + i)
            for i in range(4):
                quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
        return struct.pack("<8I", *state[:4], *state[12:])

    def encrypt(key, nonce, aad, plaintext):
        inner = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
        return inner.encrypt(bytes(4) + nonce[16:], plaintext, aad)

    def decrypt(key, nonce, aad, sealed):
        """The plaintext, or None where the tag does not verify."""
        try:
            inner = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
            return inner.decrypt(bytes(4) + nonce[16:], sealed, aad)
        except InvalidTag:
            return None


# Layout -------------------------------------------------------------------------------------


class Refused(Exception):
    def __init__(self, reason, passing=False):
        super().__init__(reason)
        self.reason, self.passing = reason, passing


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64_bytes(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def u40(number):
    return number.to_bytes(5, "big")


def number(data):
    return int.from_bytes(data, "big")


def build_aad(key_id, name, audience=None, purpose=1, version=1):
    n, a = name.encode(), (audience or "").encode()
    if purpose == 3:
        a = b""
    return struct.pack(">BIBH", version, key_id, purpose, len(n)) + n + struct.pack(">H", len(a)) + a


def seal(key, key_id, nonce, aad, plaintext, version=1):
    return b64(struct.pack(">BI", version, key_id) + nonce + encrypt(key, nonce, aad, plaintext))


def pack_claims(c):
    """The claims and the extension block of a session."""
    return (
        bytes([c["flags"]])
        + u40(c["created_at"])
        + struct.pack(">IIII", c["offset"], c["lifetime"], c["idle"], c["authenticated"])
        + c["lineage"]
        + struct.pack(">H", c["generation"])
        + c["id"]
        + c["seen"].to_bytes(6, "big")
        + c["block"]
    )


def tombstone_cookie(name, lineage, limit):
    return name + "-ended-" + b64(lineage + struct.pack(">H", limit))


def bound_cookie(name, family):
    return name + "-bound-" + b64(family[:6])


def hex_key(key):
    """A key as the vectors show it, with a space in the middle."""
    middle = len(key) // 2
    return key[:middle].hex() + " " + key[middle:].hex()


def key_of(ring_entry):
    left, right = ring_entry["key_hex"].split(" ")
    assert len(left) == len(right) == 32
    return bytes.fromhex(left + right)


# Ring: which entry does what ----------------------------------------------------------------


def is_accepted(entry, now):
    return entry.get("not_after") is None or now < entry["not_after"]


def is_active(entry, now):
    not_before = entry.get("not_before")
    return is_accepted(entry, now) and (not_before is None or not_before <= now)


def sealing_place(ring, now):
    return next((i for i, e in enumerate(ring) if is_active(e, now)), None)


# Unsealing ----------------------------------------------------------------------------------


def frame(raw, ring, now):
    """Checks 1 to 7: place in the ring, key id, and the bytes."""
    if len(raw) > 4096:
        raise Refused("too_long")
    if len(raw) < 60:
        raise Refused("malformed")
    known = set(ALPHABET.encode())
    if not all(c in known for c in raw[:8]):
        raise Refused("malformed")
    head = b64_bytes(raw[:8].decode())
    if head[0] != 1:
        raise Refused("unsupported_version", passing=head[0] > 1)
    key_id = number(head[1:5])
    place = next((i for i, e in enumerate(ring) if e["id"] == key_id), None)
    if place is None:
        raise Refused("unknown_key", passing=all(key_id > e["id"] for e in ring))
    if not is_accepted(ring[place], now):
        raise Refused("retired_key")
    if not all(c in known for c in raw) or len(raw) % 4 == 1:
        raise Refused("malformed")
    sealed = b64_bytes(raw.decode())
    if b64(sealed).encode() != raw:
        raise Refused("malformed")
    return place, key_id, sealed


def authenticate(place, key_id, sealed, ring, purpose, name, audiences):
    """Check 8: the plaintext, and the place of the audience that opened it."""
    for at, audience in enumerate(audiences):
        aad = build_aad(key_id, name, audience, purpose)
        plain = decrypt(key_of(ring[place]), sealed[5:29], aad, sealed[29:])
        if plain is not None:
            return plain, at
    raise Refused("not_authentic")


def read_block(plain):
    """The extension block at the beginning of `plain`, with its length, and the types in it."""
    if len(plain) < 2:
        raise Refused("invalid_claims")
    size = number(plain[:2])
    block = plain[2 : 2 + size]
    if size < 2 or len(block) != size:
        raise Refused("invalid_claims")
    types, at = [], 0
    while at < size:
        if size - at < 2 or size - at - 2 < block[at + 1] or (types and block[at] <= types[-1]):
            raise Refused("invalid_claims")
        types.append(block[at])
        at += 2 + block[at + 1]
    return plain[: 2 + size], types


def read_claims(plain):
    """Checks 9 and 10."""
    if len(plain) < 50:
        raise Refused("invalid_claims")
    offset, lifetime, idle, authenticated = struct.unpack(">IIII", plain[6:22])
    c = {
        "flags": plain[0],
        "created_at": number(plain[1:6]),
        "offset": offset,
        "lifetime": lifetime,
        "idle": idle,
        "authenticated": authenticated,
        "lineage": plain[22:26],
        "generation": number(plain[26:28]),
        "id": plain[28:44],
        "seen": number(plain[44:50]),
        "block": b"",
    }
    types = []
    if c["flags"] & 0x60 or c["flags"] & 0x14 == 0x14:
        raise Refused("invalid_claims")
    if max(c["created_at"], c["created_at"] + offset, c["created_at"] + lifetime) > MAX:
        raise Refused("invalid_claims")
    if authenticated > offset or c["generation"] == 65535:
        raise Refused("invalid_claims")
    if c["flags"] & 0x80:
        c["block"], types = read_block(plain[50:])
    if any(t % 2 == 0 for t in types):
        raise Refused("unsupported_extension", passing=True)
    c["issued_at"] = c["created_at"] + offset
    c["payload"] = plain[50 + len(c["block"]) :]
    return c


def set_times(c, policy):
    """End, idle limit (or None) and expires_at by the policy."""
    c["end"] = c["created_at"] + min(c["lifetime"], policy["absolute_timeout"])
    sealed = None if c["idle"] == NONE else c["idle"]
    limits = [sealed] if c["flags"] & 8 else [sealed, policy["idle_timeout"]]
    c["limit"] = min((i for i in limits if i is not None), default=None)
    c["expires_at"] = c["end"] if c["limit"] is None else min(c["end"], c["issued_at"] + c["limit"])


def no_constant(name):
    raise ValueError(name)


def check_payload(payload, type):
    try:
        data = json.loads(payload.decode("utf-8"), parse_constant=no_constant)
    except (ValueError, RecursionError):
        raise Refused("payload") from None
    if type == "object" and not isinstance(data, dict):
        raise Refused("payload")


def judge(c, v, is_bound):
    """Checks 11 to 14. `is_bound` tells whether a family has a live bound cookie."""
    set_times(c, v["policy"])
    now = v["now"]
    if c["issued_at"] > now + 60:
        raise Refused("issued_in_future", passing=True)
    if now >= c["end"]:
        raise Refused("expired")
    if c["limit"] is not None and now >= c["issued_at"] + c["limit"]:
        raise Refused("idle")
    c["device"] = is_bound(c["id"][:8])
    check_payload(c["payload"], v.get("type"))


def judge_bond(c, now):
    """Check 17."""
    waits = c["flags"] & 0x10 and now < c["created_at"] + c["authenticated"] + 300
    if c["flags"] & 0x14 and not waits and not c["device"]:
        raise Refused("bound", passing=True)


def reseal_due(c, v, place, purpose, former=False):
    age, limit = max(0, v["now"] - c["issued_at"]), c["limit"]
    interval = 3600 if limit is None else min(max(60, min(3600, limit // 8)), limit // 2)
    behind = place > sealing_place(v["ring"], v["now"])
    if age >= interval and (limit is not None or behind):
        return True
    if purpose == 7:
        return False
    span = c["expires_at"] - c["issued_at"]
    if c["flags"] & 1 and limit is None and span > COOKIE_DAYS and age >= 50 * DAY:
        return True
    return former or bool(not c["flags"] & 4 and c["device"])


P = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def on_p256(x):
    square = (x**3 - 3 * x + B) % P
    return x < P and pow(pow(square, (P + 1) // 4, P), 2, P) == square


BODY_SIZES = {2: 16, 3: 16, 4: 13, 5: 14, 6: 46}


def read_body(plain, purpose, v):
    """Checks 9 and on of the other purposes; what the vectors expect, but for the key id."""
    now, name = v["now"], v["cookie_name"]
    if len(plain) != BODY_SIZES[purpose]:
        raise Refused("invalid_claims")
    if purpose == 2:
        return {"session_id": plain.hex()}
    if purpose == 3:
        lineage, limit = plain[:4], number(plain[4:6])
        ended_at, until = number(plain[6:11]), number(plain[11:])
        if not ended_at <= until <= MAX:
            raise Refused("invalid_claims")
        if now >= until:
            raise Refused("expired")
        cookie = tombstone_cookie(name, lineage, limit)
        return {"cookie": cookie, "lineage": lineage.hex(), "limit": limit, "ended_at": ended_at, "until": until}
    family, time = plain[:8], number(plain[-5:])
    if time > MAX:
        raise Refused("invalid_claims")
    if purpose == 4:
        if now >= time:
            raise Refused("expired")
        return {"cookie": bound_cookie(name, family), "family": family.hex(), "until": time}
    if purpose == 5:
        body, life = {"family": family.hex(), "kind": plain[8], "issued_at": time}, 120
        if plain[8] not in (1, 2):
            raise Refused("invalid_claims")
    else:
        body = {"family": family.hex(), "public_key": plain[8:41].hex(), "created_at": time}
        life = v["policy"]["absolute_timeout"]
        if plain[8] not in (2, 3) or not on_p256(number(plain[9:41])):
            raise Refused("invalid_claims")
    if time > now + 60:
        raise Refused("issued_in_future")
    if now >= time + life:
        raise Refused("expired")
    return body


MEMBERS = {2: "token", 3: "tombstone", 4: "bound_cookie", 5: "challenge", 6: "identifier"}


def unseal(v):
    """What the vector `v` comes to."""
    purpose = v.get("purpose", 1)
    place, key_id, sealed = frame(v["value"].encode(), v["ring"], v["now"])
    plain, _ = authenticate(place, key_id, sealed, v["ring"], purpose, v["cookie_name"], [v["audience"]])
    if purpose not in (1, 7):
        return {MEMBERS[purpose]: read_body(plain, purpose, v) | {"key_id": key_id}}
    c = read_claims(plain)
    if purpose == 7 and c["flags"] & 0x14:
        raise Refused("invalid_claims")
    families = v.get("bound_families", [])
    judge(c, v, lambda family: family.hex() in families)
    judge_bond(c, v["now"])
    unknown = c["flags"] & 2 and not c["authenticated"]
    return {
        "claims": {
            "created_at": c["created_at"],
            "issued_at": c["issued_at"],
            "authenticated_at": None if unknown else c["created_at"] + c["authenticated"],
            "expires_at": c["expires_at"],
            "persistent": bool(c["flags"] & 1),
            "creation_known": not c["flags"] & 2,
            "bound": bool(c["flags"] & 4),
            "session_id": c["id"].hex(),
            "family": c["id"][:8].hex(),
            "key_id": key_id,
            "payload": c["payload"].decode(),
            "reseal_due": reseal_due(c, v, place, purpose),
        }
    }


def seal_again(v):
    """What a writer makes of `expect` and `sealed` of a vector: its value."""
    purpose, sealed = v.get("purpose", 1), v["sealed"]
    ((kind, e),) = v["expect"].items()
    if purpose in (1, 7):
        block = bytes.fromhex(sealed["extension"] or "")
        since = e["created_at"]
        plain = pack_claims({
            "flags": e["persistent"] | (not e["creation_known"]) << 1 | e["bound"] << 2
            | sealed["own_idle"] << 3 | sealed["awaits_binding"] << 4 | bool(block) << 7,
            "created_at": since,
            "offset": e["issued_at"] - since,
            "lifetime": sealed["lifetime"],
            "idle": NONE if sealed["idle"] is None else sealed["idle"],
            "authenticated": 0 if e["authenticated_at"] is None else e["authenticated_at"] - since,
            "lineage": bytes.fromhex(sealed["lineage"]),
            "generation": sealed["generation"],
            "id": bytes.fromhex(e["session_id"]),
            "seen": sealed["seen"],
            "block": block,
        }) + e["payload"].encode()
    elif purpose == 2:
        plain = bytes.fromhex(e["session_id"])
    elif purpose == 3:
        plain = bytes.fromhex(e["lineage"]) + struct.pack(">H", e["limit"]) + u40(e["ended_at"]) + u40(e["until"])
    elif purpose == 4:
        plain = bytes.fromhex(e["family"]) + u40(e["until"])
    elif purpose == 5:
        plain = bytes.fromhex(e["family"]) + bytes([e["kind"]]) + u40(e["issued_at"])
    else:
        plain = bytes.fromhex(e["family"] + e["public_key"]) + u40(e["created_at"])
    aad = build_aad(e["key_id"], v["cookie_name"], v["audience"], purpose)
    assert aad.hex() == sealed["aad"], v["name"]
    key = key_of(next(x for x in v["ring"] if x["id"] == e["key_id"]))
    return seal(key, e["key_id"], bytes.fromhex(sealed["nonce"]), aad, plain)


# Cookie headers -----------------------------------------------------------------------------


def accepted_names(v):
    former = v.get("former_names", [])
    return [v["cookie_name"]] + [f["name"] for f in former if v["now"] < f["until"]]


def accepted_audiences(v):
    former = v.get("former_audiences", [])
    return [v["audience"]] + [f["audience"] for f in former if v["now"] < f["until"]]


def parse_cookies(headers):
    pairs = []
    for header in headers:
        for pair in header.encode("latin-1").split(b";"):
            name, equals, value = pair.strip(b" \t").partition(b"=")
            if equals and name:
                pairs.append((name, value))
    return pairs


class Helper:
    """A tombstone or a bound cookie of the request, which is opened when it is needed."""

    def __init__(self, v, name, kind, tail, value):
        self.v, self.name, self.purpose = v, name, 3 if kind == "ended" else 4
        self.said, self.value, self.cookie = b64_bytes(tail), value, f"{name}-{kind}-{tail}"
        self.body, self.wants_key = None, False

    def ends(self):
        """Whether a tombstone counts: where the key is not here its name says enough."""
        return bool(self.open()) or self.wants_key

    def open(self):
        """Its body, or None where it was not opened or is not live."""
        if self.body is None:
            try:
                v = self.v
                place, key_id, sealed = frame(self.value, v["ring"], v["now"])
                audiences = [None] if self.purpose == 3 else accepted_audiences(v)
                plain, _ = authenticate(place, key_id, sealed, v["ring"], self.purpose, self.name, audiences)
                body = read_body(plain, self.purpose, v | {"cookie_name": self.name})
                self.body = body if body["cookie"] == self.cookie else False
            except Refused as refused:
                self.body = False
                self.wants_key = refused.reason in ("unsupported_version", "unknown_key", "retired_key")
        return self.body or None


def read_cookies(v):
    names = accepted_names(v)
    values = {name: [] for name in names}
    helpers = []
    shape = re.compile(r"(.+)-(ended|bound)-([A-Za-z0-9_-]{8})", re.DOTALL)
    for name, value in parse_cookies(v["headers"]):
        name = name.decode("latin-1")
        if name in values:
            values[name].append(value)
        elif (m := shape.fullmatch(name)) and m[1] in values:
            helpers.append(Helper(v, m[1], m[2], m[3], value))
    tombstones = [h for h in helpers if h.purpose == 3]
    bound = [h for h in helpers if h.purpose == 4]

    def is_bound(family):
        if not v.get("binding"):
            return False
        bodies = [h.open() for h in [h for h in bound if h.said == family[:6]][:8]]
        return any(body and body["family"] == family.hex() for body in bodies)

    candidates, passing, lineages, winner, best = [], False, set(), None, None
    for name in names:
        opened = 0
        for at, value in enumerate(values[name]):
            candidate = {"cookie": name, "result": "live"}
            candidates.append(candidate)
            lineage = None
            try:
                if at >= 64 or opened >= 8:
                    raise Refused("not_read")
                place, key_id, sealed = frame(value, v["ring"], v["now"])
                opened += 1
                plain, audience = authenticate(
                    place, key_id, sealed, v["ring"], 1, name, accepted_audiences(v)
                )
                c = read_claims(plain)
                lineage = c["lineage"]
                judge(c, v, is_bound)
                matching = [t for t in tombstones
                            if t.said[:4] == lineage and c["generation"] <= number(t.said[4:])]
                if len(matching) > 8:
                    candidate["ended_by"] = []
                    raise Refused("ended")
                ended_by = sorted({t.cookie for t in matching if t.ends()}, key=str.encode)
                if ended_by:
                    candidate["ended_by"] = ended_by
                    raise Refused("ended")
                judge_bond(c, v["now"])
                if best is None or c["issued_at"] > best["issued_at"] or (
                    c["issued_at"] == best["issued_at"] and name == best["name"]
                ):
                    former = name != v["cookie_name"] or audience > 0
                    winner, best = len(candidates) - 1, c | {"name": name}
                    due = reseal_due(c, v, place, 1, former)
            except Refused as refused:
                candidate["result"] = refused.reason
                passing = passing or refused.passing
            lineages.add(lineage)
    old = [t for t in tombstones if t.open() and v["now"] >= t.open()["ended_at"] + 600]
    return {
        "candidates": candidates,
        "winner": winner,
        "reseal_due": winner is not None and due,
        "passing": passing and winner is None,
        "collectable": [] if None in lineages else sorted(
            {t.cookie for t in old if t.said[:4] not in lineages}, key=str.encode
        ),
    }


# Re-seal ------------------------------------------------------------------------------------


def reseal(v):
    name, families = v.get("cookie", v["cookie_name"]), v.get("bound_families", [])
    assert name in accepted_names(v)
    ring, now = v["ring"], v["now"]
    try:
        place, key_id, sealed = frame(v["value"].encode(), ring, now)
        plain, audience = authenticate(place, key_id, sealed, ring, 1, name, accepted_audiences(v))
        c = read_claims(plain)
        judge(c, v, lambda family: family.hex() in families)
        judge_bond(c, now)
    except Refused as refused:
        return {"refused": refused.reason}
    if not reseal_due(c, v, place, 1, name != v["cookie_name"] or audience > 0):
        return {"due": False}
    under = ring[min(place, sealing_place(ring, now))]
    c["offset"] = max(now, c["issued_at"]) - c["created_at"]
    c["issued_at"] = c["created_at"] + c["offset"]
    c["flags"] = c["flags"] & ~0x10 | 4 if c["device"] else c["flags"]
    payload = c["payload"]
    if "pad_to" in v:
        step = v["pad_to"]
        most = (4096 - len(v["cookie_name"])) * 3 // 4 - 95 - len(c["block"])
        payload = payload.ljust(min(-(-len(payload) // step) * step, most))
    set_times(c, v["policy"])
    aad = build_aad(under["id"], v["cookie_name"], v["audience"])
    value = seal(key_of(under), under["id"], bytes.fromhex(v["nonce"]), aad, pack_claims(c) + payload)
    assert len(v["cookie_name"]) + len(value) <= 4096, v["name"]
    return {
        "due": True,
        "value": value,
        "aad": aad.hex(),
        "key_id": under["id"],
        "max_age": min(c["expires_at"] - now, COOKIE_DAYS) if c["flags"] & 1 else None,
    }


# Keys ---------------------------------------------------------------------------------------

PUBLISHED = [bytes(range(n, n + 32)) for n in range(0, 256, 32)]
RUNS = [
    "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "1234567890",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_", "0123456789abcdef",
    "qwertyuiop", "asdfghjkl", "zxcvbnm", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM",
]
PROSE = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz .,'-!?;")


def runs_only(text):
    """Whether the text is nothing but pieces of alphabets and keyboard rows, of 4 and more."""
    at = 0
    while at < len(text):
        most = 0
        for run in RUNS + [run[::-1] for run in RUNS]:
            start = run.find(text[at])
            if start >= 0:
                length = 0
                for a, b in zip(text[at:], run[start:]):
                    if a != b:
                        break
                    length += 1
                most = max(most, length)
        if most < min(4, len(text) - at):
            return False
        at += most
    return True


def guessable(key):
    steps = {(b - a) % 256 for a, b in zip(key, key[1:])}
    return (
        any(key[p:] == key[:-p] for p in range(1, 17))
        or len(set(key)) <= 12
        or len(steps) == 1
        or len(set(key[::2])) <= 3
        or len(set(key[1::2])) <= 3
        or key.isalnum() and key.isascii()
        or all(c in PROSE for c in key)
        or any(runs_only(text) for text in (key.decode("latin-1"), key.hex(), b64(key)))
    )


def check_key(key):
    if len(key) != 32:
        raise Refused("not_a_key")
    if key in PUBLISHED:
        raise Refused("published_key")
    if guessable(key):
        raise Refused("weak_key")
    return key


def read_key(text):
    text = text.strip(WS)
    if re.fullmatch("[0-9A-Fa-f]{64}", text):
        return check_key(bytes.fromhex(text))
    m = re.fullmatch("([A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?", text)
    if not m:
        raise Refused("not_a_key")
    url = m[1].replace("+", "-").replace("/", "_")
    if b64(b64_bytes(url)) != url:
        raise Refused("not_a_key")
    return check_key(b64_bytes(url))


def key_result(k):
    try:
        if "text" in k:
            return {"key_hex": hex_key(read_key("".join(k["text"])))}
        return {"key_hex": hex_key(check_key(bytes.fromhex(k["bytes"])))}
    except Refused as refused:
        return {"refused": refused.reason}


# Rings --------------------------------------------------------------------------------------

TIME = re.compile(
    "([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.[0-9]+)?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)


def read_time(text, reason="time"):
    m = TIME.fullmatch(text)
    if not m:
        raise Refused(reason)
    year, month, day, hour, minute, second, ahead, behind = (int(m[i] or 0) for i in (1, 2, 3, 4, 5, 6, 8, 9))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    months = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    good = 1 <= month <= 12 and 1 <= day <= months[month - 1] and hour < 24 and minute < 60 and second < 60
    if not good or ahead > 23 or behind > 59 or m[7] == "-" and ahead == behind == 0:
        raise Refused(reason)
    before = year - 1
    days = 365 * year + before // 4 - before // 100 + before // 400 + 1 if year else 0
    days += sum(months[: month - 1]) + day - 1 - 719_528
    offset = (ahead * 60 + behind) * 60 * (-1 if m[7] == "-" else 1)
    time = days * DAY + hour * 3600 + minute * 60 + second - offset
    if time > MAX:
        raise Refused(reason)
    return max(0, time)


def read_id(text, reason="key_id"):
    if not re.fullmatch("[0-9]+", text) or int(text) > U32:
        raise Refused(reason)
    return int(text)


def read_span(text, reason="span"):
    m = re.fullmatch("([0-9]+)([smhd])", text)
    if not m or not 1 <= int(m[1]) * {"s": 1, "m": 60, "h": 3600, "d": DAY}[m[2]] < U32:
        raise Refused(reason)


def read_entry(text):
    text = text.strip(WS)
    left, colon, key = text.rpartition(":")
    if not colon:
        raise Refused("entry")
    id, at, time = left.partition("@")
    return {
        "id": read_id(id),
        "key": read_key(key),
        "not_before": read_time(time.strip(WS)) if at else None,
        "not_after": None,
    }


def read_setting(text, settings):
    name, equals, value = text.partition("=")
    readers = {"last-id": read_id, "key-count": read_id, "rotated-at": read_time, "absolute-timeout": read_span}
    if name in settings:
        raise Refused("setting")
    if name == "no-takeover" and not equals:
        settings[name] = True
    elif name in readers and equals:
        settings[name] = readers[name](value, "setting")
    else:
        raise Refused("setting")


def read_ring_text(text):
    settings, entries = {}, []
    for part in text.strip(WS).split(",") if text.strip(WS) else []:
        part = part.strip(WS)
        if not entries and (part == "no-takeover" or re.match("[^:@]*=", part.split(":")[0])):
            read_setting(part, settings)
        else:
            entries.append(read_entry(part))
    return settings, entries


def has_type(value, *types):
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def json_id(value):
    if not has_type(value, int):
        raise Refused("json")
    return read_id(str(value))


def json_time(value):
    if value is None:
        return None
    if not has_type(value, str):
        raise Refused("json")
    return read_time(value)


def json_entry(value):
    if has_type(value, str):
        return read_entry(value)
    if not isinstance(value, dict) or value.keys() - {"id", "key", "not_before", "not_after"}:
        raise Refused("json")
    if not has_type(value.get("key"), str) or not has_type(value.get("id"), int, str):
        raise Refused("json")
    return {
        "id": read_id(str(value["id"])),
        "key": read_key(value["key"]),
        "not_before": json_time(value.get("not_before")),
        "not_after": json_time(value.get("not_after")),
    }


def no_twins(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a member stands twice")
    return dict(pairs)


def read_ring_json(text):
    try:
        data = json.loads(text, object_pairs_hook=no_twins, parse_constant=no_constant)
    except ValueError:
        raise Refused("json") from None
    if not isinstance(data, dict):
        data = {"keys": data}
    if data.keys() - {"keys", "no_takeover", "last_id", "key_count", "rotated_at", "absolute_timeout"}:
        raise Refused("json")
    settings, keys = {}, data.pop("keys", None)
    for name, value in data.items():
        if value is None:
            continue
        if name == "no_takeover":
            if not isinstance(value, bool):
                raise Refused("json")
        elif name == "rotated_at":
            json_time(value)
        elif name == "absolute_timeout":
            if has_type(value, int):  # It has no unit.
                raise Refused("span")
            if not has_type(value, str):
                raise Refused("json")
            read_span(value)
        else:
            json_id(value)
        settings[name.replace("_", "-")] = value
    if has_type(keys, str):
        inner, entries = read_ring_text(keys)
        if inner.keys() & settings.keys():
            raise Refused("setting")
        return settings | inner, entries
    if not isinstance(keys, list):
        raise Refused("json")
    return settings, [json_entry(e) for e in keys]


def read_ring(r):
    text, now = "".join(r["text"]), r["now"]
    settings, entries = (read_ring_text if r["form"] == "text" else read_ring_json)(text)
    if not entries:
        raise Refused("empty_ring")
    if settings.get("key-count", len(entries)) != len(entries):
        raise Refused("key_count")
    if len({e["id"] for e in entries}) < len(entries):
        raise Refused("duplicate_id")
    if len({e["key"] for e in entries}) < len(entries):
        raise Refused("duplicate_key")
    times = [now]
    for e in entries:
        if None not in (e["not_before"], e["not_after"]) and e["not_after"] <= e["not_before"]:
            raise Refused("empty_window")
        times += [t for t in (e["not_before"], e["not_after"]) if t is not None and t > now]
    if any(sealing_place(entries, t) is None for t in times):
        raise Refused("no_sealing_key")
    return {
        "entries": [
            {"id": e["id"], "key_hex": hex_key(e["key"]), "not_before": e["not_before"], "not_after": e["not_after"]}
            for e in entries
        ],
        "no_takeover": settings.get("no-takeover", False),
        "last_id": settings.get("last-id"),
        "sealing": entries[sealing_place(entries, now)]["id"],
        "accepted": [e["id"] for e in entries if is_accepted(e, now)],
    }


# Verifying ----------------------------------------------------------------------------------

READER = {"ring", "cookie_name", "audience", "policy", "now"}
FORMER = {"former_names", "former_audiences"}
SHAPES = {
    # Members that are always there, and those that may be.
    "vectors": (READER | {"value", "expect"}, {"type", "purpose", "bound_families", "sealed"}),
    "keys": ({"expect"}, {"text", "bytes", "should"}),
    "rings": ({"form", "text", "now", "expect"}, set()),
    "cookies": (READER | {"headers", "expect"}, FORMER | {"type", "binding"}),
    "reseals": (
        READER | {"value", "nonce", "expect"},
        FORMER | {"type", "cookie", "bound_families", "pad_to"},
    ),
}


def refused_or(read, v, member=None):
    try:
        return {member: read(v)} if member else read(v)
    except Refused as refused:
        return {"refused": refused.reason}


def verify(group, v):
    required, optional = SHAPES[group]
    members = v.keys() - {"name"}
    assert required <= members <= required | optional, (v["name"], members)
    got = {
        "vectors": lambda: refused_or(unseal, v),
        "keys": lambda: key_result(v),
        "rings": lambda: refused_or(read_ring, v, "ring"),
        "cookies": lambda: read_cookies(v),
        "reseals": lambda: reseal(v),
    }[group]()
    assert got == v["expect"], f"{group}: {v['name']}\n     got {got}\nexpected {v['expect']}"
    if group == "vectors":
        assert ("sealed" in v) != ("refused" in v["expect"]), v["name"]
        if "sealed" in v:
            assert seal_again(v) == v["value"], f"another value: {v['name']}"
    if group == "keys":
        assert ("text" in v) != ("bytes" in v), v["name"]


def verify_all(document):
    assert list(document) == ["version", *SHAPES] and document["version"] == 1
    for group in SHAPES:
        names = [v["name"] for v in document[group]]
        assert len(set(names)) == len(names), group
        for v in document[group]:
            verify(group, v)


# The vectors ================================================================================


def digest(text, length):
    return hashlib.sha256(text.encode()).digest()[:length]


NOW = 1_800_000_000
NAME = "__Host-session"
KEY1, KEY2, KEY3, KEY4 = (digest(f"sealed-session vector key {n}", 32) for n in (1, 2, 3, 4))
EXAMPLE_PAYLOAD = '{"user":42,"roles":["admin"]}'
ALL = {group: [] for group in SHAPES}


def add(group, v):
    assert v["name"] not in {other["name"] for other in ALL[group]}, v["name"]
    verify(group, v)
    ALL[group].append(v)


def entry(id, key, **window):
    return {"id": id, "key_hex": hex_key(key), **window}


ONE_KEY = [entry(1, KEY1)]
TWO_KEYS = [entry(2, KEY2), entry(1, KEY1)]


def reader(ring, cookie_name, audience, absolute_timeout, idle_timeout, now, type):
    common = {
        "ring": ring or ONE_KEY,
        "cookie_name": cookie_name,
        "audience": audience,
        "policy": {"absolute_timeout": absolute_timeout, "idle_timeout": idle_timeout},
        "now": now,
    }
    return common | ({} if type is None else {"type": type})


def block_of(*entries):
    """An extension block of (type, bytes)."""
    body = b"".join(bytes([t, len(data)]) + data for t, data in entries)
    return struct.pack(">H", len(body)) + body


def session_plaintext(label, *, flags, created_at, offset, lifetime, idle, authenticated, lineage, generation, id,
                      seen, block, payload):
    claims = {
        "flags": flags,
        "created_at": created_at,
        "offset": offset,
        "lifetime": lifetime,
        "idle": NONE if idle is None else idle,
        "authenticated": authenticated,
        "lineage": digest("lineage of " + label, 4) if lineage is None else lineage,
        "generation": generation,
        "id": digest("session id of " + label, 16) if id is None else id,
        "seen": seen,
        "block": block or b"",
    }
    payload = payload.encode() if isinstance(payload, str) else payload
    return claims, pack_claims(claims) + payload


def case(
    name,
    refused=None,
    *,
    ring=None,
    cookie_name=NAME,
    audience=None,
    absolute_timeout=14 * DAY,
    idle_timeout=None,
    now=NOW,
    type=None,
    purpose=1,
    bound_families=None,
    value=None,
    # What is sealed, by default what the reader above asks for.
    key=KEY1,
    key_id=1,
    sealed_name=None,
    sealed_audience="same",
    sealed_purpose=None,
    aad_version=1,
    aad=None,
    flags=1,
    created_at=None,
    offset=0,
    lifetime=14 * DAY,
    idle=None,
    authenticated=0,
    lineage=None,
    generation=0,
    id=None,
    seen=0,
    block=None,
    payload=EXAMPLE_PAYLOAD,
    cut=None,
    body=None,
    tamper=None,
    # What a good one comes to.
    expires_at=None,
    reseal_due=False,
    expect=None,
):
    """A session, or with `body` a value of another purpose, with `expect` of its own members."""
    nonce = digest("nonce of " + name, 24)
    created_at = now if created_at is None else created_at
    flags |= 0x80 if block is not None else 0
    claims, plain = session_plaintext(
        name, flags=flags, created_at=created_at, offset=offset, lifetime=lifetime, idle=idle,
        authenticated=authenticated, lineage=lineage, generation=generation, id=id, seen=seen,
        block=block, payload=payload,
    )
    if aad is None:
        aad = build_aad(
            key_id,
            cookie_name if sealed_name is None else sealed_name,
            audience if sealed_audience == "same" else sealed_audience,
            sealed_purpose or purpose,
            aad_version,
        )
    if value is None:
        value = seal(key, key_id, nonce, aad, (plain if body is None else body)[:cut])
        if tamper is not None:
            value = tamper(value)
    v = {"name": name} | reader(ring, cookie_name, audience, absolute_timeout, idle_timeout, now, type)
    if purpose != 1:
        v["purpose"] = purpose
    if bound_families is not None:
        v["bound_families"] = [f.hex() for f in bound_families]
    v["value"] = value
    if refused is not None:
        v["expect"] = {"refused": refused}
    elif body is not None:
        v["expect"] = {MEMBERS[purpose]: expect | {"key_id": key_id}}
        v["sealed"] = {"nonce": nonce.hex(), "aad": aad.hex()}
    else:
        v["expect"] = {
            "claims": {
                "created_at": created_at,
                "issued_at": created_at + offset,
                "authenticated_at": None if flags & 2 and not authenticated else created_at + authenticated,
                "expires_at": created_at + lifetime if expires_at is None else expires_at,
                "persistent": bool(flags & 1),
                "creation_known": not flags & 2,
                "bound": bool(flags & 4),
                "session_id": claims["id"].hex(),
                "family": claims["id"][:8].hex(),
                "key_id": key_id,
                "payload": payload if isinstance(payload, str) else payload.decode(),
                "reseal_due": reseal_due,
            }
        }
        v["sealed"] = {
            "nonce": nonce.hex(),
            "aad": aad.hex(),
            "lifetime": lifetime,
            "idle": idle,
            "own_idle": bool(flags & 8),
            "awaits_binding": bool(flags & 0x10),
            "lineage": claims["lineage"].hex(),
            "generation": generation,
            "seen": seen,
            "extension": None if block is None else block.hex(),
        }
    add("vectors", v)


def flip(offset, bit=0):
    """One bit of the sealed bytes, `offset` from the start or, negative, from the end."""

    def tamper(value):
        data = bytearray(b64_bytes(value))
        data[offset] ^= 1 << bit
        return b64(bytes(data))

    return tamper


def text_of(length):
    """A JSON object of `length` bytes."""
    frame = '{"text":""}'
    fill = "The quick brown fox jumps over the lazy dog. "
    room = length - len(frame)
    return '{"text":"' + (fill * (room // len(fill) + 1))[:room] + '"}'


def set_char(at, char):
    return lambda value: value[:at] + char + value[at + 1 :]


def set_trailing_bits(value):
    assert len(value) % 4 in (2, 3)
    return value[:-1] + ALPHABET[ALPHABET.index(value[-1]) + 1]


# vectors: sessions that are live ------------------------------------------------------------

case("example", created_at=NOW - 900, offset=900, idle=1800, idle_timeout=1800, authenticated=600,
     generation=1, seen=7, expires_at=NOW + 1800)
TOMBSTONE_LINEAGE = digest("lineage of example", 4)


def pack_tombstone(lineage, limit, ended_at, until):
    return lineage + struct.pack(">H", limit) + u40(ended_at) + u40(until)


def tombstone(name, refused=None, *, lineage=TOMBSTONE_LINEAGE, limit=1, ended_at=NOW, until=NOW + 14 * DAY + 600,
              cookie_name=NAME, **rest):
    expect = {
        "cookie": cookie_name + "-ended-" + b64(lineage + struct.pack(">H", limit)),
        "lineage": lineage.hex(), "limit": limit, "ended_at": ended_at, "until": until,
    }
    rest = {"body": pack_tombstone(lineage, limit, ended_at, until)} | rest
    case(name, refused, purpose=3, cookie_name=cookie_name, expect=expect, **rest)


tombstone("tombstone")
# Both stand in full in the document.
assert [v["value"] for v in ALL["vectors"]] == [
    "AQAAAAELe9hxjv4uSgbrsle0DVF-XO5I3OgJmMXo-pla7yNAnhkFA8okTiffKL0aA7y8HyQz5lOWL-LvV5Ts3XDNNGhp8zKbqj0rGbBHVIybWH3vmG9L"
    "RCUWWgnREu_04BGz5f4jy17rDQiKQv3FHhPnyRIDdty7Id1bcQ",
    "AQAAAAEccd5Lv41AuED0cJyTuAxoMIE1-B6XlsTUdWlFE8ogOrYY6mzPGpBY56vXGKPC2tyaJufZKdbsAA",
]
assert ALL["vectors"][1]["expect"]["tombstone"]["cookie"] == "__Host-session-ended-MSZpuAAB"

case("payload_of_1_byte", payload="0")
case("payload_of_2_bytes", payload="{}")
case("payload_null", payload="null")
case("payload_true", payload="true")
case("payload_false", payload="false")
case("payload_string", payload='"a"')
case("payload_empty_string", payload='""')
case("payload_array", payload="[1,2,3]")
case("payload_numbers", payload="[-0,0.5,-1.25,1e3,1E+2,1e-2,9007199254740991,-9007199254740991]")
case("payload_integers_of_64_bits", payload="[18446744073709551615,-9223372036854775808]")
for n in (100, 101, 102, 300, 1000, 2900):
    case(f"payload_of_{n}_bytes", payload=text_of(n))
case("name_and_value_of_4096_bytes", payload=text_of(2966))
case("value_of_4096_characters", payload=text_of(2977))
case("payload_unicode", payload='{"name":"Žofie 李 😀","clef":"\\ud834\\udd1e"}')
case("payload_last_code_point", payload='"\U0010ffff"')
case("payload_with_control_escapes", payload='{"text":"\\u0000\\n\\"\\\\\\/\\b\\f\\r\\t"}')
case("payload_with_a_delete_character", payload='"\x7f"')
case("payload_with_an_empty_member_name", payload='{"":0}')
case("payload_followed_by_one_space", payload=EXAMPLE_PAYLOAD + " ")
case("payload_padded_to_256_bytes", payload=EXAMPLE_PAYLOAD.ljust(256))
case("payload_with_white_space_around", payload=' \t\r\n{"user":42}\n\r\t ')
case("payload_with_white_space_within", payload='{ "user"\t:\r\n[ 42 , 43 ] }')
case("payload_of_arrays_127_deep", payload="[" * 127 + "]" * 127)
case("payload_of_objects_127_deep", payload='{"a":' * 126 + "{}" + "}" * 126)
case("payload_object_where_an_object_is_asked_for", type="object", payload='{"user":42}')
case("payload_object_in_white_space_where_an_object_is_asked_for", type="object", payload="\n{} ")

case("name_without_prefix", cookie_name="session")
case("name_of_one_byte", cookie_name="s")
case("name_of_255_bytes", cookie_name="__Host-" + "n" * 248)
case("name_of_every_token_character", cookie_name="!#$%&'*+-.^_`|~09AZaz")
case("name_with_secure_prefix", cookie_name="__Secure-session")
case("name_with_http_prefix", cookie_name="__Http-session")
case("name_with_host_http_prefix", cookie_name="__Host-Http-session")
case("audience", audience="shop.example")
case("audience_of_one_byte", audience="a")
case("audience_of_255_bytes", audience="a" * 255)
case("audience_of_255_bytes_in_fewer_characters", audience="ž" * 127 + "a")
case("audience_unicode", audience="tenant-ž")
case("audience_of_a_space", audience=" ")
case("name_ab_audience_c", cookie_name="ab", audience="c")
case("name_a_audience_bc", cookie_name="a", audience="bc")

case("persistent", flags=1)
case("browser_session", flags=0)
case("browser_session_with_idle", flags=0, idle=1800, idle_timeout=1800, expires_at=NOW + 1800)

case("key_id_0", key_id=0, ring=[entry(0, KEY1)])
case("key_id_4294967295", key_id=4294967295, ring=[entry(4294967295, KEY1)])
case("key_id_of_four_different_bytes", key_id=0x01020304, ring=[entry(0x01020304, KEY1)])
case("first_key_of_two", key=KEY2, key_id=2, ring=TWO_KEYS)
case("second_key_of_two", ring=TWO_KEYS)
case("third_key_of_three", ring=[entry(7, KEY3), entry(2, KEY2), entry(1, KEY1)])
case("order_of_the_ring_is_not_that_of_the_ids", key=KEY2, key_id=2, ring=[entry(1, KEY1), entry(2, KEY2)])
case("key_before_its_not_before", key=KEY2, key_id=2, ring=[entry(2, KEY2, not_before=NOW + 1), entry(1, KEY1)])
case("key_on_the_second_before_its_not_after", ring=[entry(2, KEY2), entry(1, KEY1, not_after=NOW + 1)])

# Claims.
case("lineage_of_zeros", lineage=bytes(4))
case("lineage_of_ones", lineage=b"\xff" * 4)
case("generation_65534", generation=65534)
case("generation_of_two_different_bytes", generation=0x0102)
case("session_id_of_zeros", id=bytes(16))
case("session_id_of_ones", id=b"\xff" * 16)
case("session_id_of_sixteen_different_bytes", id=bytes(range(1, 17)))
case("seen_281474976710655", seen=2**48 - 1)
case("seen_of_six_different_bytes", seen=0x010203040506)
case("created_at_of_five_different_bytes", now=0x0201020304, created_at=0x0201020304)
case("authenticated_when_it_was_issued", created_at=NOW - 900, offset=900, authenticated=900)
case("authenticated_a_second_before_it_was_issued", created_at=NOW - 900, offset=900, authenticated=899)
case("offsets_of_four_different_bytes", created_at=NOW - 0x01020304, offset=0x01020304, authenticated=0x01010203,
     lifetime=0x0A0B0C0D, absolute_timeout=0x0A0B0C0D)
case("creation_unknown", flags=3, created_at=NOW - 900, offset=900)
case("creation_unknown_in_a_browser_session", flags=2, idle=600, expires_at=NOW + 600)
case("creation_unknown_and_authenticated_a_second_later", flags=3, created_at=NOW - 900, offset=900, authenticated=1)
case("creation_known_and_never_authenticated_again", created_at=NOW - 900, offset=900)

# Extension blocks.
case("extension_of_an_odd_type", block=block_of((1, b"abc")))
case("extension_of_an_odd_type_without_bytes", block=block_of((1, b"")))
case("extension_of_type_255", block=block_of((255, b"abc")))
case("extensions_of_two_odd_types", block=block_of((3, b"abc"), (5, b"")))
case("extension_of_255_bytes", block=block_of((1, b"a" * 255)))
case("extensions_of_every_odd_type", block=block_of(*((t, b"") for t in range(1, 256, 2))))
case("extensions_of_more_than_255_bytes", block=block_of((1, b"a" * 200), (3, b"b" * 200)))
case("extension_that_looks_like_a_payload", block=block_of((1, b'{"user":1}')), payload='{"user":2}')
case("extension_in_a_bound_session", flags=5, block=block_of((1, b"abc")),
     bound_families=[digest("session id of extension_in_a_bound_session", 8)])
case("all_flags_of_version_1", flags=0x0F, idle=600, block=block_of((1, b"")), expires_at=NOW + 600,
     bound_families=[digest("session id of all_flags_of_version_1", 8)])

# Times.
case("last_live_second_of_the_lifetime", lifetime=600, created_at=NOW - 599)
case("last_live_second_of_the_shortest_lifetime", lifetime=1)
case("last_live_second_of_a_shorter_policy", absolute_timeout=600, created_at=NOW - 599, expires_at=NOW + 1)
case("longer_policy_does_not_prolong", lifetime=600, absolute_timeout=4294967294, created_at=NOW - 599)
case("longest_lifetime_and_policy", lifetime=4294967294, absolute_timeout=4294967294, created_at=NOW - 1000, offset=1000)
case("lifetime_4294967295_has_no_special_meaning", lifetime=4294967295, absolute_timeout=4294967294,
     expires_at=NOW + 4294967294)
case("lifetime_of_0_created_a_second_ahead", lifetime=0, created_at=NOW + 1)
case("last_live_second_of_idle", idle=600, idle_timeout=600, created_at=NOW - 1599, offset=1000,
     expires_at=NOW + 1, reseal_due=True)
case("last_live_second_of_a_shorter_policy_idle", idle=3600, idle_timeout=600, created_at=NOW - 599,
     expires_at=NOW + 1, reseal_due=True)
case("last_live_second_of_a_policy_idle_where_none_is_sealed", idle_timeout=600, created_at=NOW - 599,
     expires_at=NOW + 1, reseal_due=True)
case("sealed_idle_holds_where_the_policy_has_none", idle=600, created_at=NOW - 599, expires_at=NOW + 1, reseal_due=True)
case("longest_idle", idle=4294967294, absolute_timeout=4294967294, lifetime=1209600, idle_timeout=4294967294)
case("lifetime_ends_before_idle", idle=1800, idle_timeout=1800, lifetime=600)
case("lifetime_ends_in_the_second_of_idle", idle=600, idle_timeout=600, lifetime=600)
case("issued_60_seconds_ahead", created_at=NOW - 1000, offset=1060)
case("created_60_seconds_ahead", created_at=NOW + 60)
case("created_in_1970", now=0, created_at=0)
case("lifetime_ends_in_the_last_second_of_9999", now=MAX - 600, lifetime=600)
case("issued_in_the_last_live_second_of_9999", now=MAX - 1, created_at=MAX - 600, offset=599, lifetime=600)
case("idle_ends_after_9999", now=MAX - 600, lifetime=600, idle=4294967294, absolute_timeout=4294967294,
     idle_timeout=4294967294)
case("created_in_the_last_second_of_9999", now=MAX - 60, created_at=MAX, lifetime=0)

# Own idle limit.
case("own_idle_longer_than_the_policy", flags=9, idle=3600, idle_timeout=600, created_at=NOW - 3599,
     expires_at=NOW + 1, reseal_due=True)
case("own_idle_shorter_than_the_policy", flags=9, idle=600, idle_timeout=3600, created_at=NOW - 599,
     expires_at=NOW + 1, reseal_due=True)
case("own_idle_where_the_policy_has_none", flags=9, idle=600, created_at=NOW - 599, expires_at=NOW + 1, reseal_due=True)
case("own_idle_of_none", flags=9, idle_timeout=600, created_at=NOW - 7 * DAY, expires_at=NOW + 7 * DAY)
case("own_idle_does_not_lift_the_lifetime", flags=9, idle=DAY, idle_timeout=600, absolute_timeout=3600,
     created_at=NOW - 3599, expires_at=NOW + 1)
case("own_idle_in_a_browser_session", flags=8, idle=600, idle_timeout=60, expires_at=NOW + 600)

# Re-seal.
case("superseded_key_younger_than_an_hour", ring=TWO_KEYS, created_at=NOW - 3599)
case("superseded_key_an_hour_old", ring=TWO_KEYS, created_at=NOW - 3600, reseal_due=True)
case("superseded_key_an_hour_after_issue", ring=TWO_KEYS, created_at=NOW - 7200, offset=3600, reseal_due=True)
case("superseded_key_and_idle_before_its_interval", ring=TWO_KEYS, idle=1800, created_at=NOW - 224, expires_at=NOW + 1576)
case("superseded_key_and_idle_after_its_interval", ring=TWO_KEYS, idle=1800, created_at=NOW - 225,
     expires_at=NOW + 1575, reseal_due=True)
case("key_superseded_in_the_second_of_a_not_before", ring=[entry(2, KEY2, not_before=NOW), entry(1, KEY1)],
     created_at=NOW - 3600, reseal_due=True)
case("key_not_superseded_before_a_not_before", ring=[entry(2, KEY2, not_before=NOW + 1), entry(1, KEY1)],
     created_at=NOW - 3600)
case("key_not_superseded_by_one_that_is_retired", ring=[entry(2, KEY2, not_after=NOW), entry(1, KEY1)],
     created_at=NOW - 3600)
case("newer_key_than_the_sealing_one_is_not_resealed", key=KEY2, key_id=2,
     ring=[entry(2, KEY2, not_before=NOW + 1), entry(1, KEY1)], created_at=NOW - 3600)
case("newer_key_than_the_sealing_one_with_idle_is_resealed", key=KEY2, key_id=2, idle=1800,
     ring=[entry(2, KEY2, not_before=NOW + 1), entry(1, KEY1)], created_at=NOW - 225, expires_at=NOW + 1575,
     reseal_due=True)
case("sealing_key_an_hour_old_is_not_resealed", created_at=NOW - 3600)
for limit, interval in ((1800, 225), (1807, 225), (240, 60), (480, 60), (488, 61), (60, 30), (61, 30), (28800, 3600),
                        (28799, 3599), (DAY, 3600)):
    for age in (interval - 1, interval):
        case(f"idle_{limit}_after_{age}_seconds", idle=limit, created_at=NOW - age, expires_at=NOW + limit - age,
             reseal_due=age == interval)
case("idle_1_at_once", idle=1, expires_at=NOW + 1, reseal_due=True)
case("idle_3_at_once", idle=3, expires_at=NOW + 3)
case("idle_3_after_a_second", idle=3, created_at=NOW - 1, expires_at=NOW + 2, reseal_due=True)
case("idle_1_issued_ahead", idle=1, created_at=NOW + 1, expires_at=NOW + 2, reseal_due=True)
case("idle_0_issued_a_second_ahead", idle=0, created_at=NOW + 1, expires_at=NOW + 1, reseal_due=True)
LONG = {"lifetime": 800 * DAY, "absolute_timeout": 800 * DAY}
case("cookie_of_800_days_before_50", **LONG, created_at=NOW - 50 * DAY + 1)
case("cookie_of_800_days_after_50", **LONG, created_at=NOW - 50 * DAY, reseal_due=True)
case("cookie_of_800_days_in_a_browser_session", **LONG, flags=0, created_at=NOW - 50 * DAY)
case("cookie_of_800_days_with_idle", **LONG, idle=800 * DAY, created_at=NOW - 3599)
case("cookie_of_400_days", lifetime=400 * DAY, absolute_timeout=800 * DAY, created_at=NOW - 50 * DAY)
case("cookie_of_400_days_and_a_second", lifetime=400 * DAY + 1, absolute_timeout=800 * DAY, created_at=NOW - 50 * DAY,
     reseal_due=True)
case("cookie_of_800_days_but_a_policy_of_400", lifetime=800 * DAY, absolute_timeout=400 * DAY,
     created_at=NOW - 50 * DAY, expires_at=NOW + 350 * DAY)
case("cookie_of_400_days_from_its_issue", **LONG, created_at=NOW - 450 * DAY, offset=400 * DAY)
case("cookie_of_more_than_400_days_from_its_issue", **LONG, created_at=NOW - 449 * DAY, offset=399 * DAY, reseal_due=True)

# Device binding.
def family_of(name):
    return digest("session id of " + name, 8)


case("bound", flags=5, bound_families=[family_of("bound")])
case("bound_beside_several_families", flags=5, bound_families=[family_of("bound"), family_of(
    "bound_beside_several_families")])
case("not_bound_and_no_bound_cookie", bound_families=[])
case("not_bound_beside_a_bound_cookie_of_another_family", bound_families=[family_of("bound")])
case("not_bound_beside_a_bound_cookie_of_its_family", bound_families=[family_of(
    "not_bound_beside_a_bound_cookie_of_its_family")], reseal_due=True)
case("awaits_binding", flags=0x11)
case("awaits_binding_for_the_last_second", flags=0x11, created_at=NOW - 299)
case("awaits_binding_since_a_step_up", flags=0x11, created_at=NOW - 399, offset=100, authenticated=100)
case("awaits_binding_beside_a_bound_cookie", flags=0x11, bound_families=[family_of("awaits_binding_beside_a_bound_cookie")],
     reseal_due=True)
case("awaited_for_300_seconds_beside_a_bound_cookie", flags=0x11, created_at=NOW - 300,
     bound_families=[family_of("awaited_for_300_seconds_beside_a_bound_cookie")], reseal_due=True)
case("bound_is_not_resealed_for_its_bound_cookie", flags=5, created_at=NOW - 3600,
     bound_families=[family_of("bound_is_not_resealed_for_its_bound_cookie")])

# vectors: sessions that are refused, check by check -----------------------------------------

# 1 too_long.
case("authentic_value_of_4098_characters", "too_long", payload=text_of(2978))
case("value_of_4097_letters", "too_long", value="A" * 4097)
case("value_of_4096_letters", "unsupported_version", value="A" * 4096)
case("value_of_4097_bytes_in_fewer_characters", "too_long", value="é" * 2048 + "A")
case("value_of_4096_bytes_in_fewer_characters", "malformed", value="é" * 2048)
case("value_of_5000_characters_outside_the_alphabet", "too_long", value="*" * 5000)

# 2 and 3 malformed, before any key is looked up.
case("empty_value", "malformed", value="")
case("value_of_one_letter", "malformed", value="A")
case("value_of_59_letters_of_another_version", "malformed", value="A" * 59)
case("value_of_60_letters_of_another_version", "unsupported_version", value="A" * 60)
case("authentic_value_cut_to_59_characters", "malformed", tamper=lambda v: v[:59])
case("authentic_value_cut_to_60_characters", "not_authentic", tamper=lambda v: v[:60])
case("bare_json", "malformed", value='{"user":42}')
case("bare_json_of_200_bytes", "malformed", value=text_of(200))
case(
    "iron_session_string",
    "malformed",
    # Salts and MAC are published keys, so that a search for keys finds none that a parser takes.
    value="Fe26.2*1*" + PUBLISHED[3].hex() + "*" + b64(digest("iv", 16)) + "*"
    + b64(digest("ciphertext", 32) * 2) + "*1801209600000*" + PUBLISHED[4].hex() + "*"
    + b64(PUBLISHED[5]) + "~2",
)
case(
    "json_web_token",
    "malformed",
    value=b64(b"{}") + "." + b64(b'{"sub":"42"}' * 8) + "." + b64(PUBLISHED[6]),
)
case("first_character_outside_the_alphabet", "malformed", tamper=set_char(0, "*"))
case("eighth_character_outside_the_alphabet", "malformed", tamper=set_char(7, "+"))
case("eighth_character_outside_the_alphabet_under_an_unknown_key", "malformed", ring=[entry(9, KEY3)],
     tamper=set_char(7, "*"))
case("first_character_is_two_bytes_of_utf8", "malformed", tamper=set_char(0, "é"))
case("eighth_byte_is_the_first_of_two", "malformed", ring=[entry(9, KEY3)], tamper=set_char(7, "é"))
case("value_in_double_quotes", "malformed", tamper=lambda v: f'"{v}"')
case("value_behind_a_space", "malformed", tamper=lambda v: " " + v)

# 4 unsupported_version.
case("version_0", "unsupported_version", tamper=flip(0))
case("version_2", "unsupported_version", value=seal(
    KEY1, 1, digest("nonce of version_2", 24), build_aad(1, NAME, version=2), b"{}" * 40, version=2))
case("version_255", "unsupported_version", value=b64(b"\xff" + digest("v", 32) * 4))
case("version_0_under_an_unknown_key", "unsupported_version", ring=[entry(9, KEY3)], tamper=flip(0))
case("version_2_and_character_outside_the_alphabet", "unsupported_version",
     value=b64(b"\x02" + digest("v", 32) * 4)[:-1] + "*")
case("base64_of_json", "unsupported_version", value=b64(text_of(200).encode()))
case("zeros", "unsupported_version", value="A" * 128)

# 5 unknown_key.
case("key_id_not_in_the_ring", "unknown_key", ring=[entry(9, KEY1)])
case("key_id_tampered_to_one_not_in_the_ring", "unknown_key", tamper=flip(1, 7))
case("key_id_in_little_endian", "unknown_key", key_id=0x01000000)
case("unknown_key_and_character_outside_the_alphabet", "unknown_key", ring=[entry(9, KEY1)], tamper=set_char(50, "*"))
case("unknown_key_and_ninth_byte_outside_the_alphabet", "unknown_key", ring=[entry(9, KEY1)], tamper=set_char(8, "é"))

# 6 retired_key.
RETIRED = [entry(2, KEY2), entry(1, KEY1, not_after=NOW)]
case("key_on_its_not_after", "retired_key", ring=RETIRED)
case("key_long_after_its_not_after", "retired_key", ring=[entry(2, KEY2), entry(1, KEY1, not_after=NOW - 365 * DAY)])
case("retired_key_and_character_outside_the_alphabet", "retired_key", ring=RETIRED, tamper=set_char(50, "*"))
case("retired_key_and_tampered", "retired_key", ring=RETIRED, tamper=flip(-1))

# 7 malformed.
case("ninth_character_outside_the_alphabet", "malformed", tamper=set_char(8, "*"))
case("last_character_outside_the_alphabet", "malformed", tamper=lambda v: v[:-1] + "*")
case("plus_in_place_of_a_letter", "malformed", tamper=set_char(60, "+"))
case("slash_in_place_of_a_letter", "malformed", tamper=set_char(60, "/"))
case("letter_of_two_bytes", "malformed", tamper=set_char(60, "é"))
case("space_within", "malformed", tamper=lambda v: v[:60] + " " + v[60:])
case("space_at_the_end", "malformed", tamper=lambda v: v + " ")
case("line_feed_at_the_end", "malformed", tamper=lambda v: v + "\n")
case("zero_byte_at_the_end", "malformed", tamper=lambda v: v + "\0")
case("percent_encoded_letter", "malformed", tamper=lambda v: v[:60] + f"%{ord(v[60]):02X}" + v[61:])
case("one_character_of_padding", "malformed", payload='{"a":123}', tamper=lambda v: v + "=" * (-len(v) % 4))
case("two_characters_of_padding", "malformed", payload='{"a":12}', tamper=lambda v: v + "=" * (-len(v) % 4))
case("trailing_bits_of_one_byte_over", "malformed", payload='{"a":12}', tamper=set_trailing_bits)
case("trailing_bits_of_two_bytes_over", "malformed", payload='{"a":123}', tamper=set_trailing_bits)
case("length_of_4n_plus_1", "malformed", tamper=lambda v: v + "A" * ((1 - len(v)) % 4 or 4))
case("character_outside_the_alphabet_after_a_tampered_nonce", "malformed",
     tamper=lambda v: set_char(100, "*")(flip(10)(v)))

# 8 not_authentic.
case("key_id_tampered_to_another_key", "not_authentic", ring=[entry(1, KEY1), entry(0, KEY2)], tamper=flip(4))
case("same_key_under_another_id", "not_authentic", ring=[entry(0, KEY1)], tamper=flip(4))
case("another_key_under_the_same_id", "not_authentic", ring=[entry(1, KEY3)])
case("key_of_another_entry", "not_authentic", key=KEY2, ring=TWO_KEYS)
case("nonce_tampered_in_the_first_byte", "not_authentic", tamper=flip(5, 7))
case("nonce_tampered_in_the_last_byte", "not_authentic", tamper=flip(28))
case("flags_tampered", "not_authentic", tamper=flip(29))
case("created_at_tampered", "not_authentic", tamper=flip(34))
case("generation_tampered", "not_authentic", tamper=flip(56))
case("payload_tampered", "not_authentic", tamper=flip(80))
case("last_byte_of_the_ciphertext_tampered", "not_authentic", tamper=flip(-17))
case("tag_tampered_in_the_first_byte", "not_authentic", tamper=flip(-16, 7))
case("tag_tampered_in_the_last_byte", "not_authentic", tamper=flip(-1))
case("tag_of_zeros", "not_authentic", tamper=lambda v: b64(b64_bytes(v)[:-16] + bytes(16)))
case("cut_by_four_characters", "not_authentic", tamper=lambda v: v[: len(v) // 4 * 4 - 4])
case("four_characters_appended", "not_authentic", tamper=lambda v: v[: len(v) // 4 * 4] + "AAAA")
case("other_name", "not_authentic", sealed_name="__Host-cart")
case("name_of_other_case", "not_authentic", sealed_name="__Host-Session")
case("name_without_its_prefix", "not_authentic", sealed_name="session")
case("other_audience", "not_authentic", audience="a.example", sealed_audience="b.example")
case("audience_of_other_case", "not_authentic", audience="a.example", sealed_audience="A.example")
case("audience_of_other_normal_form", "not_authentic", audience="\u017e", sealed_audience="z\u030c")
case("audience_where_none_is_asked_for", "not_authentic", sealed_audience="a.example")
case("no_audience_where_one_is_asked_for", "not_authentic", audience="a.example", sealed_audience=None)
case("name_ab_audience_c_read_as_a_and_bc", "not_authentic",
     cookie_name="a", audience="bc", sealed_name="ab", sealed_audience="c")
case("name_a_audience_bc_read_as_ab_and_c", "not_authentic",
     cookie_name="ab", audience="c", sealed_name="a", sealed_audience="bc")
case("name_and_audience_exchanged", "not_authentic",
     cookie_name="ab", audience="cd", sealed_name="cd", sealed_audience="ab")
case("purpose_0", "not_authentic", aad=build_aad(1, NAME, purpose=0))
for p in (2, 3, 4, 5, 6, 7, 8, 255):
    case(f"purpose_{p}", "not_authentic", sealed_purpose=p)
case("associated_data_of_version_2", "not_authentic", aad_version=2)
case("associated_data_of_another_key_id", "not_authentic", aad=build_aad(2, NAME))
case("no_associated_data", "not_authentic", aad=b"")
case("associated_data_of_an_older_draft", "not_authentic",
     aad=struct.pack(">BIB", 1, 1, 1) + bytes([len(NAME)]) + NAME.encode() + b"\0")
case("expired_and_tampered", "not_authentic", created_at=NOW - 15 * DAY, tamper=flip(-1))

# 9 invalid_claims.
for n in (0, 1, 37, 49):
    case(f"plaintext_of_{n}_bytes", "invalid_claims", cut=n)
for bit in (5, 6):
    case(f"reserved_flag_bit_{bit}", "invalid_claims", flags=1 << bit)
case("reserved_flag_and_all_others", "invalid_claims", flags=0x4F)
case("all_flags", "invalid_claims", flags=0x7F, block=block_of((1, b"")))
case("bound_and_awaiting_binding", "invalid_claims", flags=0x15, bound_families=[family_of("bound_and_awaiting_binding")])
case("created_at_a_second_after_9999", "invalid_claims", created_at=MAX + 1, lifetime=0)
case("created_at_1099511627775", "invalid_claims", created_at=(1 << 40) - 1, lifetime=0)
case("created_at_1099511627775_and_longest_offsets", "invalid_claims", created_at=(1 << 40) - 1, offset=U32,
     authenticated=U32, lifetime=U32)
case("issued_at_a_second_after_9999", "invalid_claims", now=MAX - 10, created_at=MAX - 10, offset=11, lifetime=1)
case("lifetime_ends_a_second_after_9999", "invalid_claims", now=MAX - 600, lifetime=601)
case("lifetime_ends_after_9999_though_the_policy_is_shorter", "invalid_claims", now=MAX - 600, lifetime=601,
     absolute_timeout=60)
case("authenticated_a_second_after_it_was_issued", "invalid_claims", created_at=NOW - 900, offset=900, authenticated=901)
case("authenticated_offset_4294967295", "invalid_claims", authenticated=U32)
case("authenticated_later_with_creation_unknown", "invalid_claims", flags=3, authenticated=1)
case("generation_65535", "invalid_claims", generation=65535)
case("generation_65535_and_expired", "invalid_claims", generation=65535, created_at=NOW - 15 * DAY)
case("reserved_flag_and_issued_in_future", "invalid_claims", flags=0x20, created_at=NOW + DAY)
case("block_of_length_0", "invalid_claims", block=b"\0\0")
case("block_of_length_1", "invalid_claims", block=b"\0\1\1")
case("block_without_its_length", "invalid_claims", block=b"", payload="")
case("block_with_half_of_its_length", "invalid_claims", block=b"\0", payload="")
case("block_with_nothing_but_its_length", "invalid_claims", block=b"\0\2", payload="")
case("block_passes_the_plaintext_by_one", "invalid_claims", block=b"\0\5\1\2ab", payload="")
case("block_passes_the_plaintext_far", "invalid_claims", block=b"\xff\xff\1\2ab")
case("block_in_little_endian", "invalid_claims", block=b"\4\0\1\2ab")
case("block_of_a_payload_alone", "invalid_claims", block=b"")
case("extension_passes_its_block", "invalid_claims", block=b"\0\4\1\3ab")
case("extension_of_255_bytes_passes_its_block", "invalid_claims", block=b"\0\4\1\xffab")
case("second_extension_passes_its_block", "invalid_claims", block=b"\0\7\1\1a\3\3ab")
case("one_byte_left_over_in_the_block", "invalid_claims", block=b"\0\5\1\2ab\3")
case("extensions_descend", "invalid_claims", block=block_of((3, b"a"), (1, b"b")))
case("extension_stands_twice", "invalid_claims", block=block_of((1, b"a"), (1, b"b")))
case("third_extension_descends", "invalid_claims", block=block_of((1, b""), (5, b""), (3, b"")))
case("broken_block_with_an_even_type", "invalid_claims", block=b"\0\5\2\2ab\3")
case("even_types_descend", "invalid_claims", block=block_of((4, b""), (2, b"")))
case("broken_block_and_expired", "invalid_claims", block=b"\0\0", created_at=NOW - 15 * DAY)
case("bit_7_without_a_block", "invalid_claims", flags=0x81)

# 10 unsupported_extension.
for t in (0, 2, 128, 254):
    case(f"extension_of_type_{t}", "unsupported_extension", block=block_of((t, b"abc")))
case("extension_of_an_even_type_without_bytes", "unsupported_extension", block=block_of((2, b"")))
case("even_extension_after_an_odd_one", "unsupported_extension", block=block_of((1, b"a"), (2, b"b")))
case("even_extension_before_an_odd_one", "unsupported_extension", block=block_of((0, b"a"), (1, b"b")))
case("even_extension_and_issued_in_future", "unsupported_extension", block=block_of((2, b"")), created_at=NOW + DAY)
case("even_extension_and_expired", "unsupported_extension", block=block_of((2, b"")), created_at=NOW - 15 * DAY)
case("even_extension_and_empty_payload", "unsupported_extension", block=block_of((2, b"")), payload="")

# 11 issued_in_future.
case("issued_61_seconds_ahead", "issued_in_future", created_at=NOW - 1000, offset=1061)
case("created_61_seconds_ahead", "issued_in_future", created_at=NOW + 61)
case("created_in_9999", "issued_in_future", created_at=MAX - 14 * DAY)
case("issued_61_seconds_ahead_and_expired", "issued_in_future", created_at=NOW - 600, offset=661, lifetime=600)

# 12 expired.
case("now_is_the_end_of_the_lifetime", "expired", lifetime=600, created_at=NOW - 600)
case("now_is_a_second_after_the_lifetime", "expired", lifetime=600, created_at=NOW - 601)
case("issued_again_after_the_lifetime", "expired", lifetime=600, created_at=NOW - 600, offset=600)
case("now_is_the_end_of_a_shorter_policy", "expired", absolute_timeout=600, created_at=NOW - 600)
case("longer_policy_does_not_revive", "expired", lifetime=600, created_at=NOW - 600)
case("lifetime_0", "expired", lifetime=0)
case("browser_session_expires", "expired", flags=0, lifetime=600, created_at=NOW - 600)
case("own_idle_and_expired", "expired", flags=9, idle=DAY, lifetime=600, created_at=NOW - 600)
case("expired_and_idle", "expired", lifetime=600, idle=60, created_at=NOW - 600)
case("expired_and_not_bound", "expired", flags=5, lifetime=600, created_at=NOW - 600)
case("expired_and_not_json", "expired", lifetime=600, created_at=NOW - 600, payload="{")

# 13 idle.
case("now_is_the_end_of_idle", "idle", idle=600, idle_timeout=600, created_at=NOW - 600)
case("now_is_the_end_of_idle_after_a_slide", "idle", idle=600, idle_timeout=600, created_at=NOW - 1600, offset=1000)
case("now_is_the_end_of_a_shorter_policy_idle", "idle", idle=3600, idle_timeout=600, created_at=NOW - 600)
case("now_is_the_end_of_a_policy_idle_where_none_is_sealed", "idle", idle_timeout=600, created_at=NOW - 600)
case("now_is_the_end_of_sealed_idle_where_the_policy_has_none", "idle", idle=600, created_at=NOW - 600)
case("longer_policy_idle_does_not_revive", "idle", idle=600, idle_timeout=3600, created_at=NOW - 600)
case("now_is_the_end_of_an_own_idle", "idle", flags=9, idle=3600, idle_timeout=600, created_at=NOW - 3600)
case("now_is_the_end_of_an_own_idle_shorter_than_the_policy", "idle", flags=9, idle=600, idle_timeout=3600,
     created_at=NOW - 600)
case("idle_0", "idle", idle=0)
case("own_idle_0", "idle", flags=9, idle=0)
case("idle_and_not_bound", "idle", flags=5, idle=600, created_at=NOW - 600)
case("idle_and_not_json", "idle", idle=600, created_at=NOW - 600, payload="{")

# 17 bound.
case("bound_where_the_reader_does_no_binding", "bound", flags=5)
case("bound_without_a_bound_cookie", "bound", flags=5, bound_families=[])
case("bound_beside_another_family", "bound", flags=5, bound_families=[family_of("bound")])
case("bound_beside_a_family_of_the_same_first_6_bytes", "bound", flags=5, id=digest("a", 16),
     bound_families=[digest("a", 6) + b"\0\0"])
case("bound_beside_the_rest_of_its_session_id", "bound", flags=5, id=digest("a", 16), bound_families=[digest("a", 16)[8:]])
case("not_bound_and_not_json", "payload", flags=5, payload="{")
case("awaited_for_300_seconds", "bound", flags=0x11, created_at=NOW - 300)
case("awaited_for_300_seconds_by_a_reader_with_binding", "bound", flags=0x11, created_at=NOW - 300, bound_families=[])
case("awaited_for_300_seconds_since_a_step_up", "bound", flags=0x11, created_at=NOW - 400, offset=100, authenticated=100)
case("awaited_for_300_seconds_beside_another_family", "bound", flags=0x11, created_at=NOW - 300,
     bound_families=[family_of("bound")])

# 14 payload.
NOT_JSON = {
    "empty_payload": "",
    "payload_of_spaces": "    ",
    "payload_of_white_space": " \t\r\n",
    "payload_is_not_json": "user=42",
    "payload_is_cut": '{"user":4',
    "payload_is_two_texts": "{}{}",
    "payload_is_two_texts_in_lines": "{}\n{}",
    "payload_is_followed_by_a_zero_byte": "{}\0",
    "payload_is_followed_by_a_form_feed": "{}\f",
    "payload_is_followed_by_a_no_break_space": "{}\u00a0",
    "payload_with_byte_order_mark": "\ufeff{}",
    "payload_followed_by_a_byte_order_mark": "{}\ufeff",
    "payload_with_trailing_comma_in_an_array": "[1,]",
    "payload_with_trailing_comma_in_an_object": '{"a":1,}',
    "payload_in_single_quotes": "{'user':42}",
    "payload_with_a_member_name_without_quotes": "{user:42}",
    "payload_nan": "NaN",
    "payload_infinity": "[Infinity]",
    "payload_negative_infinity": '{"a":-Infinity}',
    "payload_undefined": "undefined",
    "payload_of_another_case": "True",
    "payload_with_a_comment": "{}//",
    "payload_with_a_comment_within": "[1/**/]",
    "payload_with_a_leading_zero": "01",
    "payload_with_a_plus_sign": "+1",
    "payload_with_a_hexadecimal_number": "0x1F",
    "payload_with_a_number_that_begins_with_its_point": ".5",
    "payload_with_a_number_that_ends_with_its_point": "5.",
    "payload_with_digits_of_another_script": "\u0661",
    "payload_with_an_empty_exponent": "1e",
    "payload_with_a_line_feed_in_a_string": '"a\nb"',
    "payload_with_a_tab_in_a_string": '"a\tb"',
    "payload_with_a_zero_byte_in_a_string": '"a\0b"',
    "payload_with_an_unknown_escape": '"\\x41"',
    "payload_with_a_short_escape": '"\\u12"',
    "payload_with_a_string_that_does_not_end": '"a',
    "payload_is_not_utf8": b'{"user":"\xff"}',
    "payload_is_latin1": '{"user":"é"}'.encode("latin-1"),
    "payload_has_an_encoded_surrogate": b'{"user":"\xed\xa0\x80"}',
    "payload_has_an_encoded_pair_of_surrogates": b'"\xed\xa0\xb4\xed\xb4\x9e"',
    "payload_has_an_overlong_encoding": b'{"user":"\xc0\xaf"}',
    "payload_has_an_overlong_zero": b'"\xc0\x80"',
    "payload_has_a_code_point_over_10ffff": b'"\xf4\x90\x80\x80"',
    "payload_has_a_cut_encoding": b'"\xe2\x82"',
    "payload_is_utf16": '{"user":42}'.encode("utf-16-le"),
}
for label, text in NOT_JSON.items():
    case(label, "payload", payload=text)
case("extension_and_empty_payload", "payload", block=block_of((1, b"abc")), payload="")
for label, text in {"array": "[1,2,3]", "null": "null", "string": '"{}"', "number": "1", "true": "true"}.items():
    case(f"payload_{label}_where_an_object_is_asked_for", "payload", type="object", payload=text)

# vectors: purpose 7 -------------------------------------------------------------------------

case("header", purpose=7)
case("header_of_a_browser_session", purpose=7, flags=0, audience="shop.example")
case("header_with_an_extension", purpose=7, block=block_of((1, b"abc")))
case("header_of_4096_characters", purpose=7, cookie_name="__Host-" + "n" * 248, payload=text_of(2977))
case("header_of_4098_characters", "too_long", purpose=7, payload=text_of(2978))
case("header_before_its_interval", purpose=7, idle=1800, created_at=NOW - 224, expires_at=NOW + 1576)
case("header_after_its_interval", purpose=7, idle=1800, created_at=NOW - 225, expires_at=NOW + 1575, reseal_due=True)
case("header_under_a_superseded_key", purpose=7, ring=TWO_KEYS, created_at=NOW - 3600, reseal_due=True)
case("header_of_800_days_after_50", purpose=7, **LONG, created_at=NOW - 50 * DAY)
case("header_beside_a_bound_cookie", purpose=7, bound_families=[family_of("header_beside_a_bound_cookie")])
case("header_as_a_cookie", "not_authentic", sealed_purpose=7)
case("cookie_as_a_header", "not_authentic", purpose=7, sealed_purpose=1)
case("header_with_a_reserved_flag", "invalid_claims", purpose=7, flags=0x20)
case("header_with_bit_4", "invalid_claims", purpose=7, flags=0x11)
case("header_with_bit_2", "invalid_claims", purpose=7, flags=5)
case("header_with_an_even_extension", "unsupported_extension", purpose=7, block=block_of((2, b"abc")))
case("header_expired", "expired", purpose=7, lifetime=600, created_at=NOW - 600)
case("header_idle", "idle", purpose=7, idle=600, created_at=NOW - 600)
case("header_without_a_payload", "payload", purpose=7, payload="")
case("header_with_its_scheme", "malformed", purpose=7, tamper=lambda v: "Bearer " + v)

# vectors: purpose 2 -------------------------------------------------------------------------

TOKEN = digest("session id of example", 16)


def token(name, refused=None, *, body=TOKEN, **rest):
    case(name, refused, purpose=2, body=body, expect={"session_id": body.hex()}, **rest)


def wrong_sizes(make, what, body):
    make(f"{what}_without_bytes", "invalid_claims", body=b"")
    make(f"{what}_of_a_byte_less", "invalid_claims", body=body[:-1])
    make(f"{what}_of_a_byte_more", "invalid_claims", body=body + b"\0")


def wrong_places(make, what, purpose):
    """Not authentic where it was not meant to be."""
    for p in range(1, 8):
        if p != purpose:
            make(f"{what}_sealed_as_purpose_{p}", "not_authentic", sealed_purpose=p)
    make(f"{what}_of_another_name", "not_authentic", sealed_name="__Host-cart")
    make(f"{what}_tampered", "not_authentic", tamper=flip(30))
    make(f"{what}_under_an_unknown_key", "unknown_key", ring=[entry(9, KEY1)])
    make(f"{what}_under_a_retired_key", "retired_key", ring=RETIRED)
    make(f"{what}_of_another_version", "unsupported_version", tamper=flip(0, 1))
    make(f"{what}_with_padding", "malformed", tamper=lambda v: v + "==")
    make(f"{what}_too_long", "too_long", body=bytes(3073 - 45))


token("token")
token("token_with_an_audience", audience="shop.example")
token("token_of_an_id_of_zeros", body=bytes(16))
token("token_under_the_second_key", ring=TWO_KEYS)
token("token_long_after", now=MAX)
token("token_of_another_audience", "not_authentic", audience="a.example", sealed_audience="b.example")
wrong_sizes(token, "token", TOKEN)
wrong_places(token, "token", 2)

# vectors: purpose 3 -------------------------------------------------------------------------

tombstone("tombstone_of_all_generations", limit=65535)
tombstone("tombstone_of_generation_0", limit=0)
tombstone("tombstone_of_generation_65534", limit=65534)
tombstone("tombstone_with_an_audience_configured", audience="shop.example", sealed_audience=None)
tombstone("tombstone_under_a_name_of_one_byte", cookie_name="s")
tombstone("tombstone_in_its_last_second", ended_at=NOW - 600, until=NOW + 1)
tombstone("tombstone_set_in_the_future", ended_at=NOW + DAY, until=NOW + 2 * DAY)
tombstone("tombstone_that_was_set_when_it_ends", ended_at=NOW + 1, until=NOW + 1)
tombstone("tombstone_until_the_end_of_9999", until=MAX)
tombstone("tombstone_of_1970", now=0, ended_at=0, until=1)
tombstone("tombstone_whose_cookie_needs_both_signs", lineage=bytes.fromhex("fbeffbfe"), limit=0xFBFF)
tombstone("tombstone_under_the_second_key", ring=TWO_KEYS)
case("tombstone_sealed_with_the_audience", "not_authentic", purpose=3, audience="shop.example",
     body=pack_tombstone(TOMBSTONE_LINEAGE, 1, NOW, NOW + 600),
     aad=struct.pack(">BIBH", 1, 1, 3, len(NAME)) + NAME.encode() + b"\0\x0cshop.example")
tombstone("tombstone_sealed_under_its_own_name", "not_authentic", sealed_name="__Host-session-ended-MSZpuAAB")
tombstone("tombstone_on_its_until", "expired", ended_at=NOW - 600, until=NOW)
tombstone("tombstone_long_after_its_until", "expired", ended_at=NOW - DAY, until=NOW - 600)
tombstone("tombstone_until_before_it_was_set", "invalid_claims", ended_at=NOW + 2, until=NOW + 1)
tombstone("tombstone_until_before_it_was_set_and_over", "invalid_claims", ended_at=NOW, until=NOW - 1)
tombstone("tombstone_until_a_second_after_9999", "invalid_claims", until=MAX + 1)
tombstone("tombstone_set_and_until_after_9999", "invalid_claims", ended_at=MAX + 1, until=MAX + 1)
EXAMPLE_TOMBSTONE = pack_tombstone(TOMBSTONE_LINEAGE, 1, NOW, NOW + 600)
wrong_sizes(tombstone, "tombstone", EXAMPLE_TOMBSTONE)
wrong_places(tombstone, "tombstone", 3)

# vectors: purpose 4 -------------------------------------------------------------------------

FAMILY = digest("session id of example", 8)


def bound(name, refused=None, *, family=FAMILY, until=NOW + 660, cookie_name=NAME, **rest):
    expect = {"cookie": cookie_name + "-bound-" + b64(family[:6]), "family": family.hex(), "until": until}
    rest = {"body": family + u40(until)} | rest
    case(name, refused, purpose=4, cookie_name=cookie_name, expect=expect, **rest)


bound("bound_cookie")
bound("bound_cookie_with_an_audience", audience="shop.example")
bound("bound_cookie_under_a_name_of_one_byte", cookie_name="s")
bound("bound_cookie_in_its_last_second", until=NOW + 1)
bound("bound_cookie_until_the_end_of_9999", until=MAX)
bound("bound_cookie_whose_name_needs_both_signs", family=bytes.fromhex("fbeffbfefbff0102"))
bound("bound_cookie_of_another_audience", "not_authentic", audience="a.example", sealed_audience=None)
bound("bound_cookie_on_its_until", "expired", until=NOW)
bound("bound_cookie_of_1970", "expired", until=0)
bound("bound_cookie_until_a_second_after_9999", "invalid_claims", until=MAX + 1)
bound("bound_cookie_until_1099511627775", "invalid_claims", until=(1 << 40) - 1)
wrong_sizes(bound, "bound_cookie", FAMILY + u40(NOW + 660))
wrong_places(bound, "bound_cookie", 4)

# vectors: purpose 5 -------------------------------------------------------------------------


def challenge(name, refused=None, *, kind=1, issued_at=NOW, **rest):
    expect = {"family": FAMILY.hex(), "kind": kind, "issued_at": issued_at}
    rest = {"body": FAMILY + bytes([kind]) + u40(issued_at)} | rest
    case(name, refused, purpose=5, expect=expect, **rest)


challenge("challenge_of_registration")
challenge("challenge_of_refresh", kind=2)
challenge("challenge_with_an_audience", audience="shop.example")
challenge("challenge_in_its_last_second", issued_at=NOW - 119)
challenge("challenge_60_seconds_ahead", issued_at=NOW + 60)
challenge("challenge_in_the_last_second_of_9999", now=MAX, issued_at=MAX)
challenge("challenge_of_another_audience", "not_authentic", sealed_audience="a.example")
for kind in (0, 3, 255):
    challenge(f"challenge_of_kind_{kind}", "invalid_claims", kind=kind)
challenge("challenge_of_kind_0_and_expired", "invalid_claims", kind=0, issued_at=NOW - 120)
challenge("challenge_a_second_after_9999", "invalid_claims", issued_at=MAX + 1)
challenge("challenge_61_seconds_ahead", "issued_in_future", issued_at=NOW + 61)
challenge("challenge_120_seconds_old", "expired", issued_at=NOW - 120)
wrong_sizes(challenge, "challenge", FAMILY + b"\1" + u40(NOW))
wrong_places(challenge, "challenge", 5)

# vectors: purpose 6 -------------------------------------------------------------------------

# In two halves, since it has the form of a key and is none.
POINT_X = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f2" + "77037d812deb33a0f4a13945d898c296")
NO_POINT_X = next(x for x in range(1, 99) if not on_p256(x)).to_bytes(32, "big")


def identifier(name, refused=None, *, point=b"\3" + POINT_X, created_at=NOW - 900, **rest):
    expect = {"family": FAMILY.hex(), "public_key": point.hex(), "created_at": created_at}
    rest = {"body": FAMILY + point + u40(created_at)} | rest
    case(name, refused, purpose=6, expect=expect, **rest)


identifier("identifier")
identifier("identifier_of_an_even_point", point=b"\2" + POINT_X)
identifier("identifier_of_x_0", point=b"\2" + bytes(32))
identifier("identifier_with_an_audience", audience="shop.example")
identifier("identifier_in_its_last_second", absolute_timeout=900, created_at=NOW - 899)
identifier("identifier_60_seconds_ahead", created_at=NOW + 60)
identifier("identifier_in_the_last_second_of_9999", now=MAX, created_at=MAX, absolute_timeout=4294967294)
identifier("identifier_after_more_than_its_idle_timeout", idle_timeout=60)
identifier("identifier_of_another_audience", "not_authentic", audience="a.example", sealed_audience="b.example")
for first in (0, 1, 4, 5, 0x82):
    identifier(f"identifier_of_a_point_that_begins_with_{first}", "invalid_claims", point=bytes([first]) + POINT_X)
identifier("identifier_of_an_x_without_a_point", "invalid_claims", point=b"\2" + NO_POINT_X)
identifier("identifier_of_x_p", "invalid_claims", point=b"\2" + P.to_bytes(32, "big"))
identifier("identifier_of_the_greatest_x", "invalid_claims", point=b"\2" + b"\xff" * 32)
identifier("identifier_of_the_point_at_infinity", "invalid_claims", point=bytes(33))
identifier("identifier_of_no_point_and_expired", "invalid_claims", point=bytes(33), created_at=0)
identifier("identifier_a_second_after_9999", "invalid_claims", created_at=MAX + 1)
identifier("identifier_61_seconds_ahead", "issued_in_future", created_at=NOW + 61)
identifier("identifier_after_the_absolute_timeout", "expired", created_at=NOW - 14 * DAY)
identifier("identifier_after_a_shorter_absolute_timeout", "expired", absolute_timeout=900)
wrong_sizes(identifier, "identifier", FAMILY + b"\3" + POINT_X + u40(NOW))
wrong_places(identifier, "identifier", 6)

# keys ---------------------------------------------------------------------------------------


def split(text):
    """A text in pieces, none of which holds a whole key."""
    return [text[at : at + 20] for at in range(0, len(text), 20)] or [""]


def std64(key):
    return base64.b64encode(key).decode()


def key(name, given, expect, should=False):
    k = {"name": name} | ({"text": split(given)} if isinstance(given, str) else {"bytes": hex_key(given)})
    if should:
        k["should"] = True
    add("keys", k | {"expect": {"key_hex": hex_key(expect)} if isinstance(expect, bytes) else {"refused": expect}})


# A key that has both signs of base64, and one that has none.
BOTH = next(k for k in (digest(f"both {n}", 32) for n in range(999)) if "+" in std64(k) and "/" in std64(k))
NEITHER = next(k for k in (digest(f"neither {n}", 32) for n in range(999)) if not set("+/") & set(std64(k)))
HEX = KEY1.hex()
key("bytes", KEY1, KEY1)
key("hex_of_lower_case", HEX, KEY1)
key("hex_of_upper_case", HEX.upper(), KEY1)
key("hex_of_both_cases", HEX[:32].upper() + HEX[32:], KEY1)
key("base64_with_padding", std64(BOTH), BOTH)
key("base64_without_padding", std64(BOTH)[:-1], BOTH)
key("base64url_with_padding", b64(BOTH) + "=", BOTH)
key("base64url_without_padding", b64(BOTH), BOTH)
key("base64_without_signs", std64(NEITHER), NEITHER)
key("base64_without_signs_and_padding", b64(NEITHER), NEITHER)
for label, form in (("hex", HEX), ("base64", std64(BOTH)), ("base64url", b64(BOTH))):
    key(f"{label}_in_white_space", f" \t\r\n{form}\n\r\t ", KEY1 if label == "hex" else BOTH)
key("hex_and_a_line_feed", HEX + "\n", KEY1)
key("empty_text", "", "not_a_key")
key("white_space_alone", " \t\r\n", "not_a_key")
key("hex_of_63_digits", HEX[:63], "not_a_key")
key("hex_of_65_digits", HEX + "0", "not_a_key")
key("hex_of_62_digits", HEX[:62], "not_a_key")
key("hex_of_66_digits", HEX + "00", "not_a_key")
key("hex_of_two_keys", HEX + KEY2.hex(), "not_a_key")
key("hex_with_a_letter_that_is_no_digit", HEX[:63] + "g", "not_a_key")
key("hex_behind_0x", "0x" + HEX, "not_a_key")
key("hex_with_0x_in_64_characters", "0x" + HEX[2:], "not_a_key")
key("hex_with_colons", ":".join(HEX[i : i + 2] for i in range(0, 64, 2)), "not_a_key")
key("hex_with_a_space_in_the_middle", HEX[:32] + " " + HEX[32:], "not_a_key")
key("hex_with_a_line_feed_in_the_middle", HEX[:32] + "\n" + HEX[32:], "not_a_key")
key("hex_with_a_wide_digit", HEX[:63] + "\uff11", "not_a_key")
key("hex_in_quotes", f'"{HEX}"', "not_a_key")
key("hex_behind_an_id", "1:" + HEX, "not_a_key")
for label, space in (("form_feed", "\f"), ("vertical_tab", "\v"), ("zero_byte", "\0"), ("no_break_space", "\u00a0"),
                     ("next_line", "\u0085"), ("line_separator", "\u2028"), ("byte_order_mark", "\ufeff")):
    key(f"hex_behind_a_{label}", space + HEX, "not_a_key")
    key(f"hex_before_a_{label}", HEX + space, "not_a_key")
key("base64_of_42_characters", b64(KEY1)[:42], "not_a_key")
key("base64_of_44_characters", b64(KEY1) + "A", "not_a_key")
key("base64_of_31_bytes_with_padding", std64(KEY1[:31]), "not_a_key")
key("base64_of_33_bytes", std64(KEY1 + b"\1"), "not_a_key")
key("base64_of_48_bytes", std64(digest("48", 32) + KEY1[:16]), "not_a_key")
key("base64_with_two_characters_of_padding", std64(KEY1) + "=", "not_a_key")
key("base64_with_padding_in_front", "=" + b64(KEY1), "not_a_key")
key("base64_with_padding_behind_a_space", b64(KEY1) + " =", "not_a_key")
key("base64_with_a_space_within", std64(KEY1)[:20] + " " + std64(KEY1)[20:], "not_a_key")
key("base64_with_a_line_feed_within", std64(KEY1)[:20] + "\n" + std64(KEY1)[20:], "not_a_key")
key("base64_with_plus_and_low_line", std64(BOTH).replace("/", "_"), "not_a_key")
key("base64_with_slash_and_hyphen", std64(BOTH).replace("+", "-"), "not_a_key")
key("base64_with_trailing_bits", set_trailing_bits(b64(KEY1)), "not_a_key")
key("base64_with_trailing_bits_and_padding", set_trailing_bits(b64(KEY1)) + "=", "not_a_key")
key("base64_with_the_other_trailing_bit",
    b64(KEY1)[:-1] + ALPHABET[ALPHABET.index(b64(KEY1)[-1]) + 2], "not_a_key")
key("base64_with_another_character", b64(KEY1)[:20] + "*" + b64(KEY1)[21:], "not_a_key")
key("bytes_of_31", KEY1[:31], "not_a_key")
key("bytes_of_33", KEY1 + b"\1", "not_a_key")
key("bytes_of_16", KEY1[:16], "not_a_key")
key("bytes_of_48", KEY1 + KEY2[:16], "not_a_key")
for n in range(0, 256, 32):
    key(f"published_{n:02x}", PUBLISHED[n // 32], "published_key")
key("published_in_hex", PUBLISHED[0].hex(), "published_key")
key("published_in_upper_case_hex", PUBLISHED[5].hex().upper(), "published_key")
key("published_in_base64", std64(PUBLISHED[0]), "published_key")
key("published_in_base64url", b64(PUBLISHED[7]), "published_key")
key("published_in_white_space", f"\n{PUBLISHED[0].hex()} ", "published_key")
for n in (0x00, 0x01, 0x20, 0x41, 0x80, 0xFF):
    key(f"all_bytes_{n:02x}", bytes([n]) * 32, "weak_key")
key("all_bytes_equal_in_hex", "ab" * 32, "weak_key")
key("all_bytes_equal_in_base64", std64(bytes(32)), "weak_key")
key("all_bytes_equal_in_base64url", b64(b"\xff" * 32), "weak_key")
R = digest("part of a weak key", 32)
key("period_of_16", R[:16] * 2, "weak_key", True)
key("period_of_2", R[:2] * 16, "weak_key", True)
key("period_of_15", (R[:15] * 3)[:32], "weak_key", True)
key("twelve_different_bytes", bytes(sorted(R[:12] + R[:12] + R[:8])), "weak_key", True)
key("step_of_1_from_1", bytes(range(1, 33)), "weak_key", True)
key("step_of_7", bytes(n * 7 % 256 for n in range(32)), "weak_key", True)
key("step_of_255", bytes(255 - n for n in range(32)), "weak_key", True)
key("even_places_of_3_different_bytes", bytes(b for n in range(16) for b in (R[n % 3], R[16 + n])), "weak_key", True)
key("odd_places_of_zeros", bytes(b for n in range(16) for b in (R[n], 0)), "weak_key", True)
key("letters_and_digits", b"h7Kq2ZpX9rTbW4mNvL8sYdJc3gFxQe6A", "weak_key", True)
key("prose", b"this is my secret session key ok", "weak_key", True)
key("alphabet_and_digits", b"abcdefghijklmnopqrstuvwxyz012345", "weak_key", True)
key("alphabet_in_base64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopg=", "weak_key", True)
key("keyboard_in_base64", "qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHI", "weak_key", True)

# rings --------------------------------------------------------------------------------------

K = [None, *(k.hex() for k in (KEY1, KEY2, KEY3, KEY4))]


def ring(name, text, expect, *, sealing=None, accepted=None, no_takeover=False, last_id=None, now=NOW):
    """`text` is a text, or for the form "json" what is not a text. `expect` is a reason, or the
    entries as (id, key, not_before, not_after)."""
    form = "text" if isinstance(text, str) else "json"
    if form == "json":
        text = text[0] if isinstance(text, tuple) else json.dumps(text)
    if isinstance(expect, str):
        expect = {"refused": expect}
    else:
        entries = [(*e, *[None] * (4 - len(e))) for e in expect]
        expect = {
            "ring": {
                "entries": [
                    {"id": i, "key_hex": hex_key(k), "not_before": b, "not_after": a} for i, k, b, a in entries
                ],
                "no_takeover": no_takeover,
                "last_id": last_id,
                "sealing": entries[0][0] if sealing is None else sealing,
                "accepted": [e[0] for e in entries] if accepted is None else accepted,
            }
        }
    add("rings", {"name": name, "form": form, "text": split(text), "now": now, "expect": expect})


ring("one_entry", f"1:{K[1]}", [(1, KEY1)])
ring("two_entries", f"2:{K[2]},1:{K[1]}", [(2, KEY2), (1, KEY1)])
ring("order_is_not_that_of_the_ids", f"1:{K[1]},2:{K[2]}", [(1, KEY1), (2, KEY2)])
ring("ids_at_their_ends", f"4294967295:{K[2]},0:{K[1]}", [(4294967295, KEY2), (0, KEY1)])
ring("leading_zeros_of_an_id", f"007:{K[1]}", [(7, KEY1)])
ring("many_leading_zeros_of_an_id", f"{'0' * 30}7:{K[1]}", [(7, KEY1)])
ring("keys_in_each_form", f"4:{std64(BOTH)},3:{b64(KEY3)},2:{K[2].upper()},1:{std64(KEY1)[:-1]}",
     [(4, BOTH), (3, KEY3), (2, KEY2), (1, KEY1)])
ring("white_space_everywhere",
     f" \t\r\nno-takeover\n,\tlast-id=2 , 2@ 2027-01-15T08:00:00Z\t:\n{K[2]}\r\n,\n1: {K[1]}\n",
     [(2, KEY2, NOW), (1, KEY1)], no_takeover=True, last_id=2)
ring("all_settings",
     f"no-takeover,last-id=9,key-count=2,rotated-at=2027-01-14T08:00:00Z,absolute-timeout=14d,2:{K[2]},1:{K[1]}",
     [(2, KEY2), (1, KEY1)], no_takeover=True, last_id=9)
ring("settings_in_another_order",
     f"absolute-timeout=1s,rotated-at=2027-01-14T09:00:00+01:00,key-count=1,last-id=1,no-takeover,1:{K[1]}",
     [(1, KEY1)], no_takeover=True, last_id=1)
ring("settings_with_leading_zeros", f"last-id=0009,key-count=01,absolute-timeout=0014d,1:{K[1]}", [(1, KEY1)], last_id=9)
ring("last_id_4294967295", f"last-id=4294967295,1:{K[1]}", [(1, KEY1)], last_id=4294967295)
for text in ("1s", "4294967294s", "71582788m", "1193046h", "49710d"):
    ring(f"absolute_timeout_{text}", f"absolute-timeout={text},1:{K[1]}", [(1, KEY1)])

# Times: 1800000000 is 2027-01-15T08:00:00Z.
for label, text, time in (
    ("z", "2027-01-15T08:00:00Z", NOW),
    ("an_offset", "2027-01-15T09:30:00+01:30", NOW),
    ("a_negative_offset", "2027-01-14T22:00:00-10:00", NOW),
    ("an_offset_of_zero", "2027-01-15T08:00:00+00:00", NOW),
    ("the_greatest_offset", "2027-01-16T07:59:00+23:59", NOW),
    ("the_least_offset", "2027-01-14T08:01:00-23:59", NOW),
    ("a_fraction", "2027-01-15T08:00:00.5Z", NOW),
    ("a_long_fraction", "2027-01-15T08:00:00.99999999999999999999999Z", NOW),
    ("1970", "1970-01-01T00:00:00Z", 0),
    ("the_first_second_of_1970", "1970-01-01T00:00:01Z", 1),
    ("a_second_before_1970", "1969-12-31T23:59:59Z", 0),
    ("before_1970_by_its_offset", "1970-01-01T00:00:00+00:01", 0),
    ("1969_that_is_1970_by_its_offset", "1969-12-31T23:59:01-00:01", 1),
    ("year_0", "0000-01-01T00:00:00Z", 0),
    ("year_0_with_an_offset", "0000-01-01T00:00:00+23:59", 0),
    ("leap_day_of_year_0", "0000-02-29T00:00:00Z", 0),
    ("leap_day", "2024-02-29T23:59:59Z", 1709251199),
    ("leap_day_of_2000", "2000-02-29T00:00:00Z", 951782400),
    ("last_day_of_a_month_of_30", "2026-11-30T00:00:00Z", 1795996800),
):
    ring(f"time_of_{label}", f"2@{text}:{K[2]},1:{K[1]}", [(2, KEY2, time), (1, KEY1)])
for label, text in (("9999", "9999-12-31T23:59:59Z"), ("9999_with_a_fraction", "9999-12-31T23:59:59.9Z"),
                    ("9999_by_its_offset", "9999-12-31T23:58:59-00:01")):
    ring(f"time_of_the_last_second_of_{label}", f"2@{text}:{K[2]},1:{K[1]}", [(2, KEY2, MAX), (1, KEY1)], sealing=1)
for label, text in (
    ("nothing", ""),
    ("a_date_alone", "2027-01-15"),
    ("unix_time", "1800000000"),
    ("a_lower_case_t", "2027-01-15t08:00:00Z"),
    ("a_lower_case_z", "2027-01-15T08:00:00z"),
    ("a_space_for_t", "2027-01-15 08:00:00Z"),
    ("no_offset", "2027-01-15T08:00:00"),
    ("no_seconds", "2027-01-15T08:00Z"),
    ("an_offset_without_colon", "2027-01-15T08:00:00+0100"),
    ("an_offset_of_hours_alone", "2027-01-15T08:00:00+01"),
    ("a_negative_offset_of_zero", "2027-01-15T08:00:00-00:00"),
    ("an_offset_of_24_hours", "2027-01-15T08:00:00+24:00"),
    ("an_offset_of_60_minutes", "2027-01-15T08:00:00+01:60"),
    ("hour_24", "2027-01-14T24:00:00Z"),
    ("minute_60", "2027-01-14T23:60:00Z"),
    ("second_60", "2026-12-31T23:59:60Z"),
    ("month_0", "2027-00-15T08:00:00Z"),
    ("month_13", "2026-13-15T08:00:00Z"),
    ("day_0", "2027-01-00T08:00:00Z"),
    ("day_32", "2027-01-32T08:00:00Z"),
    ("day_31_of_a_month_of_30", "2026-11-31T08:00:00Z"),
    ("february_29", "2026-02-29T08:00:00Z"),
    ("february_29_of_2100", "2100-02-29T08:00:00Z"),
    ("a_year_of_two_digits", "27-01-15T08:00:00Z"),
    ("a_year_of_five_digits", "12027-01-15T08:00:00Z"),
    ("a_sign", "+2027-01-15T08:00:00Z"),
    ("an_empty_fraction", "2027-01-15T08:00:00.Z"),
    ("a_fraction_after_a_semicolon", "2027-01-15T08:00:00;5Z"),
    ("white_space_within", "2027-01-15T08:00:00 Z"),
    ("digits_of_another_script", "202\u0667-01-15T08:00:00Z"),
    ("a_second_after_9999", "9999-12-31T23:59:59-00:01"),
):
    ring(f"no_time_with_{label}", f"2@{text}:{K[2]},1:{K[1]}", "time")

ring("not_before_now", f"2@2027-01-15T08:00:00Z:{K[2]},1:{K[1]}", [(2, KEY2, NOW), (1, KEY1)])
ring("not_before_in_a_second", f"2@2027-01-15T08:00:01Z:{K[2]},1:{K[1]}", [(2, KEY2, NOW + 1), (1, KEY1)], sealing=1)
ring("only_entry_active_since_now", f"1@2027-01-15T08:00:00Z:{K[1]}", [(1, KEY1, NOW)])
ring("only_entry_active_in_a_second", f"1@2027-01-15T08:00:01Z:{K[1]}", "no_sealing_key")
ring("two_entries_ahead", f"3@2027-03-01T00:00:00Z:{K[3]},2@2027-02-01T00:00:00Z:{K[2]},1:{K[1]}",
     [(3, KEY3, 1803859200), (2, KEY2, 1801440000), (1, KEY1)], sealing=1)

ring("empty", "", "empty_ring")
ring("ring_of_white_space", " \t\r\n", "empty_ring")
ring("settings_alone", "no-takeover,last-id=3", "empty_ring")
ring("entry_without_a_colon", f"1:{K[1]},{K[2]}", "entry")
ring("first_entry_without_a_colon", K[1], "entry")
ring("id_alone", f"2,1:{K[1]}", "entry")
ring("trailing_comma", f"1:{K[1]},", "entry")
ring("trailing_comma_and_white_space", f"1:{K[1]}, \n", "entry")
ring("leading_comma", f",1:{K[1]}", "entry")
ring("two_commas", f"2:{K[2]},,1:{K[1]}", "entry")
ring("setting_after_an_entry", f"1:{K[1]},no-takeover", "entry")
ring("setting_with_a_value_after_an_entry", f"1:{K[1]},last-id=3", "entry")
ring("lines_without_commas", f"2:{K[2]}\n1:{K[1]}", "key_id")
for label, text in (
    ("unknown", "max-age=3"),
    ("of_another_case", "Last-id=3"),
    ("of_a_low_line", "last_id=3"),
    ("that_stands_twice", "last-id=3,last-id=3"),
    ("no_takeover_twice", "no-takeover,no-takeover"),
    ("no_takeover_with_a_value", "no-takeover=true"),
    ("last_id_without_a_value", "last-id="),
    ("last_id_of_a_word", "last-id=three"),
    ("last_id_negative", "last-id=-1"),
    ("last_id_with_a_plus", "last-id=+1"),
    ("last_id_4294967296", "last-id=4294967296"),
    ("key_count_of_a_word", "key-count=one"),
    ("rotated_at_of_a_day", "rotated-at=2027-01-14"),
    ("rotated_at_after_9999", "rotated-at=9999-12-31T23:59:59-00:01"),
    ("absolute_timeout_without_a_unit", "absolute-timeout=14"),
    ("absolute_timeout_of_0", "absolute-timeout=0d"),
    ("absolute_timeout_4294967295", "absolute-timeout=4294967295s"),
    ("absolute_timeout_49711_days", "absolute-timeout=49711d"),
    ("absolute_timeout_of_weeks", "absolute-timeout=2w"),
    ("absolute_timeout_of_an_upper_case_unit", "absolute-timeout=14D"),
    ("absolute_timeout_with_a_space", "absolute-timeout=14 d"),
    ("absolute_timeout_of_two_units", "absolute-timeout=1d12h"),
    ("absolute_timeout_with_a_fraction", "absolute-timeout=1.5d"),
    ("with_a_space_before_its_sign", "last-id =3"),
    ("with_a_space_after_its_sign", "last-id= 3"),
):
    ring(f"setting_{label}", f"{text},1:{K[1]}", "setting")
for label, text in (("of_a_word", "one"), ("empty", ""), ("negative", "-1"), ("with_a_plus", "+1"),
                    ("4294967296", "4294967296"), ("in_hex", "0x1"), ("of_another_script", "\u0661"),
                    ("before_a_space", "1 ")):
    ring(f"id_{label}", f"{text}:{K[1]}", "key_id")
ring("id_empty_before_a_time", f"@2027-01-15T08:00:00Z:{K[1]}", "key_id")
ring("id_and_a_space_before_a_time", f"1 @2027-01-15T08:00:00Z:{K[1]}", "key_id")
ring("key_that_is_empty", "1:", "not_a_key")
ring("key_of_63_digits", f"1:{K[1][:63]}", "not_a_key")
ring("key_with_white_space_within", f"1:{K[1][:32]} {K[1][32:]}", "not_a_key")
ring("key_that_is_published", f"1:{PUBLISHED[0].hex()}", "published_key")
ring("second_key_that_is_published", f"2:{K[2]},1:{b64(PUBLISHED[3])}", "published_key")
ring("key_of_equal_bytes", f"1:{'00' * 32}", "weak_key")
ring("id_twice", f"1:{K[2]},1:{K[1]}", "duplicate_id")
ring("id_twice_in_two_forms", f"01:{K[2]},1:{K[1]}", "duplicate_id")
ring("key_twice", f"2:{K[1]},1:{K[1]}", "duplicate_key")
ring("key_twice_in_two_forms", f"2:{b64(KEY1)},1:{K[1]}", "duplicate_key")
ring("key_count_too_great", f"key-count=3,2:{K[2]},1:{K[1]}", "key_count")
ring("key_count_too_small", f"key-count=1,2:{K[2]},1:{K[1]}", "key_count")
ring("key_count_0", f"key-count=0,1:{K[1]}", "key_count")

# The form of a configuration file.
E1, E2 = {"id": 1, "key": K[1]}, {"id": 2, "key": K[2]}
T = "2027-01-15T08:00:00Z"


def json_string(text):
    return (json.dumps(text),)


ring("json_string", json_string(f"no-takeover, last-id=4, 2:{K[2]}, 1:{K[1]}"), [(2, KEY2), (1, KEY1)],
     no_takeover=True, last_id=4)
ring("json_list", [E2, E1], [(2, KEY2), (1, KEY1)])
ring("json_list_of_strings", [f"2@{T}:{K[2]}", f" \t1: {K[1]}\n"], [(2, KEY2, NOW), (1, KEY1)])
ring("json_list_of_both", [E2, f"1:{K[1]}"], [(2, KEY2), (1, KEY1)])
ring("json_map", {"keys": [E2, E1]}, [(2, KEY2), (1, KEY1)])
ring("json_map_with_all_members",
     {"no_takeover": True, "last_id": 9, "key_count": 2, "rotated_at": T, "absolute_timeout": "14d", "keys": [E2, E1]},
     [(2, KEY2), (1, KEY1)], no_takeover=True, last_id=9)
ring("json_map_with_nulls",
     {"no_takeover": None, "last_id": None, "key_count": None, "rotated_at": None, "absolute_timeout": None,
      "keys": [E1 | {"not_before": None, "not_after": None}]}, [(1, KEY1)])
ring("json_map_with_a_false", {"no_takeover": False, "keys": [E1]}, [(1, KEY1)])
ring("json_map_with_a_span_in_seconds", {"absolute_timeout": "4294967294s", "keys": [E1]}, [(1, KEY1)])
ring("json_map_with_ids_at_their_ends", {"last_id": 4294967295, "keys": [E1]}, [(1, KEY1)], last_id=4294967295)
ring("json_map_with_last_id_0", {"last_id": 0, "keys": [{"id": 0, "key": K[1]}]}, [(0, KEY1)], last_id=0)
ring("json_map_with_keys_in_a_string", {"last_id": 9, "keys": f"no-takeover,2:{K[2]},1:{K[1]}"},
     [(2, KEY2), (1, KEY1)], no_takeover=True, last_id=9)
ring("json_map_with_null_beside_a_setting", {"no_takeover": None, "keys": f"no-takeover,1:{K[1]}"}, [(1, KEY1)],
     no_takeover=True)
ring("json_id_as_a_string", [{"id": "007", "key": K[1]}], [(7, KEY1)])
ring("json_key_in_white_space", [{"id": 1, "key": f" {K[1]}\n"}], [(1, KEY1)])
ring("json_window", [E2, E1 | {"not_before": "2026-01-15T08:00:00Z", "not_after": "2027-01-15T08:00:01Z"}],
     [(2, KEY2), (1, KEY1, NOW - 365 * DAY, NOW + 1)])
ring("json_not_after_now", [E2, E1 | {"not_after": T}], [(2, KEY2), (1, KEY1, None, NOW)], accepted=[2])
ring("json_first_entry_is_over", [E2 | {"not_after": T}, E1], [(2, KEY2, None, NOW), (1, KEY1)], sealing=1, accepted=[1])
ring("json_window_of_a_second", [E2 | {"not_before": T, "not_after": "2027-01-15T08:00:01Z"}, E1],
     [(2, KEY2, NOW, NOW + 1), (1, KEY1)])
ring("json_one_ends_as_the_next_begins", [E2 | {"not_before": "2027-02-01T00:00:00Z"}, E1 | {
    "not_after": "2027-02-01T00:00:00Z"}], [(2, KEY2, 1801440000), (1, KEY1, None, 1801440000)], sealing=1)
ring("json_gap_in_the_past", [E2 | {"not_before": T}, E1 | {"not_after": "2027-01-14T08:00:00Z"}],
     [(2, KEY2, NOW), (1, KEY1, None, NOW - DAY)], accepted=[2])
ring("json_white_space_around", (f' \t\r\n[{{"id":1,"key":"{K[1]}"}}]\n',), [(1, KEY1)])

ring("json_empty_list", [], "empty_ring")
ring("json_empty_string", json_string(""), "empty_ring")
ring("json_settings_alone", json_string("no-takeover"), "empty_ring")
ring("json_map_with_an_empty_list", {"keys": []}, "empty_ring")
ring("json_map_with_an_empty_string", {"last_id": 3, "keys": ""}, "empty_ring")
ring("json_gap_in_the_future", [E2 | {"not_before": "2027-02-01T00:00:01Z"}, E1 | {
    "not_after": "2027-02-01T00:00:00Z"}], "no_sealing_key")
ring("json_all_end", [E2 | {"not_after": "9999-12-31T23:59:59Z"}, E1 | {"not_after": "2027-02-01T00:00:00Z"}],
     "no_sealing_key")
ring("json_only_entry_is_over", [E1 | {"not_after": T}], "no_sealing_key")
ring("json_window_of_nothing", [E2, E1 | {"not_before": T, "not_after": T}], "empty_window")
ring("json_window_backwards", [E2, E1 | {"not_before": T, "not_after": "2027-01-14T08:00:00Z"}], "empty_window")
ring("json_window_of_nothing_by_its_offset", [E2, E1 | {"not_before": T, "not_after": "2027-01-15T09:00:00+01:00"}],
     "empty_window")
ring("json_id_twice", [E1, {"id": "01", "key": K[2]}], "duplicate_id")
ring("json_key_twice", [E1, {"id": 2, "key": std64(KEY1)}], "duplicate_key")
ring("json_key_count", {"key_count": 3, "keys": [E2, E1]}, "key_count")
ring("json_key_count_beside_a_string", {"key_count": 2, "keys": f"1:{K[1]}"}, "key_count")
ring("json_key_count_in_the_string", {"keys": f"key-count=2,1:{K[1]}"}, "key_count")
ring("json_entry_that_is_empty", ["", E1], "entry")
ring("json_entry_without_a_colon", [K[1]], "entry")
ring("json_string_with_a_trailing_comma", json_string(f"1:{K[1]},"), "entry")
ring("json_setting_in_the_string_and_the_map", {"no_takeover": True, "keys": f"no-takeover,1:{K[1]}"}, "setting")
ring("json_setting_in_the_string_and_a_false", {"no_takeover": False, "keys": f"no-takeover,1:{K[1]}"}, "setting")
ring("json_unknown_setting_in_the_string", {"keys": f"max-age=3,1:{K[1]}"}, "setting")
ring("json_id_negative", [{"id": -1, "key": K[1]}], "key_id")
ring("json_id_4294967296", [{"id": 4294967296, "key": K[1]}], "key_id")
ring("json_id_of_a_word", [{"id": "one", "key": K[1]}], "key_id")
ring("json_last_id_4294967296", {"last_id": 4294967296, "keys": [E1]}, "key_id")
ring("json_last_id_negative", {"last_id": -1, "keys": [E1]}, "key_id")
ring("json_not_before_of_a_word", [E1 | {"not_before": "yesterday"}], "time")
ring("json_not_after_without_an_offset", [E2, E1 | {"not_after": "2027-01-15T08:00:00"}], "time")
ring("json_time_in_white_space", [E1 | {"not_before": " " + T}], "time")
ring("json_rotated_at_of_a_day", {"rotated_at": "2027-01-15", "keys": [E1]}, "time")
ring("json_absolute_timeout_0", {"absolute_timeout": 0, "keys": [E1]}, "span")
ring("json_absolute_timeout_negative", {"absolute_timeout": -1, "keys": [E1]}, "span")
ring("json_absolute_timeout_4294967295", {"absolute_timeout": 4294967295, "keys": [E1]}, "span")
ring("json_absolute_timeout_as_a_number", {"absolute_timeout": 1209600, "keys": [E1]}, "span")
ring("json_absolute_timeout_without_a_unit", {"absolute_timeout": "14", "keys": [E1]}, "span")
ring("json_absolute_timeout_of_weeks", {"absolute_timeout": "2w", "keys": [E1]}, "span")
ring("json_key_of_63_digits", [{"id": 1, "key": K[1][:63]}], "not_a_key")
ring("json_key_that_is_published", [{"id": 1, "key": PUBLISHED[1].hex()}], "published_key")
ring("json_key_of_equal_bytes", [{"id": 1, "key": "ff" * 32}], "weak_key")
ring("json_that_is_none", (f"1:{K[1]}",), "json")
ring("json_that_is_cut", ('{"keys":[',), "json")
ring("json_that_is_empty", ("",), "json")
ring("json_with_a_trailing_comma", (f'["1:{K[1]}",]',), "json")
ring("json_null", None, "json")
ring("json_number", 1, "json")
ring("json_true", True, "json")
ring("json_map_without_keys", {"last_id": 1}, "json")
ring("json_map_with_keys_null", {"keys": None}, "json")
ring("json_map_with_keys_in_a_map", {"keys": E1}, "json")
ring("json_entry_instead_of_a_ring", E1, "json")
ring("json_unknown_member", {"keys": [E1], "max_age": 3}, "json")
ring("json_member_with_a_hyphen", {"keys": [E1], "last-id": 3}, "json")
ring("json_member_of_another_case", {"Keys": [E1]}, "json")
ring("json_member_that_stands_twice", (f'{{"last_id":1,"last_id":1,"keys":["1:{K[1]}"]}}',), "json")
ring("json_no_takeover_as_a_string", {"keys": [E1], "no_takeover": "true"}, "json")
ring("json_no_takeover_as_a_number", {"keys": [E1], "no_takeover": 1}, "json")
ring("json_last_id_as_a_string", {"keys": [E1], "last_id": "3"}, "json")
ring("json_last_id_as_true", {"keys": [E1], "last_id": True}, "json")
ring("json_key_count_as_a_string", {"keys": [E1], "key_count": "1"}, "json")
ring("json_rotated_at_as_a_number", {"keys": [E1], "rotated_at": NOW}, "json")
ring("json_absolute_timeout_as_a_list", {"keys": [E1], "absolute_timeout": ["14d"]}, "json")
ring("json_entry_as_a_number", [1], "json")
ring("json_entry_as_null", [E1, None], "json")
ring("json_entry_as_a_list", [[1, K[1]]], "json")
ring("json_entry_without_an_id", [{"key": K[1]}], "json")
ring("json_entry_without_a_key", [{"id": 1}], "json")
ring("json_entry_with_an_id_of_null", [{"id": None, "key": K[1]}], "json")
ring("json_entry_with_an_id_of_true", [{"id": True, "key": K[1]}], "json")
ring("json_entry_with_a_key_of_null", [{"id": 1, "key": None}], "json")
ring("json_entry_with_a_key_of_a_list", [{"id": 1, "key": list(KEY1)}], "json")
ring("json_entry_with_a_time_of_a_number", [E1 | {"not_before": NOW}], "json")
ring("json_entry_with_an_unknown_member", [E1 | {"note": "first"}], "json")
ring("json_entry_with_a_member_twice", (f'[{{"id":1,"id":1,"key":"{K[1]}"}}]',), "json")

# cookies ------------------------------------------------------------------------------------

LINEAGE = digest("lineage of the cookies", 4)
OTHER = digest("another lineage of the cookies", 4)


def session(label, *, name=NAME, audience=None, key=KEY1, key_id=1, purpose=1, version=1, flags=1, created_at=NOW - 900,
            issued_at=None, lifetime=14 * DAY, idle=None, authenticated=0, lineage=LINEAGE, generation=1, id=None,
            seen=0, block=None, payload=EXAMPLE_PAYLOAD):
    """A session value. The label decides its nonce and its id."""
    _, plain = session_plaintext(
        label, flags=flags | (0 if block is None else 0x80), created_at=created_at,
        offset=0 if issued_at is None else issued_at - created_at, lifetime=lifetime, idle=idle,
        authenticated=authenticated, lineage=lineage, generation=generation, id=id, seen=seen, block=block,
        payload=payload,
    )
    aad = build_aad(key_id, name, audience, purpose, version)
    return seal(key, key_id, digest("nonce of the value " + label, 24), aad, plain, version)


def came(*values, name=NAME):
    return "; ".join(f"{name}={value}" for value in values)


def ended(label, limit=1, *, lineage=LINEAGE, ended_at=NOW - 60, until=NOW + 14 * DAY, name=NAME, sealed_name=None,
          said=None, key=KEY1, key_id=1, purpose=3):
    """A tombstone's cookie: its name, and the pair."""
    body = pack_tombstone(lineage, limit, ended_at, until)
    aad = build_aad(key_id, sealed_name or name, purpose=purpose)
    value = seal(key, key_id, digest("nonce of the tombstone " + label, 24), aad, body)
    cookie = tombstone_cookie(name, *(said or (lineage, limit)))
    return cookie, f"{cookie}={value}"


def bind(label, family, until=NOW + 600, *, name=NAME, audience=None, said=None, purpose=4):
    value = seal(KEY1, 1, digest("nonce of the bound cookie " + label, 24), build_aad(1, name, audience, purpose),
                 family + u40(until))
    return f"{bound_cookie(name, said or family)}={value}"


def cookies(name, headers, candidates, winner=None, *, reseal_due=False, passing=False, collectable=(), ring=None,
            cookie_name=NAME, audience=None, absolute_timeout=14 * DAY, idle_timeout=None, now=NOW, type=None,
            former_names=None, former_audiences=None, binding=None):
    """`candidates` are results, or (result, name, ended_by), where the last two may be left out."""
    v = {"name": name} | reader(ring, cookie_name, audience, absolute_timeout, idle_timeout, now, type)
    v["headers"] = [headers] if isinstance(headers, str) else headers
    if former_names is not None:
        v["former_names"] = [{"name": n, "until": until} for n, until in former_names]
    if former_audiences is not None:
        v["former_audiences"] = [{"audience": a, "until": until} for a, until in former_audiences]
    if binding is not None:
        v["binding"] = binding
    expected = []
    for c in candidates:
        result, under, by = (*(c if isinstance(c, tuple) else (c,)), None, None)[:3]
        expected.append({"cookie": under or cookie_name, "result": result} | (
            {} if by is None else {"ended_by": sorted(by)}))
    v["expect"] = {"candidates": expected, "winner": winner, "reseal_due": reseal_due, "passing": passing,
                   "collectable": sorted(collectable)}
    add("cookies", v)


S1, S2, S3 = session("first"), session("second"), session("third")
LATER = session("later", issued_at=NOW - 60)

# Parsing.
cookies("no_header", [], [])
cookies("empty_header", "", [])
cookies("other_cookies_alone", "theme=dark; lang=en", [])
cookies("one_session", came(S1), ["live"], 0)
cookies("session_among_other_cookies", f"theme=dark; {came(S1)}; lang=en", ["live"], 0)
cookies("no_space_after_the_semicolon", f"theme=dark;{came(S1)};lang=en", ["live"], 0)
cookies("spaces_and_tabs_around_the_pair", f"theme=dark; \t {came(S1)}\t \t; lang=en", ["live"], 0)
cookies("empty_pairs", f";; ;{came(S1)};;", ["live"], 0)
cookies("pair_without_a_sign", f"{NAME}; {came(S1)}", ["live"], 0)
cookies("pair_without_a_name", f"={S1}; {came(S1)}", ["live"], 0)
cookies("pair_whose_name_is_in_its_value", f"={NAME}={S1}", [])
cookies("space_before_the_sign", f"{NAME} ={S1}", [])
cookies("tab_before_the_sign", f"{NAME}\t={S1}", [])
cookies("space_after_the_sign", f"{NAME}= {S1}", ["malformed"])
cookies("name_of_another_case", f"__host-session={S1}; __Host-Session={S1}", [])
cookies("name_with_percent_encoding", f"__Host%2Dsession={S1}", [])
cookies("name_in_quotes", f'"{NAME}"={S1}', [])
cookies("name_with_more_behind_it", f"{NAME}2={S1}", [])
cookies("name_behind_another_byte", f"x{NAME}={S1}", [])
cookies("line_feed_before_the_name", f"theme=dark;\n{came(S1)}", [])
cookies("name_of_other_bytes", f"\xff={S1}; {came(S1)}", ["live"], 0)
cookies("value_with_a_further_sign", f"{NAME}={S1}=", ["malformed"])
cookies("value_with_a_sign_in_front", f"{NAME}=={S1}", ["malformed"])
cookies("value_in_quotes_of_a_cookie", f'{NAME}="{S1}"', ["malformed"])
cookies("value_with_percent_encoding", f"{NAME}={S1[:60]}%{ord(S1[60]):02X}{S1[61:]}", ["malformed"])
cookies("value_with_white_space_within", f"{NAME}={S1[:60]} {S1[60:]}", ["malformed"])
cookies("value_before_a_form_feed", f"{came(S1)}\f", ["malformed"])
cookies("value_before_a_carriage_return", f"{came(S1)}\r", ["malformed"])
cookies("value_before_a_no_break_space", f"{came(S1)}\xa0", ["malformed"])
cookies("value_that_is_not_utf8", f"{NAME}={S1[:60]}\xff{S1[61:]}", ["malformed"])
cookies("value_of_two_bytes_that_are_utf8", f"{NAME}={S1[:60]}\xc3\xa9{S1[62:]}", ["malformed"])
cookies("value_that_is_empty", f"{NAME}=", ["malformed"])
cookies("value_of_spaces", f"{NAME}=   ; {came(S1)}", ["malformed", "live"], 1)
cookies("value_with_a_comma", f"{came(S1)},{came(S2)}", ["malformed"])
cookies("quotes_do_not_hide_a_semicolon", f'x="a; {came(S1)}; b"', ["live"], 0)
cookies("several_headers", ["theme=dark", came(S1), "lang=en"], ["live"], 0)
cookies("several_headers_in_order", [came(S1), came(S2)], ["live", "live"], 1)
cookies("pair_is_not_joined_across_headers", [f"{NAME}", f"={S1}"], [])
cookies("cookie_version_attribute", f"$Version=1; {came(S1)}; $Path=/", ["live"], 0)

# Which candidate wins.
cookies("later_issue_wins_in_front", came(LATER, S1), ["live", "live"], 0)
cookies("later_issue_wins_at_the_end", came(S1, LATER), ["live", "live"], 1)
cookies("later_issue_wins_over_later_creation",
        came(session("old", created_at=NOW - 5000, issued_at=NOW - 10), session("new", created_at=NOW - 20)),
        ["live", "live"], 0)
cookies("last_of_three_equal_ones_wins", came(S1, S2, S3), ["live"] * 3, 2)
cookies("same_value_twice", came(S1, S1), ["live", "live"], 1)
cookies("last_of_equal_ones_before_an_older_one", came(LATER, session("later too", issued_at=NOW - 60), S1),
        ["live"] * 3, 1)
cookies("issued_ahead_wins", came(session("ahead", issued_at=NOW + 60), S1), ["live", "live"], 0)
cookies("refused_ones_do_not_win",
        came("x", session("over", lifetime=60), flip(-1)(LATER), S1, session("far", issued_at=NOW + 61)),
        ["malformed", "expired", "not_authentic", "live", "issued_in_future"], 3)
cookies("every_class", came(
    "A" * 4097, "", flip(0, 1)(S1), session("u", key_id=9), session("r", key=KEY2, key_id=2), S1 + "=", flip(-1)(S1),
), ["too_long", "malformed", "unsupported_version", "unknown_key", "retired_key", "malformed", "not_authentic"],
    passing=True, ring=[entry(1, KEY1), entry(2, KEY2, not_after=NOW)])
cookies("every_class_after_the_tag", came(
    session("c9", flags=0x20), session("c10", block=block_of((2, b""))), session("c11", issued_at=NOW + 61),
    session("c12", lifetime=900), session("c13", idle=900), session("c14", flags=5), session("c15", payload=""),
), ["invalid_claims", "unsupported_extension", "issued_in_future", "expired", "idle", "bound", "payload"], passing=True)
cookies("object_asked_for", came(session("list", payload="[]"), S1), ["payload", "live"], 1, type="object")
cookies("session_with_an_audience", came(session("a", audience="shop.example")), ["live"], 0, audience="shop.example")
cookies("other_purposes_as_a_session", came(*(session(f"p{p}", purpose=p) for p in range(2, 8))), ["not_authentic"] * 6)

# How many are read.
BAD = flip(-1)
cookies("eight_live_ones", came(*[S1] * 8), ["live"] * 8, 7)
cookies("ninth_live_one_is_not_read", came(*[S1] * 8, LATER), ["live"] * 8 + ["not_read"], 7)
cookies("ninth_after_eight_refused_is_not_read", came(*[BAD(S1)] * 8, LATER), ["not_authentic"] * 8 + ["not_read"])
cookies("ninth_after_seven_refused_and_one_live", came(*[BAD(S1)] * 7, S1, LATER), ["not_authentic"] * 7
        + ["live", "not_read"], 7)
cookies("checks_after_8_count_too", came(*[session("over", lifetime=60)] * 8, S1), ["expired"] * 8 + ["not_read"])
cookies("checks_1_to_7_do_not_count", came(
    *["x"] * 20, *[S1 + "="] * 20, *[session("u", key_id=9)] * 8, "A" * 60, *[S1] * 7, LATER, S2),
    ["malformed"] * 40 + ["unknown_key"] * 8 + ["unsupported_version"] + ["live"] * 8 + ["not_read"], 56)
cookies("malformed_one_after_eight_is_not_read", came(*[S1] * 8, "x"), ["live"] * 8 + ["not_read"], 7)
cookies("sixty_fourth_is_read", came(*["x"] * 63, S1), ["malformed"] * 63 + ["live"], 63)
cookies("sixty_fifth_is_not_read", came(*["x"] * 64, S1), ["malformed"] * 64 + ["not_read"])
cookies("sixty_fifth_in_another_header", [came(*["x"] * 40), came(*["x"] * 23, S1, S2)],
        ["malformed"] * 63 + ["live", "not_read"], 63)

# Re-seal of the winner.
cookies("winner_is_due", came(session("due", idle=1800)), ["live"], 0, reseal_due=True)
cookies("loser_is_due", came(session("due", idle=1800), LATER), ["live", "live"], 1)
cookies("winner_of_a_superseded_key", came(session("key", created_at=NOW - 3600)), ["live"], 0, reseal_due=True,
        ring=TWO_KEYS)
cookies("winner_of_a_long_session", came(session("long", created_at=NOW - 50 * DAY, lifetime=800 * DAY)), ["live"], 0,
        reseal_due=True, absolute_timeout=800 * DAY)

# Passing refusals.
for label, value, kind, passing in (
    ("version_2", flip(0, 1)(flip(0)(S1)), "unsupported_version", True),
    ("version_0", flip(0)(S1), "unsupported_version", False),
    ("a_greater_key_id", session("u", key_id=2), "unknown_key", True),
    ("a_lesser_key_id", session("u", key_id=0), "unknown_key", False),
    ("an_extension", session("c10", block=block_of((2, b""))), "unsupported_extension", True),
    ("the_future", session("c11", issued_at=NOW + 61), "issued_in_future", True),
    ("a_missing_bound_cookie", session("c14", flags=5), "bound", True),
    ("broken_claims", session("c9", flags=0x20), "invalid_claims", False),
    ("its_end", session("c12", lifetime=900), "expired", False),
    ("its_idle_limit", session("c13", idle=900), "idle", False),
    ("its_payload", session("c15", payload=""), "payload", False),
    ("its_tag", BAD(S1), "not_authentic", False),
):
    cookies(f"refused_for_{label}", came(value), [kind], passing=passing)
    cookies(f"refused_for_{label}_beside_a_live_one", came(value, S1), [kind, "live"], 1)
cookies("refused_for_a_key_id_between_those_of_the_ring", came(session("u", key_id=5)), ["unknown_key"],
        ring=[entry(1, KEY1), entry(9, KEY2)])
cookies("refused_for_a_key_id_greater_than_one_that_is_retired", came(session("u", key_id=10)), ["unknown_key"],
        passing=True, ring=[entry(1, KEY1), entry(9, KEY2, not_after=NOW)])
cookies("refused_for_a_retired_key", came(session("r", key=KEY2, key_id=9)), ["retired_key"],
        ring=[entry(1, KEY1), entry(9, KEY2, not_after=NOW)])
cookies("unread_ones_are_not_passing", came(*["x"] * 64, session("u", key_id=2)), ["malformed"] * 64 + ["not_read"])

# Tombstones.
TOMB1, TOMB1_PAIR = ended("one")
TOMB0, TOMB0_PAIR = ended("zero", 0)
ALL_TOMB, ALL_PAIR = ended("all", 65535)
cookies("tombstone_of_the_generation", f"{came(S1)}; {TOMB1_PAIR}", [("ended", None, [TOMB1])])
cookies("tombstone_in_front", f"{TOMB1_PAIR}; {came(S1)}", [("ended", None, [TOMB1])])
cookies("tombstone_in_another_header", [came(S1), TOMB1_PAIR], [("ended", None, [TOMB1])])
cookies("tombstone_of_a_greater_generation", f"{came(session('g0', generation=0))}; {TOMB1_PAIR}",
        [("ended", None, [TOMB1])])
cookies("tombstone_of_a_lesser_generation", f"{came(S1)}; {TOMB0_PAIR}", ["live"], 0)
cookies("tombstone_of_all", f"{came(session('g', generation=65534))}; {ALL_PAIR}", [("ended", None, [ALL_TOMB])])
LAST_TOMB, LAST_PAIR = ended("last", 65534)
cookies("tombstone_of_65534", f"{came(session('g', generation=65534))}; {LAST_PAIR}", [("ended", None, [LAST_TOMB])])
cookies("tombstone_of_another_lineage", f"{came(S1)}; {ended('other', 65535, lineage=OTHER)[1]}", ["live"], 0)
cookies("two_tombstones_of_a_lineage", f"{came(S1)}; {ALL_PAIR}; {TOMB1_PAIR}", [("ended", None, [ALL_TOMB, TOMB1])])
cookies("two_tombstones_of_which_one_matches", f"{came(S1)}; {TOMB0_PAIR}; {TOMB1_PAIR}", [("ended", None, [TOMB1])])
cookies("same_tombstone_twice", f"{TOMB1_PAIR}; {came(S1)}; {TOMB1_PAIR}", [("ended", None, [TOMB1])])
cookies("tombstone_twice_and_once_not_live", f"{TOMB1}=x; {came(S1)}; {TOMB1_PAIR}; {TOMB1}=",
        [("ended", None, [TOMB1])])
cookies("tombstone_ends_one_of_two", f"{came(S1, session('next', generation=2))}; {TOMB1_PAIR}",
        [("ended", None, [TOMB1]), "live"], 1)
cookies("tombstone_ends_the_later_one", f"{came(session('o', lineage=OTHER), LATER)}; {TOMB1_PAIR}",
        ["live", ("ended", None, [TOMB1])], 0)
cookies("tombstones_of_two_lineages",
        f"{came(S1, session('o', lineage=OTHER), S2)}; {TOMB1_PAIR}; {ended('oo', 1, lineage=OTHER)[1]}",
        [("ended", None, [TOMB1]), ("ended", None, [ended('oo', 1, lineage=OTHER)[0]]), ("ended", None, [TOMB1])])
cookies("tombstone_older_than_the_session", f"{came(S1)}; {ended('old', ended_at=NOW - 9 * DAY)[1]}",
        [("ended", None, [TOMB1])])
cookies("tombstone_set_in_the_future_ends", f"{came(S1)}; {ended('f', ended_at=NOW + DAY)[1]}",
        [("ended", None, [TOMB1])])
cookies("tombstone_in_its_last_second_ends", f"{came(S1)}; {ended('l', until=NOW + 1)[1]}", [("ended", None, [TOMB1])])
cookies("tombstone_on_its_until_is_ignored", f"{came(S1)}; {ended('l', until=NOW)[1]}", ["live"], 0)
cookies("tombstone_with_broken_times_is_ignored", f"{came(S1)}; {ended('b', ended_at=NOW + 9, until=NOW + 8)[1]}",
        ["live"], 0)
cookies("tombstone_whose_name_says_another_lineage", f"{came(S1)}; {ended('n', lineage=OTHER, said=(LINEAGE, 1))[1]}",
        ["live"], 0)
cookies("tombstone_whose_name_says_another_limit", f"{came(S1)}; {ended('n', 65535, said=(LINEAGE, 1))[1]}", ["live"], 0)
cookies("tombstone_whose_name_says_a_lesser_limit", f"{came(S1)}; {ended('n', 65535, said=(LINEAGE, 0))[1]}", ["live"], 0)
cookies("tombstone_sealed_for_another_name", f"{came(S1)}; {ended('n', sealed_name='__Host-cart')[1]}", ["live"], 0)
cookies("tombstone_sealed_as_a_token", f"{came(S1)}; {ended('n', purpose=2)[1]}", ["live"], 0)
cookies("tombstone_that_is_tampered", f"{came(S1)}; {TOMB1}={BAD(TOMB1_PAIR.partition('=')[2])}", ["live"], 0)
cookies("tombstone_that_is_empty", f"{came(S1)}; {TOMB1}=", ["live"], 0)
cookies("tombstone_of_an_unknown_key", f"{came(S1)}; {ended('k', key_id=9)[1]}", [("ended", None, [TOMB1])])
cookies("tombstone_of_an_unknown_key_whose_name_says_another_lineage",
        f"{came(S1)}; {ended('k', key_id=9, said=(OTHER, 1))[1]}", ["live"], 0)
cookies("tombstone_of_an_unknown_key_whose_name_says_a_lesser_limit",
        f"{came(S1)}; {ended('k', key_id=9, said=(LINEAGE, 0))[1]}", ["live"], 0)
cookies("tombstone_of_a_retired_key", f"{came(S1)}; {ended('k', key=KEY2, key_id=2)[1]}", [("ended", None, [TOMB1])],
        ring=[entry(1, KEY1), entry(2, KEY2, not_after=NOW)])
cookies("tombstone_of_version_2", f"{came(S1)}; {TOMB1}=Ag{TOMB1_PAIR.partition('=')[2][2:]}",
        [("ended", None, [TOMB1])])
cookies("tombstone_of_version_2_that_is_cut", f"{came(S1)}; {TOMB1}=Ag{TOMB1_PAIR.partition('=')[2][2:59]}", ["live"], 0)
cookies("tombstone_of_an_accepted_key", f"{came(S1)}; {ended('k', key=KEY2, key_id=2)[1]}", [("ended", None, [TOMB1])],
        ring=[entry(1, KEY1), entry(2, KEY2, not_after=NOW + 1)])
cookies("tombstone_with_an_audience_configured", f"{came(session('a', audience='shop.example'))}; {TOMB1_PAIR}",
        [("ended", None, [TOMB1])], audience="shop.example")
cookies("tombstone_name_of_7_characters", f"{came(S1)}; {TOMB1_PAIR.replace(TOMB1, TOMB1[:-1])}", ["live"], 0)
cookies("tombstone_name_of_9_characters", f"{came(S1)}; {TOMB1_PAIR.replace(TOMB1, TOMB1 + 'A')}", ["live"], 0)
cookies("tombstone_name_of_another_case", f"{came(S1)}; {TOMB1_PAIR.replace('-ended-', '-Ended-')}", ["live"], 0)
cookies("expired_before_ended", f"{came(session('e', lifetime=900))}; {TOMB1_PAIR}", ["expired"])
cookies("payload_before_ended", f"{came(session('e', payload='x'))}; {TOMB1_PAIR}", ["payload"])
cookies("ended_before_bound", f"{came(session('e', flags=5))}; {TOMB1_PAIR}", [("ended", None, [TOMB1])])
cookies("ended_is_not_passing", f"{came(S1, 'x')}; {TOMB1_PAIR}", [("ended", None, [TOMB1]), "malformed"])
cookies("tombstone_behind_many_cookies", "; ".join([came(S1), *(f"c{n}=x" for n in range(300)), TOMB1_PAIR]),
        [("ended", None, [TOMB1])])
cookies("tombstones_count_as_no_candidates", "; ".join([came(*["x"] * 63, S1), TOMB0_PAIR, TOMB0_PAIR]),
        ["malformed"] * 63 + ["live"], 63)
MANY = [ended(f"many {n}", n) for n in range(1, 10)]
cookies("eight_tombstones_match", "; ".join([came(S1), *(pair for _, pair in MANY[:8])]),
        [("ended", None, [c for c, _ in MANY[:8]])])
cookies("nine_tombstones_match", "; ".join([came(S1), *(pair for _, pair in MANY)]), [("ended", None, [])])
cookies("nine_names_of_tombstones_without_values", "; ".join([came(S1), *(f"{c}=x" for c, _ in MANY)]),
        [("ended", None, [])])
cookies("eight_names_of_tombstones_without_values", "; ".join([came(S1), *(f"{c}=x" for c, _ in MANY[:8])]), ["live"], 0)
cookies("eighth_of_the_matching_is_live", "; ".join([came(S1), *(f"{c}=x" for c, _ in MANY[:7]), MANY[7][1]]),
        [("ended", None, [MANY[7][0]])])
cookies("nine_tombstones_of_which_eight_match",
        "; ".join([came(session("g2", generation=2)), *(pair for _, pair in MANY)]),
        [("ended", None, [c for c, _ in MANY[1:]])])
cookies("nine_match_one_candidate_and_eight_another",
        "; ".join([came(S1, session("g2", generation=2)), *(f"{c}=x" for c, _ in MANY)]), [("ended", None, []), "live"], 1)
cookies("nine_cookies_of_one_tombstone", "; ".join([came(S1), *[f"{TOMB1}=x"] * 9]), [("ended", None, [])])

# Former names.
OLD, OLDER = "__Host-old", "older"
FORMER2 = [(OLD, NOW + 1), (OLDER, NOW + DAY)]
O1, O2 = session("old one", name=OLD), session("older one", name=OLDER)
cookies("former_name", came(O1, name=OLD), [("live", OLD)], 0, reseal_due=True, former_names=FORMER2)
cookies("former_name_that_is_over", came(O1, name=OLD), [], former_names=[(OLD, NOW)])
cookies("value_of_a_former_name_under_the_present", came(O1), ["not_authentic"], former_names=FORMER2)
cookies("value_of_the_present_name_under_a_former", came(S1, name=OLD), [("not_authentic", OLD)], former_names=FORMER2)
cookies("names_are_read_in_order", "; ".join([came(O2, name=OLDER), came(O1, name=OLD), came(S1)]),
        ["live", ("live", OLD), ("live", OLDER)], 0, former_names=FORMER2)
cookies("equal_ones_under_two_former_names", "; ".join([came(O2, name=OLDER), came(O1, name=OLD)]),
        [("live", OLD), ("live", OLDER)], 0, reseal_due=True, former_names=FORMER2)
cookies("equal_ones_under_two_former_names_in_another_order", "; ".join([came(O2, name=OLDER), came(O1, name=OLD)]),
        [("live", OLDER), ("live", OLD)], 0, reseal_due=True, former_names=FORMER2[::-1])
cookies("last_of_equal_ones_under_the_name_read_first", "; ".join([came(S1), came(O1, name=OLD), came(S2)]),
        ["live", "live", ("live", OLD)], 1, former_names=FORMER2)
cookies("later_one_under_a_former_name_wins",
        "; ".join([came(S1), came(session("l", name=OLD, issued_at=NOW - 1), name=OLD)]),
        ["live", ("live", OLD)], 1, reseal_due=True, former_names=FORMER2)
cookies("each_name_has_its_own_eight", "; ".join([came(*[BAD(S1)] * 9), came(*[O1] * 9, name=OLD)]),
        ["not_authentic"] * 8 + ["not_read"] + [("live", OLD)] * 8 + [("not_read", OLD)], 16, reseal_due=True,
        former_names=FORMER2)
cookies("each_name_has_its_own_sixty_four", "; ".join([came(*["x"] * 65), came(*["x"] * 63, O1, O1, name=OLD)]),
        ["malformed"] * 64 + ["not_read"] + [("malformed", OLD)] * 63 + [("live", OLD), ("not_read", OLD)], 128,
        reseal_due=True, former_names=FORMER2)
OLD_TOMB, OLD_PAIR = ended("under old", name=OLD)
cookies("tombstone_under_a_former_name", f"{came(S1)}; {OLD_PAIR}", [("ended", None, [OLD_TOMB])], former_names=FORMER2)
cookies("tombstone_under_a_former_name_that_is_over", f"{came(S1)}; {OLD_PAIR}", ["live"], 0, former_names=[(OLD, NOW)])
cookies("tombstone_under_the_present_name_for_a_former", f"{came(O1, name=OLD)}; {TOMB1_PAIR}",
        [("ended", OLD, [TOMB1])], former_names=FORMER2)
cookies("tombstones_under_both_names", f"{came(S1)}; {OLD_PAIR}; {TOMB1_PAIR}", [("ended", None, [OLD_TOMB, TOMB1])],
        former_names=FORMER2)
cookies("tombstone_of_a_former_name_under_the_present",
        f"{came(S1)}; {ended('x', name=NAME, sealed_name=OLD)[1]}", ["live"], 0, former_names=FORMER2)
cookies("nine_tombstones_match_under_two_names",
        "; ".join([came(S1), *(f"{c}=x" for c, _ in MANY[:8]), f"{OLD_TOMB}=x"]), [("ended", None, [])],
        former_names=FORMER2)
cookies("former_name_that_looks_like_a_tombstone",
        f"{came(S1)}; {came(session('t', name=TOMB1), name=TOMB1)}; {TOMB1_PAIR}",
        ["live", ("live", TOMB1), ("not_authentic", TOMB1)], 0, former_names=[(TOMB1, NOW + 1)])
cookies("present_name_that_looks_like_a_tombstone", came(session("t", name=TOMB1), name=TOMB1), ["live"], 0,
        cookie_name=TOMB1)

# Former audiences.
def audience(a):
    return session(f"of audience {a}", audience=a)


FORMER_A = [("old.example", NOW + 1), (None, NOW + DAY)]
cookies("present_audience", came(audience("shop.example")), ["live"], 0, audience="shop.example",
        former_audiences=FORMER_A)
cookies("former_audience", came(audience("old.example")), ["live"], 0, reseal_due=True, audience="shop.example",
        former_audiences=FORMER_A)
cookies("former_audience_of_none", came(audience(None)), ["live"], 0, reseal_due=True, audience="shop.example",
        former_audiences=FORMER_A)
cookies("former_audience_that_is_over", came(audience("old.example")), ["not_authentic"], audience="shop.example",
        former_audiences=[("old.example", NOW)])
cookies("audience_that_was_never_accepted", came(audience("a.example")), ["not_authentic"], audience="shop.example",
        former_audiences=FORMER_A)
cookies("former_audience_of_an_expired_one", came(session("x", audience="old.example", lifetime=60)), ["expired"],
        audience="shop.example", former_audiences=FORMER_A)
cookies("several_audiences_are_one_decryption", came(*[audience(None)] * 8, audience("shop.example")),
        ["live"] * 8 + ["not_read"], 7, reseal_due=True, audience="shop.example", former_audiences=FORMER_A)
cookies("former_name_and_former_audience", came(session("both", name=OLD, audience="old.example"), name=OLD),
        [("live", OLD)], 0, reseal_due=True, audience="shop.example", former_audiences=FORMER_A, former_names=FORMER2)
cookies("no_audience_any_more", came(audience("old.example")), ["live"], 0, reseal_due=True, former_audiences=FORMER_A[:1])

# Device binding.
FAM = digest("session id of device", 8)
DEVICE = session("device", flags=5)
UNBOUND = session("device")
BOUND = bind("b", FAM)
cookies("bound_cookie_is_there", f"{came(DEVICE)}; {BOUND}", ["live"], 0, binding=True)
cookies("bound_cookie_in_another_header", [BOUND, came(DEVICE)], ["live"], 0, binding=True)
cookies("bound_cookie_but_no_binding", f"{came(DEVICE)}; {BOUND}", ["bound"], passing=True)
cookies("bound_cookie_is_missing", came(DEVICE), ["bound"], passing=True, binding=True)
cookies("bound_cookie_of_an_unbound_session", f"{came(UNBOUND)}; {BOUND}", ["live"], 0, reseal_due=True, binding=True)
cookies("bound_cookie_of_an_unbound_session_but_no_binding", f"{came(UNBOUND)}; {BOUND}", ["live"], 0)
cookies("bound_cookie_of_another_family_stays_idle", f"{came(S1)}; {BOUND}", ["live"], 0, binding=True)
cookies("bound_cookie_in_its_last_second_counts", f"{came(DEVICE)}; {bind('l', FAM, NOW + 1)}", ["live"], 0, binding=True)
cookies("bound_cookie_on_its_until_is_ignored", f"{came(DEVICE)}; {bind('l', FAM, NOW)}", ["bound"], passing=True,
        binding=True)
cookies("bound_cookie_of_a_family_of_the_same_6_bytes", f"{came(DEVICE)}; {bind('s', FAM[:6] + bytes(2))}", ["bound"],
        passing=True, binding=True)
cookies("bound_cookies_of_two_families_of_the_same_6_bytes",
        f"{came(DEVICE)}; {bind('s', FAM[:6] + bytes(2))}; {BOUND}", ["live"], 0, binding=True)
cookies("bound_cookie_whose_name_says_another_family", f"{came(DEVICE)}; {bind('n', FAM, said=bytes(8))}", ["bound"],
        passing=True, binding=True)
cookies("bound_cookie_whose_body_says_another_family", f"{came(DEVICE)}; {bind('n', bytes(8), said=FAM)}", ["bound"],
        passing=True, binding=True)
cookies("bound_cookie_sealed_as_a_tombstone", f"{came(DEVICE)}; {bind('p', FAM, purpose=3)}", ["bound"], passing=True,
        binding=True)
cookies("bound_cookie_of_another_audience_is_ignored", f"{came(DEVICE)}; {bind('a', FAM, audience='a.example')}",
        ["bound"], passing=True, binding=True)
cookies("bound_cookie_of_a_former_audience",
        f"{came(session('device', flags=5, audience='shop.example'))}; {bind('a', FAM, audience='old.example')}",
        ["live"], 0, binding=True, audience="shop.example", former_audiences=FORMER_A)
cookies("bound_cookie_under_a_former_name", f"{came(DEVICE)}; {bind('o', FAM, name=OLD)}", ["live"], 0, binding=True,
        former_names=FORMER2)
cookies("bound_session_that_is_ended", f"{came(DEVICE)}; {BOUND}; {TOMB1_PAIR}", [("ended", None, [TOMB1])], binding=True)
cookies("missing_bound_cookie_beside_a_live_one", came(DEVICE, S1), ["bound", "live"], 1, binding=True)

# Collecting.
def old_one(label, limit=1, lineage=LINEAGE, ended_at=NOW - 600, **rest):
    return ended("collect " + label, limit, lineage=lineage, ended_at=ended_at, **rest)


C1, C1_PAIR = old_one("one")
C2, C2_PAIR = old_one("two", 65535, lineage=OTHER)
cookies("collect_without_a_candidate", C1_PAIR, [], collectable=[C1])
cookies("collect_a_second_later", old_one("late", ended_at=NOW - 601)[1], [], collectable=[C1])
cookies("collect_not_a_second_earlier", old_one("early", ended_at=NOW - 599)[1], [])
cookies("collect_none_set_in_the_future", old_one("f", ended_at=NOW + DAY)[1], [])
cookies("collect_none_that_is_over", old_one("o", until=NOW)[1], [])
cookies("collect_one_in_its_last_second", old_one("o", until=NOW + 1)[1], [], collectable=[C1])
cookies("collect_none_that_is_tampered", BAD(C1_PAIR.partition("=")[2]).join([C1 + "=", ""]), [])
cookies("collect_none_of_an_unknown_key", old_one("k", key_id=9)[1], [])
cookies("collect_none_whose_name_differs", old_one("n", said=(OTHER, 1))[1], [])
cookies("collect_beside_another_lineage", f"{came(S1)}; {C2_PAIR}", ["live"], 0, collectable=[C2])
cookies("collect_none_of_a_live_lineage", f"{came(session('g2', generation=2))}; {C1_PAIR}", ["live"], 0)
cookies("collect_none_of_an_ended_lineage", f"{came(S1)}; {C1_PAIR}", [("ended", None, [C1])])
cookies("collect_beside_an_ended_lineage", f"{came(S1)}; {C1_PAIR}; {C2_PAIR}", [("ended", None, [C1])], collectable=[C2])
cookies("collect_none_of_an_expired_lineage", f"{came(session('e', lifetime=900))}; {C1_PAIR}", ["expired"])
cookies("collect_beside_an_expired_lineage", f"{came(session('e', lifetime=900))}; {C2_PAIR}", ["expired"],
        collectable=[C2])
for label, value, kind in (
    ("future", session("c11", issued_at=NOW + 61), "issued_in_future"),
    ("idle", session("c13", idle=900), "idle"),
    ("bound", session("c14", flags=5, generation=2), "bound"),
    ("payload", session("c15", payload=""), "payload"),
):
    cookies(f"collect_beside_one_refused_as_{label}", f"{came(value)}; {C1_PAIR}; {C2_PAIR}", [kind],
            passing=label in ("future", "bound"), collectable=[C2])
for label, value, kind in (
    ("too_long", "A" * 4097, "too_long"),
    ("malformed", "x", "malformed"),
    ("version", flip(0)(S1), "unsupported_version"),
    ("unknown_key", session("u", key_id=0), "unknown_key"),
    ("tag", BAD(S1), "not_authentic"),
    ("claims", session("c9", flags=0x20), "invalid_claims"),
    ("generation", session("c9", generation=65535), "invalid_claims"),
    ("extension", session("c10", block=block_of((2, b""))), "unsupported_extension"),
):
    cookies(f"collect_none_beside_one_refused_for_its_{label}", f"{came(value)}; {C2_PAIR}", [kind],
            passing=kind == "unsupported_extension")
cookies("collect_none_beside_a_live_and_a_malformed_one", f"{came(S1, 'x')}; {C2_PAIR}", ["live", "malformed"], 0)
cookies("collect_none_beside_one_that_was_not_read", f"{came(*[S1] * 9)}; {C2_PAIR}", ["live"] * 8 + ["not_read"], 7)
cookies("collect_under_a_former_name", old_one("o", name=OLD)[1], [], collectable=[old_one("o", name=OLD)[0]],
        former_names=FORMER2)
cookies("collect_none_under_a_former_name_that_is_over", old_one("o", name=OLD)[1], [], former_names=[(OLD, NOW)])
cookies("collect_none_for_a_candidate_under_a_former_name",
        f"{came(session('g', name=OLD, generation=2), name=OLD)}; {C1_PAIR}", [("live", OLD)], 0, reseal_due=True,
        former_names=FORMER2)
cookies("collect_several_each_once", "; ".join([C2_PAIR, C1_PAIR, C2_PAIR]), [], collectable=[C1, C2])
EIGHT = [old_one(f"eight {n}", n) for n in range(8)]
cookies("collect_eight", "; ".join(pair for _, pair in EIGHT), [], collectable=[c for c, _ in EIGHT])
cookies("collect_with_an_audience_configured", C1_PAIR, [], collectable=[C1], audience="shop.example")

# reseals ------------------------------------------------------------------------------------


def case_reseal(name, value, expect, *, ring=None, cookie_name=NAME, audience=None, absolute_timeout=14 * DAY,
                idle_timeout=None, now=NOW, type=None, former_names=None, former_audiences=None, bound_families=None,
                cookie=None, pad_to=None):
    """`expect` is a class, None where none is due, or what the new value seals and its max_age:
    a dict for `session`, without the label."""
    v = {"name": name} | reader(ring, cookie_name, audience, absolute_timeout, idle_timeout, now, type)
    if former_names is not None:
        v["former_names"] = [{"name": n, "until": until} for n, until in former_names]
    if former_audiences is not None:
        v["former_audiences"] = [{"audience": a, "until": until} for a, until in former_audiences]
    if bound_families is not None:
        v["bound_families"] = [f.hex() for f in bound_families]
    if cookie is not None:
        v["cookie"] = cookie
    v |= {"value": value}
    if pad_to is not None:
        v["pad_to"] = pad_to
    v["nonce"] = digest("nonce of the value " + name, 24).hex()
    if isinstance(expect, str):
        v["expect"] = {"refused": expect}
    elif expect is None:
        v["expect"] = {"due": False}
    else:
        rest = {"name": cookie_name, "audience": audience, "issued_at": now} | expect
        max_age = rest.pop("max_age")
        key_id = rest.setdefault("key_id", 1)
        # The label decides the nonce; what was sealed before names its own id.
        v["expect"] = {
            "due": True,
            "value": session(name, **rest),
            "aad": build_aad(key_id, cookie_name, audience).hex(),
            "key_id": key_id,
            "max_age": max_age,
        }
    add("reseals", v)


def same(label, max_age, **changed):
    """The members of a value of that label, of which some changed."""
    return {"id": digest("session id of " + label, 16), "max_age": max_age} | changed


IDLE = {"created_at": NOW - 900, "idle": 1800}
case_reseal("reseal_of_idle", session("a", **IDLE), same("a", 1800, **IDLE))
case_reseal("reseal_of_everything", session(
    "all", created_at=NOW - 5000, issued_at=NOW - 600, idle=3600, flags=0x0F, authenticated=4000, generation=65534, seen=7,
    lineage=OTHER, block=block_of((1, b"abc"), (3, b"")), payload=' {"a":1} \n '),
    same("all", 3600, created_at=NOW - 5000, idle=3600, flags=0x0F, authenticated=4000, generation=65534, seen=7,
         lineage=OTHER, block=block_of((1, b"abc"), (3, b"")), payload=' {"a":1} \n '),
    bound_families=[digest("session id of all", 8)])
for n in (224, 225):
    at = {"created_at": NOW - n, "idle": 1800}
    case_reseal(f"reseal_after_{n}_seconds", session("a", **at), same("a", 1800, **at) if n == 225 else None)
case_reseal("reseal_in_a_browser_session", session("a", **IDLE, flags=0), same("a", None, **IDLE, flags=0))
case_reseal("reseal_near_the_end", session("a", created_at=NOW - 900, idle=1800, lifetime=1000),
            same("a", 100, created_at=NOW - 900, idle=1800, lifetime=1000))
case_reseal("reseal_in_the_last_second", session("a", created_at=NOW - 900, idle=1800, lifetime=901),
            same("a", 1, created_at=NOW - 900, idle=1800, lifetime=901))
case_reseal("reseal_keeps_a_lifetime_longer_than_the_policy", session("a", **IDLE), same("a", 100, **IDLE),
            absolute_timeout=1000)
case_reseal("reseal_keeps_an_idle_longer_than_the_policy", session("a", **IDLE), same("a", 1000, **IDLE), idle_timeout=1000)
case_reseal("reseal_keeps_an_idle_of_none", session("a"), same("a", 1800), idle_timeout=1800)
case_reseal("reseal_of_an_own_idle", session("a", **IDLE, flags=9), same("a", 1800, **IDLE, flags=9), idle_timeout=1000)
case_reseal("reseal_of_an_own_idle_of_none", session("a", flags=9), None, idle_timeout=1000)
case_reseal("reseal_with_creation_unknown", session("a", **IDLE, flags=3), same("a", 1800, **IDLE, flags=3))
case_reseal("reseal_with_an_extension", session("a", **IDLE, block=block_of((1, b"abc"))),
            same("a", 1800, **IDLE, block=block_of((1, b"abc"))))
case_reseal("no_reseal_without_a_reason", session("a"), None)
case_reseal("no_reseal_of_a_sealing_key_that_is_old", session("a", created_at=NOW - 9 * DAY), None)

# What the session has seen stays.
for seen in (0, 7, 2**48 - 1):
    case_reseal(f"reseal_of_seen_{seen}", session("a", **IDLE, seen=seen), same("a", 1800, **IDLE, seen=seen))

# Keys.
OLD_KEY = {"created_at": NOW - 3600}
case_reseal("reseal_under_the_sealing_key", session("a", **OLD_KEY),
            same("a", 14 * DAY - 3600, **OLD_KEY, key=KEY2, key_id=2), ring=TWO_KEYS)
case_reseal("no_reseal_under_the_sealing_key_before_an_hour", session("a", created_at=NOW - 3599), None, ring=TWO_KEYS)
AHEAD = [entry(2, KEY2, not_before=NOW + 1), entry(1, KEY1)]
case_reseal("no_reseal_of_a_key_ahead", session("a", **OLD_KEY, key=KEY2, key_id=2), None, ring=AHEAD)
case_reseal("reseal_of_a_key_ahead_keeps_it", session("a", **IDLE, key=KEY2, key_id=2),
            same("a", 1800, **IDLE, key=KEY2, key_id=2), ring=AHEAD)
case_reseal("reseal_under_the_first_active_of_three", session("a", **IDLE),
            same("a", 1800, **IDLE, key=KEY2, key_id=2),
            ring=[entry(3, KEY3, not_before=NOW + 1), entry(2, KEY2, not_before=NOW), entry(1, KEY1)])
case_reseal("reseal_of_the_first_of_three_keeps_it", session("a", **IDLE, key=KEY3, key_id=3),
            same("a", 1800, **IDLE, key=KEY3, key_id=3),
            ring=[entry(3, KEY3, not_before=NOW + 1), entry(2, KEY2), entry(1, KEY1)])

# Names and audiences.
NEW = {"created_at": NOW - 10}
case_reseal("reseal_of_a_former_name", session("a", **NEW, name=OLD), same("a", 14 * DAY - 10, **NEW), cookie=OLD,
            former_names=FORMER2)
case_reseal("no_reseal_of_the_present_name", session("a", **NEW), None, cookie=NAME, former_names=FORMER2)
case_reseal("reseal_of_a_former_audience", session("a", **NEW, audience="old.example"), same("a", 14 * DAY - 10, **NEW),
            audience="shop.example", former_audiences=FORMER_A)
case_reseal("reseal_of_a_former_audience_of_none", session("a", **NEW), same("a", 14 * DAY - 10, **NEW),
            audience="shop.example", former_audiences=FORMER_A)
case_reseal("reseal_of_both", session("a", **NEW, name=OLD, audience="old.example"), same("a", 14 * DAY - 10, **NEW),
            cookie=OLD, former_names=FORMER2, audience="shop.example", former_audiences=FORMER_A)
case_reseal("reseal_of_a_former_name_of_a_key_ahead", session("a", **NEW, name=OLD, key=KEY2, key_id=2),
            same("a", 14 * DAY - 10, **NEW, key=KEY2, key_id=2), cookie=OLD, former_names=FORMER2, ring=AHEAD)
case_reseal("reseal_of_one_issued_ahead", session("a", **NEW, name=OLD, issued_at=NOW + 60),
            same("a", 14 * DAY - 10, **NEW, issued_at=NOW + 60), cookie=OLD, former_names=FORMER2)
case_reseal("reseal_of_one_issued_ahead_with_idle", session("a", **NEW, name=OLD, issued_at=NOW + 60, idle=1800),
            same("a", 1860, **NEW, issued_at=NOW + 60, idle=1800), cookie=OLD, former_names=FORMER2)
case_reseal("reseal_of_one_created_ahead", session("a", created_at=NOW + 60, name=OLD),
            same("a", 14 * DAY + 60, created_at=NOW + 60, issued_at=NOW + 60), cookie=OLD, former_names=FORMER2)

# Long sessions.
LONG_SESSION = {"created_at": NOW - 50 * DAY, "lifetime": 800 * DAY}
case_reseal("reseal_after_50_days", session("a", **LONG_SESSION), same("a", COOKIE_DAYS, **LONG_SESSION),
            absolute_timeout=800 * DAY)
case_reseal("no_reseal_before_50_days", session("a", created_at=NOW - 50 * DAY + 1, lifetime=800 * DAY), None,
            absolute_timeout=800 * DAY)
case_reseal("no_reseal_of_a_long_browser_session", session("a", **LONG_SESSION, flags=0), None, absolute_timeout=800 * DAY)
case_reseal("reseal_of_a_cookie_that_now_reaches_the_end",
            session("a", created_at=NOW - 450 * DAY, issued_at=NOW - 50 * DAY, lifetime=800 * DAY + 1),
            same("a", 350 * DAY + 1, created_at=NOW - 450 * DAY, lifetime=800 * DAY + 1), absolute_timeout=801 * DAY)
case_reseal("reseal_of_a_long_idle", session("a", **LONG_SESSION, idle=700 * DAY),
            same("a", COOKIE_DAYS, **LONG_SESSION, idle=700 * DAY), absolute_timeout=800 * DAY)

# Device binding.
case_reseal("reseal_sets_bound", session("device", **NEW), same("device", 14 * DAY - 10, **NEW, flags=5),
            bound_families=[FAM])
case_reseal("reseal_for_another_reason_sets_bound", session("device", **IDLE), same("device", 1800, **IDLE, flags=5),
            bound_families=[FAM])
case_reseal("reseal_binds_what_awaits_it", session("device", **NEW, flags=0x11), same("device", 14 * DAY - 10, **NEW, flags=5),
            bound_families=[FAM])
case_reseal("reseal_keeps_awaiting", session("device", **NEW, flags=0x11), None, bound_families=[])
case_reseal("reseal_keeps_bound", session("device", **IDLE, flags=5), same("device", 1800, **IDLE, flags=5),
            bound_families=[FAM])
case_reseal("reseal_without_binding_sets_no_bound", session("device", **IDLE), same("device", 1800, **IDLE))
case_reseal("no_reseal_beside_another_family", session("a", **NEW), None, bound_families=[FAM])
case_reseal("no_reseal_of_what_is_bound", session("device", **NEW, flags=5), None, bound_families=[FAM])

# Padding.
PADDED = EXAMPLE_PAYLOAD.ljust(64)
for label, before, step, after in (
    ("no_step_keeps_spaces", PADDED, None, PADDED),
    ("a_step_pads", EXAMPLE_PAYLOAD, 64, PADDED),
    ("a_step_keeps_a_multiple", PADDED, 64, PADDED),
    ("a_step_keeps_a_multiple_of_less", PADDED, 16, PADDED),
    ("a_greater_step_adds_what_is_missing", PADDED, 100, EXAMPLE_PAYLOAD.ljust(100)),
    ("a_step_after_a_byte_more", EXAMPLE_PAYLOAD.ljust(65), 64, EXAMPLE_PAYLOAD.ljust(128)),
    ("a_step_keeps_other_white_space", '\n{"a":1}\t\r\n', 16, '\n{"a":1}\t\r\n'.ljust(16)),
    ("a_step_of_1", EXAMPLE_PAYLOAD, 1, EXAMPLE_PAYLOAD),
    ("the_most_that_fits", EXAMPLE_PAYLOAD, 4096, EXAMPLE_PAYLOAD.ljust(2966)),
    ("the_most_that_fits_is_there", EXAMPLE_PAYLOAD.ljust(2966), 4096, EXAMPLE_PAYLOAD.ljust(2966)),
    ("one_byte_less_than_the_most", EXAMPLE_PAYLOAD.ljust(2965), 4096, EXAMPLE_PAYLOAD.ljust(2966)),
):
    case_reseal(f"reseal_with_{label}", session("a", **IDLE, payload=before), same("a", 1800, **IDLE, payload=after),
                pad_to=step)
case_reseal("reseal_with_the_most_beside_an_extension", session("a", **IDLE, block=block_of((1, b"abc"))),
            same("a", 1800, **IDLE, block=block_of((1, b"abc")), payload=EXAMPLE_PAYLOAD.ljust(2959)), pad_to=4096)
case_reseal("reseal_with_the_most_under_a_longer_name", session("a", **IDLE, name="n" * 255),
            same("a", 1800, **IDLE, payload=EXAMPLE_PAYLOAD.ljust(2785)), pad_to=4096, cookie_name="n" * 255)
case_reseal("no_reseal_for_padding_alone", session("a", **NEW), None, pad_to=64)

# Refused, so not re-sealed.
for label, value, kind in (
    ("malformed", "x", "malformed"),
    ("version", flip(0)(S1), "unsupported_version"),
    ("unknown_key", session("u", key_id=9), "unknown_key"),
    ("tag", BAD(S1), "not_authentic"),
    ("claims", session("a", **IDLE, flags=0x20), "invalid_claims"),
    ("extension", session("a", **IDLE, block=block_of((2, b""))), "unsupported_extension"),
    ("future", session("a", issued_at=NOW + 61), "issued_in_future"),
    ("end", session("a", **IDLE, lifetime=900), "expired"),
    ("idle", session("a", idle=900), "idle"),
    ("bound", session("a", **IDLE, flags=5), "bound"),
    ("payload", session("a", **IDLE, payload="[1,]"), "payload"),
):
    case_reseal(f"no_reseal_of_one_refused_for_its_{label}", value, kind)
case_reseal("no_reseal_of_one_refused_for_its_type", session("a", **IDLE, payload="[]"), "payload", type="object")
case_reseal("no_reseal_of_a_former_audience_that_is_over", session("a", **IDLE, audience="old.example"), "not_authentic",
            audience="shop.example", former_audiences=[("old.example", NOW)])


# Writing ------------------------------------------------------------------------------------


def main():
    text = json.dumps({"version": 1, **ALL}, indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        there = PATH.read_text(encoding="ascii")
        verify_all(json.loads(there))
        assert there == text, "v1.json is not what this script writes"
    elif not sys.argv[1:]:
        verify_all(json.loads(text))
        PATH.write_text(text, encoding="ascii")
    else:
        sys.exit(__doc__)
    print(", ".join(f"{len(vectors)} {group}" for group, vectors in ALL.items()))


main()
