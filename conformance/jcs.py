"""Canonical JSON (RFC 8785) as far as the protocol has use for it, clean text, hashes and event ids: sections 2 and 3."""

import hashlib
import hmac
import json
import re
import unicodedata

MAX_INT = 2**53 - 1
MAX_DEPTH = 16
UNCLEAN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ud800-\udfff]"
)
SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


class Refused(Exception):
    """A text that is not canonical; the argument says why."""


def is_clean(text):
    return UNCLEAN.search(text) is None and unicodedata.normalize("NFC", text) == text


def length(text):
    """UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def quote(text):
    escaped = re.sub(r'["\\\x00-\x1f]', lambda m: SHORT.get(m[0], "\\u%04x" % ord(m[0])), text)
    return f'"{escaped}"'


def utf16(text):
    return text.encode("utf-16-be", "surrogatepass")


def encode(value):
    """The one text of a value; numbers must be whole."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if value != int(value):
            raise Refused("number")
        return str(int(value))
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return "[" + ",".join(encode(item) for item in value) + "]"
    return "{" + ",".join(quote(key) + ":" + encode(value[key]) for key in sorted(value, key=utf16)) + "}"


def find_problem(value, depth=0):
    if isinstance(value, str):
        return None if is_clean(value) else "text"
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float):
        return None if value.is_integer() and abs(value) <= MAX_INT else "number"
    if isinstance(value, int):
        return None if abs(value) <= MAX_INT else "number"
    if depth >= MAX_DEPTH:
        return "too-deep"
    children = value if isinstance(value, list) else [*value, *value.values()]
    for child in children:
        problem = find_problem(child, depth + 1)
        if problem:
            return problem
    return None


def refuse_constant(name):
    raise ValueError(name)


def parse_any(text):
    """Any JSON, spelled in any way; Refused when it is none."""
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except RecursionError:
        raise Refused("too-deep") from None
    except ValueError:
        raise Refused("not-json") from None


def parse(text, max_bytes):
    """The value of a text that is its own canonical form."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if len(data) > max_bytes:
        raise Refused("too-large")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not-json") from None
    value = parse_any(text)
    problem = find_problem(value)
    if problem:
        raise Refused(problem)
    # A key given twice is lost in the value, so that the text differs.
    if encode(value) != text:
        raise Refused("not-canonical")
    return value


def sha256(data):
    return hashlib.sha256(data.encode("utf-8") if isinstance(data, str) else data).hexdigest()


def hash_of(value):
    return sha256(encode(value))


def hmac_hex(key, message):
    return hmac.new(bytes.fromhex(key), message.encode(), hashlib.sha256).hexdigest()


def event_id(event):
    names = ("pubkey", "created_at", "kind", "tags", "content")
    text = encode([0, *(event[name] for name in names)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def lock_of(value):
    return sha256(bytes.fromhex(value))
