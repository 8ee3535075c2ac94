"""Reading a move: payload, envelope, content, signatures inside (sections 2, 5, 7)."""

import json

import schema
from deal import is_signed
from jcs import Refused, event_id, find_problem, length, parse

MAX_CONTENT_BYTES = 32_768
MEMBERS = {"id", "pubkey", "created_at", "kind", "tags", "content"}
NAMES = ["n", "seq", "prev", "seen", "alt"]


def read_payload(data):
    """The rumor in the bytes of a payload, or None."""
    seen = []

    def pairs(items):
        seen.append([name for name, _ in items])
        return dict(items)

    try:
        event = json.loads(data.decode("utf-8"), object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or len(seen) != 1 or len(seen[0]) != 6 or set(seen[0]) != MEMBERS:
        return None
    strings = [event["content"]]
    if not isinstance(event["tags"], list) or not all(isinstance(tag, list) for tag in event["tags"]):
        return None
    strings += [item for tag in event["tags"] for item in tag]
    # 1.8e9 is the number 1800000000.
    for member in ("created_at", "kind"):
        if isinstance(event[member], float) and event[member].is_integer():
            event[member] = int(event[member])
    fits = schema.hex32(event["id"]) and schema.hex32(event["pubkey"]) and schema.count(event["created_at"]) and schema.integer(0, 65_535)(event["kind"])
    if not fits or not all(isinstance(each, str) and not has_lone_surrogate(each) for each in strings):
        return None
    return event if event_id(event) == event["id"] else None


def has_lone_surrogate(text):
    return any("\ud800" <= char <= "\udfff" for char in text)


def read_header(event):
    """nid, seq, prev and seen, or None when it is no move."""
    tags = event["tags"]
    names = [tag[0] if len(tag) == 2 else None for tag in tags]
    if event["kind"] != 4390 or names not in (NAMES, NAMES[1:]):
        return None
    values = dict(tags)
    nid = values.get("n", event["id"])
    is_link = lambda value: value == "" or schema.hex32(value)
    fits = schema.hex32(nid) and schema.pattern("[1-9][0-9]{0,5}")(values["seq"]) and is_link(values["prev"]) and is_link(values["seen"])
    if not fits or length(values["alt"]) > 500:
        return None
    return {"id": event["id"], "nid": nid, "seq": int(values["seq"]), "prev": values["prev"], "seen": values["seen"]}


def read_move(event):
    """(header, body, code): no header means no move, no body means unusable because of code."""
    header = read_header(event)
    if header is None:
        return None, None, None
    try:
        body = parse(event["content"], MAX_CONTENT_BYTES)
    except Refused as refused:
        return header, None, "oversize" if str(refused) == "too-large" else "not-canonical"
    kind = body.get("type") if isinstance(body, dict) else None
    if not isinstance(kind, str) or kind not in schema.MOVES:
        return header, None, "unknown-type"
    if not schema.MOVES[kind](body) or (kind == "open") != (header["nid"] == event["id"]):
        return header, None, "schema"
    if not has_good_signature(body):
        return header, None, "signature"
    if kind == "offer":
        header["ref"] = reference_of(event, body)
    return header, body, None


def has_good_signature(body):
    if body["type"] in ("accept", "confirm", "completion"):
        return is_signed(body["signature"])
    return "presigned" not in body or is_signed(body["presigned"])


def reference_of(event, body):
    """What an agreement calls an offer: its id with `presigned` left out."""
    from jcs import encode

    plain = {name: value for name, value in body.items() if name != "presigned"}
    return event_id({**event, "content": encode(plain)})


def is_clean_value(value):
    return find_problem(value) is None
