#!/usr/bin/env python3
"""Writes v1.json after docs/FORMAT.md, with libsodium (PyNaCl) and none of the crate's code.

    pip install pynacl && python3 tests/vectors/generate_v1.py

The output is the same at every run. `unseal` below is a second reader: each
vector is checked against what was stated by hand before it is written.
Vectors are appended, never changed.
"""

import base64
import hashlib
import json
import pathlib
import struct

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

NOW = 1_800_000_000
DAY = 86_400
MAX_TIME = 253_402_300_799
NO_IDLE = 0xFFFF_FFFF
NAME = "__Host-session"
# Printed in two halves, so that nobody takes one for a key of his own.
KEY1, KEY2, KEY3 = (hashlib.sha256(f"sealed-session vector key {n}".encode()).digest() for n in (1, 2, 3))
EXAMPLE_PAYLOAD = '{"user":42,"roles":["admin"]}'


class Refused(Exception):
    pass


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def digest(text, length):
    return hashlib.sha256(text.encode()).digest()[:length]


def build_aad(key_id, name, audience=None, purpose=1, version=1):
    n, a = name.encode(), (audience or "").encode()
    return struct.pack(">BIBH", version, key_id, purpose, len(n)) + n + struct.pack(">H", len(a)) + a


def pack_claims(flags, created_at, offset, lifetime, idle, session_id):
    return struct.pack(">BQIII", flags, created_at, offset, lifetime, idle) + session_id


def seal(key, key_id, nonce, aad, plaintext, version=1):
    body = crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, nonce, key)
    return b64(struct.pack(">BI", version, key_id) + nonce + body)


# The reader of FORMAT.md, check by check.

def decode64(text):
    alphabet = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    raw = text.encode()
    if not all(c in alphabet for c in raw) or len(raw) % 4 == 1:
        raise Refused("malformed")
    data = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    if b64(data).encode() != raw:
        raise Refused("malformed")
    return data


def accepted(entry, now):
    return entry.get("not_after") is None or now < entry["not_after"]


def active(entry, now):
    return accepted(entry, now) and entry.get("not_before", 0) <= now


def unseal(v):
    value, ring, now, policy = v["value"], v["ring"], v["now"], v["policy"]
    raw = value.encode()
    if len(raw) > 4096:
        raise Refused("too_long")
    if len(raw) < 110:
        raise Refused("malformed")
    try:
        head = decode64(raw[:8].decode())
    except UnicodeDecodeError:
        raise Refused("malformed") from None
    if head[0] != 1:
        raise Refused("unsupported_version")
    key_id = int.from_bytes(head[1:5], "big")
    place = next((i for i, e in enumerate(ring) if e["id"] == key_id), None)
    if place is None:
        raise Refused("unknown_key")
    if not accepted(ring[place], now):
        raise Refused("retired_key")
    sealed = decode64(value)
    aad = build_aad(key_id, v["cookie_name"], v["audience"])
    try:
        plain = crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[29:], aad, sealed[5:29], bytes.fromhex(ring[place]["key_hex"])
        )
    except CryptoError:
        raise Refused("not_authentic") from None
    flags, created_at, offset, lifetime, idle = struct.unpack(">BQIII", plain[:21])
    issued_at = created_at + offset
    if flags > 3 or max(created_at, issued_at, created_at + lifetime) > MAX_TIME:
        raise Refused("invalid_claims")
    if issued_at > now + 60:
        raise Refused("issued_in_future")
    end = created_at + min(lifetime, policy["absolute_timeout"])
    if now >= end:
        raise Refused("expired")
    idles = [i for i in (idle if idle != NO_IDLE else None, policy["idle_timeout"]) if i is not None]
    if idles and now >= issued_at + min(idles):
        raise Refused("idle")
    try:
        text = plain[37:].decode("utf-8")
        data = json.loads(text)
    except ValueError:
        raise Refused("payload") from None
    if v.get("type") == "object" and not isinstance(data, dict):
        raise Refused("payload")
    interval = 3600
    if idles:
        i = min(idles)
        interval = min(max(60, min(3600, i // 8)), i // 2)
    sealing = next(i for i, e in enumerate(ring) if active(e, now))
    due = max(0, now - issued_at) >= interval and (bool(idles) or place > sealing)
    return {
        "created_at": created_at,
        "issued_at": issued_at,
        "expires_at": min([end] + [issued_at + i for i in idles]),
        "persistent": bool(flags & 1),
        "creation_known": not flags & 2,
        "session_id": plain[21:37].hex(),
        "key_id": key_id,
        "payload": text,
        "reseal_due": due,
    }


VECTORS = []


def add(vector):
    assert vector["name"] not in {v["name"] for v in VECTORS}, vector["name"]
    try:
        got = {"claims": unseal(vector)}
    except Refused as refused:
        got = {"refused": str(refused)}
    assert got == vector["expect"], (vector["name"], got, vector["expect"])
    VECTORS.append(vector)


def entry(id, key, **window):
    return {"id": id, "key_hex": key.hex(" ", 16), **window}


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
    value=None,
    # What is sealed, by default what the reader above asks for.
    key=KEY1,
    key_id=1,
    sealed_name=None,
    sealed_audience="same",
    purpose=1,
    aad_version=1,
    flags=1,
    created_at=None,
    offset=0,
    lifetime=14 * DAY,
    idle=None,
    payload=EXAMPLE_PAYLOAD,
    tamper=None,
    # What a good one comes to.
    expires_at=None,
    reseal_due=False,
):
    nonce, session_id = digest("nonce of " + name, 24), digest("session id of " + name, 16)
    created_at = now if created_at is None else created_at
    raw = payload.encode() if isinstance(payload, str) else payload
    aad = build_aad(
        key_id,
        cookie_name if sealed_name is None else sealed_name,
        audience if sealed_audience == "same" else sealed_audience,
        purpose,
        aad_version,
    )
    if value is None:
        plain = pack_claims(
            flags, created_at, offset, lifetime, NO_IDLE if idle is None else idle, session_id
        )
        value = seal(key, key_id, nonce, aad, plain + raw)
        if tamper is not None:
            value = tamper(value)
    vector = {"name": name, "ring": ring or [entry(1, KEY1)]}
    vector |= {
        "cookie_name": cookie_name,
        "audience": audience,
        "policy": {"absolute_timeout": absolute_timeout, "idle_timeout": idle_timeout},
        "now": now,
    }
    if type is not None:
        vector["type"] = type
    vector["value"] = value
    if refused is not None:
        vector["expect"] = {"refused": refused}
    else:
        vector["expect"] = {
            "claims": {
                "created_at": created_at,
                "issued_at": created_at + offset,
                "expires_at": created_at + lifetime if expires_at is None else expires_at,
                "persistent": bool(flags & 1),
                "creation_known": not flags & 2,
                "session_id": session_id.hex(),
                "key_id": key_id,
                "payload": raw.decode(),
                "reseal_due": reseal_due,
            }
        }
        vector["sealed"] = {
            "nonce": nonce.hex(),
            "aad": aad.hex(),
            "lifetime": lifetime,
            "idle": idle,
        }
    add(vector)


def flip(offset, bit=0):
    """One bit of the sealed bytes, `offset` from the start or, negative, from the end."""

    def tamper(value):
        data = bytearray(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
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
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(value) % 4 in (2, 3)
    return value[:-1] + alphabet[alphabet.index(value[-1]) + 1]


TWO_KEYS = [entry(2, KEY2), entry(1, KEY1)]

# Live.
case("example", created_at=NOW - 900, offset=900, idle=1800, idle_timeout=1800, expires_at=NOW + 1800)

case("payload_of_2_bytes", payload="{}")
case("payload_null", payload="null")
case("payload_number", payload="0")
case("payload_string", payload='"a"')
case("payload_array", payload="[1,2,3]")
case("payload_of_100_bytes", payload=text_of(100))
case("payload_of_101_bytes", payload=text_of(101))
case("payload_of_102_bytes", payload=text_of(102))
case("payload_of_300_bytes", payload=text_of(300))
case("payload_of_1000_bytes", payload=text_of(1000))
case("payload_of_2900_bytes", payload=text_of(2900))
case("name_and_value_of_4096_bytes", payload=text_of(2979))
case("value_of_4096_characters", payload=text_of(2990))
case("payload_unicode", payload='{"name":"Žofie 李 😀","clef":"\\ud834\\udd1e"}')
case("payload_with_control_escapes", payload='{"text":"\\u0000\\n\\"\\\\\\/"}')
case("payload_followed_by_one_space", payload=EXAMPLE_PAYLOAD + " ")
case("payload_padded_to_256_bytes", payload=EXAMPLE_PAYLOAD.ljust(256))
case("payload_object_where_an_object_is_asked_for", type="object", payload='{"user":42}')

case("name_without_prefix", cookie_name="session")
case("name_of_one_byte", cookie_name="s")
case("name_of_255_bytes", cookie_name="__Host-" + "n" * 248)
case("name_of_every_token_character", cookie_name="!#$%&'*+-.^_`|~09AZaz")
case("name_with_secure_prefix", cookie_name="__Secure-session")
case("audience", audience="shop.example")
case("audience_of_one_byte", audience="a")
case("audience_of_255_bytes", audience="a" * 255)
case("audience_unicode", audience="tenant-ž")
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
case("superseded_key_younger_than_an_hour", ring=TWO_KEYS, created_at=NOW - 3599)
case("superseded_key_an_hour_old", ring=TWO_KEYS, created_at=NOW - 3600, reseal_due=True)
case("superseded_key_an_hour_after_issue", ring=TWO_KEYS, created_at=NOW - 7200, offset=3600, reseal_due=True)
case(
    "key_superseded_in_the_second_of_a_not_before",
    ring=[entry(2, KEY2, not_before=NOW), entry(1, KEY1)],
    created_at=NOW - 3600,
    reseal_due=True,
)
case(
    "key_not_superseded_before_a_not_before",
    ring=[entry(2, KEY2, not_before=NOW + 1), entry(1, KEY1)],
    created_at=NOW - 3600,
)
case(
    "newer_key_than_the_sealing_one_is_not_resealed",
    key=KEY2,
    key_id=2,
    ring=[entry(2, KEY2, not_before=NOW + 1), entry(1, KEY1)],
    created_at=NOW - 3600,
)
case("sealing_key_an_hour_old_is_not_resealed", created_at=NOW - 3600)

case("last_live_second_of_the_lifetime", lifetime=600, created_at=NOW - 599)
case("last_live_second_of_the_shortest_lifetime", lifetime=1)
case(
    "last_live_second_of_a_shorter_policy",
    lifetime=14 * DAY,
    absolute_timeout=600,
    created_at=NOW - 599,
    expires_at=NOW + 1,
)
case("longer_policy_does_not_prolong", lifetime=600, absolute_timeout=4294967294, created_at=NOW - 599)
case(
    "longest_lifetime_and_policy",
    lifetime=4294967294,
    absolute_timeout=4294967294,
    created_at=NOW - 1000,
    offset=1000,
)
case(
    "lifetime_4294967295_has_no_special_meaning",
    lifetime=4294967295,
    absolute_timeout=4294967294,
    expires_at=NOW + 4294967294,
)
case(
    "last_live_second_of_idle",
    idle=600,
    idle_timeout=600,
    created_at=NOW - 1599,
    offset=1000,
    expires_at=NOW + 1,
    reseal_due=True,
)
case(
    "last_live_second_of_a_shorter_policy_idle",
    idle=3600,
    idle_timeout=600,
    created_at=NOW - 599,
    expires_at=NOW + 1,
    reseal_due=True,
)
case(
    "last_live_second_of_a_policy_idle_where_none_is_sealed",
    idle_timeout=600,
    created_at=NOW - 599,
    expires_at=NOW + 1,
    reseal_due=True,
)
case(
    "sealed_idle_holds_where_the_policy_has_none",
    idle=600,
    created_at=NOW - 599,
    expires_at=NOW + 1,
    reseal_due=True,
)
case("longest_idle", idle=4294967294, idle_timeout=4294967294)
case("lifetime_ends_before_idle", idle=1800, idle_timeout=1800, lifetime=600)
case("idle_1800_after_224_seconds", idle=1800, created_at=NOW - 224, expires_at=NOW + 1576)
case("idle_1800_after_225_seconds", idle=1800, created_at=NOW - 225, expires_at=NOW + 1575, reseal_due=True)
case("idle_240_after_59_seconds", idle=240, created_at=NOW - 59, expires_at=NOW + 181)
case("idle_240_after_60_seconds", idle=240, created_at=NOW - 60, expires_at=NOW + 180, reseal_due=True)
case("idle_60_after_29_seconds", idle=60, created_at=NOW - 29, expires_at=NOW + 31)
case("idle_60_after_30_seconds", idle=60, created_at=NOW - 30, expires_at=NOW + 30, reseal_due=True)
case("idle_of_a_day_after_3599_seconds", idle=DAY, created_at=NOW - 3599, expires_at=NOW + DAY - 3599)
case("idle_of_a_day_after_3600_seconds", idle=DAY, created_at=NOW - 3600, expires_at=NOW + DAY - 3600, reseal_due=True)
case("issued_60_seconds_ahead", created_at=NOW - 1000, offset=1060)
case("created_60_seconds_ahead", created_at=NOW + 60)
case("created_in_1970", now=0, created_at=0)
case("creation_unknown", flags=3, created_at=NOW - 900, offset=900)
case("creation_unknown_in_a_browser_session", flags=2, idle=600, expires_at=NOW + 600)
case("lifetime_ends_in_the_last_second_of_9999", now=MAX_TIME - 600, lifetime=600)
case("issued_in_the_last_live_second_of_9999", now=MAX_TIME - 1, created_at=MAX_TIME - 600, offset=599, lifetime=600)

# Refused: 1 too_long.
case("authentic_value_of_4098_characters", "too_long", payload=text_of(2991))
case("value_of_4097_letters", "too_long", value="A" * 4097)
case("value_of_5000_characters_outside_the_alphabet", "too_long", value="*" * 5000)

# 2 and 3 malformed, before any key is looked up.
case("empty_value", "malformed", value="")
case("value_of_one_letter", "malformed", value="A")
case("authentic_value_cut_to_109_characters", "malformed", payload="{}", tamper=lambda v: v[:109])
case("value_of_109_letters_of_another_version", "malformed", value="A" * 109)
case("bare_json", "malformed", value='{"user":42}')
case("bare_json_of_200_bytes", "malformed", value=text_of(200))
case(
    "iron_session_string",
    "malformed",
    # Salts and MAC are published keys, so that a search for keys finds none that a parser takes.
    value="Fe26.2*1*" + bytes(range(0x60, 0x80)).hex() + "*" + b64(digest("iv", 16)) + "*"
    + b64(digest("ciphertext", 32) * 2) + "*1801209600000*" + bytes(range(0x80, 0x80 + 32)).hex() + "*"
    + b64(bytes(range(0xA0, 0xA0 + 32))) + "~2",
)
case(
    "json_web_token",
    "malformed",
    value=b64(b'{}') + "." + b64(b'{"sub":"42"}' * 8) + "." + b64(bytes(range(0xC0, 0xC0 + 32))),
)
case("first_character_outside_the_alphabet", "malformed", tamper=set_char(0, "*"))
case("eighth_character_outside_the_alphabet", "malformed", tamper=set_char(7, "+"))
case("first_character_is_two_bytes_of_utf8", "malformed", tamper=set_char(0, "é"))
case("value_in_double_quotes", "malformed", tamper=lambda v: f'"{v}"')

# 4 unsupported_version.
case("version_0", "unsupported_version", tamper=flip(0))
case("version_2", "unsupported_version", value=seal(
    KEY1, 1, digest("nonce of version_2", 24), build_aad(1, NAME, version=2),
    pack_claims(1, NOW, 0, 600, NO_IDLE, digest("session id of version_2", 16)) + b"{}", version=2))
case("version_255", "unsupported_version", value=b64(b"\xff" + digest("v", 32) * 4))
case("version_0_under_an_unknown_key", "unsupported_version", ring=[entry(9, KEY3)], tamper=flip(0))
case("base64_of_json", "unsupported_version", value=b64(text_of(200).encode()))
case("zeros", "unsupported_version", value="A" * 128)

# 5 unknown_key.
case("key_id_not_in_the_ring", "unknown_key", ring=[entry(9, KEY1)])
case("key_id_tampered_to_one_not_in_the_ring", "unknown_key", tamper=flip(1, 7))
case("key_id_in_little_endian", "unknown_key", key_id=0x01000000)
case("unknown_key_and_character_outside_the_alphabet", "unknown_key", ring=[entry(9, KEY1)], tamper=set_char(50, "*"))

# 6 retired_key.
case("key_on_its_not_after", "retired_key", ring=[entry(2, KEY2), entry(1, KEY1, not_after=NOW)])
case("key_long_after_its_not_after", "retired_key", ring=[entry(2, KEY2), entry(1, KEY1, not_after=NOW - 365 * DAY)])
case("retired_key_and_character_outside_the_alphabet", "retired_key",
     ring=[entry(2, KEY2), entry(1, KEY1, not_after=NOW)], tamper=set_char(50, "*"))
case("retired_key_and_tampered", "retired_key",
     ring=[entry(2, KEY2), entry(1, KEY1, not_after=NOW)], tamper=flip(-1))

# 7 malformed.
case("ninth_character_outside_the_alphabet", "malformed", tamper=set_char(8, "*"))
case("last_character_outside_the_alphabet", "malformed", tamper=lambda v: v[:-1] + "*")
case("plus_in_place_of_a_letter", "malformed", tamper=set_char(60, "+"))
case("slash_in_place_of_a_letter", "malformed", tamper=set_char(60, "/"))
case("space_within", "malformed", tamper=lambda v: v[:60] + " " + v[60:])
case("line_feed_at_the_end", "malformed", tamper=lambda v: v + "\n")
case("percent_encoded_letter", "malformed", tamper=lambda v: v[:60] + f"%{ord(v[60]):02X}" + v[61:])
case("one_character_of_padding", "malformed", payload='{"a":1}', tamper=lambda v: v + "=" * (-len(v) % 4))
case("two_characters_of_padding", "malformed", payload='{"a":123}', tamper=lambda v: v + "==")
case("trailing_bits_of_one_byte_over", "malformed", payload='{"a":123}', tamper=set_trailing_bits)
case("trailing_bits_of_two_bytes_over", "malformed", payload='{"a":1}', tamper=set_trailing_bits)
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
case("created_at_tampered", "not_authentic", tamper=flip(37))
case("payload_tampered", "not_authentic", tamper=flip(66))
case("last_byte_of_the_ciphertext_tampered", "not_authentic", tamper=flip(-17))
case("tag_tampered_in_the_first_byte", "not_authentic", tamper=flip(-16, 7))
case("tag_tampered_in_the_last_byte", "not_authentic", tamper=flip(-1))
case("tag_of_zeros", "not_authentic",
     tamper=lambda v: b64(base64.urlsafe_b64decode(v + "=" * (-len(v) % 4))[:-16] + bytes(16)))
case("cut_by_four_characters", "not_authentic", tamper=lambda v: v[: len(v) // 4 * 4 - 4])
case("cut_to_110_characters", "not_authentic", tamper=lambda v: v[:108] + "AA")
case("four_characters_appended", "not_authentic", tamper=lambda v: v[: len(v) // 4 * 4] + "AAAA")
case("other_name", "not_authentic", sealed_name="__Host-cart")
case("name_of_other_case", "not_authentic", sealed_name="__Host-Session")
case("name_without_its_prefix", "not_authentic", sealed_name="session")
case("other_audience", "not_authentic", audience="a.example", sealed_audience="b.example")
case("audience_of_other_case", "not_authentic", audience="a.example", sealed_audience="A.example")
case("audience_where_none_is_asked_for", "not_authentic", sealed_audience="a.example")
case("no_audience_where_one_is_asked_for", "not_authentic", audience="a.example", sealed_audience=None)
case("name_ab_audience_c_read_as_a_and_bc", "not_authentic",
     cookie_name="a", audience="bc", sealed_name="ab", sealed_audience="c")
case("name_a_audience_bc_read_as_ab_and_c", "not_authentic",
     cookie_name="ab", audience="c", sealed_name="a", sealed_audience="bc")
case("name_and_audience_exchanged", "not_authentic",
     cookie_name="ab", audience="cd", sealed_name="cd", sealed_audience="ab")
case("purpose_0", "not_authentic", purpose=0)
case("purpose_2", "not_authentic", purpose=2)
case("associated_data_of_version_2", "not_authentic", aad_version=2)
case("no_associated_data", "not_authentic", value=seal(
    KEY1, 1, digest("nonce of no_associated_data", 24), b"",
    pack_claims(1, NOW, 0, 600, NO_IDLE, digest("session id of no_associated_data", 16)) + b"{}"))
case("expired_and_tampered", "not_authentic", created_at=NOW - 15 * DAY, tamper=flip(-1))

# 9 invalid_claims.
case("reserved_flag_4", "invalid_claims", flags=4)
case("reserved_flag_4_and_both_others", "invalid_claims", flags=7)
case("reserved_flag_128", "invalid_claims", flags=128)
case("all_flags", "invalid_claims", flags=255)
case("created_at_a_second_after_9999", "invalid_claims", created_at=MAX_TIME + 1, lifetime=1)
case("created_at_2_to_the_63", "invalid_claims", created_at=1 << 63)
case("created_at_18446744073709551615", "invalid_claims", created_at=(1 << 64) - 1, offset=0, lifetime=0)
case("issued_at_overflows", "invalid_claims", created_at=(1 << 64) - 1, offset=1)
case("lifetime_overflows", "invalid_claims", created_at=(1 << 64) - 1, lifetime=1)
case("issued_at_a_second_after_9999", "invalid_claims", now=MAX_TIME - 10, created_at=MAX_TIME - 10, offset=11, lifetime=1)
case("lifetime_ends_a_second_after_9999", "invalid_claims", now=MAX_TIME - 600, lifetime=601)
case("lifetime_ends_after_9999_though_the_policy_is_shorter", "invalid_claims",
     now=MAX_TIME - 600, lifetime=601, absolute_timeout=60)

# 11 issued_in_future.
case("issued_61_seconds_ahead", "issued_in_future", created_at=NOW - 1000, offset=1061)
case("created_61_seconds_ahead", "issued_in_future", created_at=NOW + 61)
case("created_in_9999", "issued_in_future", created_at=MAX_TIME - 14 * DAY)
case("issued_61_seconds_ahead_and_expired", "issued_in_future", created_at=NOW - 600, offset=661, lifetime=600)

# 12 expired.
case("now_is_the_end_of_the_lifetime", "expired", lifetime=600, created_at=NOW - 600)
case("now_is_a_second_after_the_lifetime", "expired", lifetime=600, created_at=NOW - 601)
case("issued_again_after_the_lifetime", "expired", lifetime=600, created_at=NOW - 600, offset=600)
case("now_is_the_end_of_a_shorter_policy", "expired", absolute_timeout=600, created_at=NOW - 600)
case("longer_policy_does_not_revive", "expired", lifetime=600, absolute_timeout=14 * DAY, created_at=NOW - 600)
case("lifetime_0", "expired", lifetime=0)
case("browser_session_expires", "expired", flags=0, lifetime=600, created_at=NOW - 600)
case("expired_and_idle", "expired", lifetime=600, idle=60, created_at=NOW - 600)
case("expired_and_not_json", "expired", lifetime=600, created_at=NOW - 600, payload="{")

# 13 idle.
case("now_is_the_end_of_idle", "idle", idle=600, idle_timeout=600, created_at=NOW - 600)
case("now_is_the_end_of_idle_after_a_slide", "idle", idle=600, idle_timeout=600, created_at=NOW - 1600, offset=1000)
case("now_is_the_end_of_a_shorter_policy_idle", "idle", idle=3600, idle_timeout=600, created_at=NOW - 600)
case("now_is_the_end_of_a_policy_idle_where_none_is_sealed", "idle", idle_timeout=600, created_at=NOW - 600)
case("now_is_the_end_of_sealed_idle_where_the_policy_has_none", "idle", idle=600, created_at=NOW - 600)
case("longer_policy_idle_does_not_revive", "idle", idle=600, idle_timeout=3600, created_at=NOW - 600)
case("idle_0", "idle", idle=0)
case("idle_and_not_json", "idle", idle=600, created_at=NOW - 600, payload="{")

# 14 payload.
case("empty_payload", "payload", payload="")
case("payload_of_spaces", "payload", payload="    ")
case("payload_is_not_json", "payload", payload="user=42")
case("payload_is_cut", "payload", payload='{"user":4')
case("payload_is_two_texts", "payload", payload="{}{}")
case("payload_is_followed_by_a_zero_byte", "payload", payload="{}\0")
case("payload_with_byte_order_mark", "payload", payload="\ufeff{}")
case("payload_with_trailing_comma", "payload", payload="[1,]")
case("payload_in_single_quotes", "payload", payload="{'user':42}")
case("payload_is_not_utf8", "payload", payload=b'{"user":"\xff"}')
case("payload_is_latin1", "payload", payload='{"user":"é"}'.encode("latin-1"))
case("payload_has_an_encoded_surrogate", "payload", payload=b'{"user":"\xed\xa0\x80"}')
case("payload_has_an_overlong_encoding", "payload", payload=b'{"user":"\xc0\xaf"}')
case("payload_is_utf16", "payload", payload='{"user":42}'.encode("utf-16-le"))
case("payload_array_where_an_object_is_asked_for", "payload", type="object", payload="[1,2,3]")
case("payload_null_where_an_object_is_asked_for", "payload", type="object", payload="null")
case("payload_string_where_an_object_is_asked_for", "payload", type="object", payload='"{}"')

path = pathlib.Path(__file__).with_name("v1.json")
path.write_text(json.dumps({"version": 1, "vectors": VECTORS}, indent=1) + "\n", encoding="ascii")
