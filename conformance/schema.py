"""The closed schemas of moves, terms, prices, usage, agreements and bundles: sections 4, 7, 8, 9, 11, 16. A format is a predicate."""

import re

from jcs import MAX_INT, is_clean, length

MAX_MSAT = 2_100_000_000_000_000_000
LATEST = 253_402_300_799
START_BY_S = 86_400


def pattern(expression):
    compiled = re.compile(expression)
    return lambda v: isinstance(v, str) and compiled.fullmatch(v) is not None


def integer(low=-MAX_INT, high=MAX_INT):
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def text(most):
    return lambda v: isinstance(v, str) and 1 <= length(v) <= most and is_clean(v)


def literal(*values):
    return lambda v: any(type(v) is type(each) and v == each for each in values)


def array(item, low=0, high=MAX_INT, distinct=None):
    def check(v):
        if not isinstance(v, list) or not low <= len(v) <= high or not all(item(each) for each in v):
            return False
        return distinct is None or len({distinct(each) for each in v}) == len(v)

    return check


def fields(required, optional=None, also=lambda v: True):
    optional = optional or {}

    def check(v):
        if not isinstance(v, dict) or not required.keys() <= v.keys():
            return False
        known = {**required, **optional}
        return all(key in known and known[key](value) for key, value in v.items()) and also(v)

    return check


def one_of(key, variants):
    return lambda v: isinstance(v, dict) and isinstance(v.get(key), str) and v[key] in variants and variants[v[key]](v)


def not_both(one, other):
    return lambda v: not (one in v and other in v)


def not_empty(v):
    return len(v) > 0


hex32 = pattern("[0-9a-f]{64}")
key = hex32
sig = pattern("[0-9a-f]{128}")
line_text = text(200)
line = lambda v: line_text(v) and not re.search("[\n\t]", v)
long = text(4_000)
talk = text(16_000)
address = pattern("[!-~]{1,1000}")
capability = pattern("[a-z0-9][a-z0-9._:/-]{0,63}")
name = pattern("[a-z0-9][a-z0-9._:-]{0,63}")
unit = pattern("[a-z][a-z0-9._:-]{0,63}")
digits = pattern("0|[1-9][0-9]{0,18}")
msat = lambda v: digits(v) and int(v) <= MAX_MSAT
time = integer(0, LATEST)
count = integer(0)
file = fields({"name": line, "sha256": hex32, "size": count})
files = array(file, 1, 64, distinct=lambda each: each["name"])
same = lambda each: each

# Section 9.
tier = fields({"from": count, "price_msat": msat})


def are_rising(tiers):
    starts = [each["from"] for each in tiers]
    return starts[0] == 0 and all(a < b for a, b in zip(starts, starts[1:]))


sixteen = array(tier, 1, 16)
RATE = {"per": integer(1), "tiers": lambda v: sixteen(v) and are_rising(v), "tiering": literal("graduated", "volume")}
at_most = lambda one, other: lambda v: one not in v or other not in v or int(v[one]) <= int(v[other])
included = fields({"unit": unit, "count": count}, {"over": fields(RATE)}, lambda v: v["count"] > 0 or "over" in v)
is_subscription = lambda v: ("cap_msat" not in v or "over" in v.get("included", {})) and at_most("amount_msat", "cap_msat")(v)
milestones = array(fields({"name": line, "amount_msat": msat}), 1, 32, distinct=lambda each: each["name"])
price = one_of("model", {
    "fixed": fields({"model": same, "amount_msat": msat}),
    "per_unit": fields({"model": same, "unit": unit, **RATE}, {"minimum_msat": msat, "cap_msat": msat}, at_most("minimum_msat", "cap_msat")),
    "subscription": fields(
        {"model": same, "amount_msat": msat, "period_s": integer(1)},
        {"periods": integer(1, 100_000), "included": included, "cap_msat": msat},
        is_subscription,
    ),
    "prepaid": fields({"model": same, "amount_msat": msat, "unit": unit, **RATE}, {"expires_s": integer(1)}),
    "milestones": fields({
        "model": same,
        "milestones": lambda v: milestones(v) and sum(int(each["amount_msat"]) for each in v) <= MAX_MSAT,
    }),
})
measures = lambda v: isinstance(v, dict) and all(name(k) and integer()(n) for k, n in v.items())
usage = fields({}, {
    "units": count, "periods": array(count, 0, 100_000), "milestones": array(line, 0, 32, distinct=same), "measures": measures,
})

# Section 8: the leaves in their order; True marks the required ones.
penalty = fields({"metric": name, "credit_msat": msat}, {"over": count, "under": count}, lambda v: ("over" in v) != ("under" in v))
LEAVES = {
    "/service/capability": (capability, True),
    "/service/dvm_kind": (integer(5_000, 5_999), False),
    "/service/title": (line, False),
    "/scope/summary": (long, True),
    "/scope/inputs": (files, False),
    "/scope/output": (long, False),
    "/scope/acceptance": (array(long, 1, 32), False),
    "/scope/revisions": (count, False),
    "/price": (price, True),
    "/delivery/deadline": (time, False),
    "/delivery/within_s": (count, False),
    "/delivery/channel": (name, False),
    "/payment/rail": (name, False),
    "/payment/when": (literal("before", "after", "escrow", "milestones"), False),
    "/payment/payee": (fields({}, {"address": address, "mints": array(address, 1, 8)}, not_empty), False),
    "/payment/arbiter": (key, False),
    "/confidentiality/publish": (array(name, 1, 16, distinct=same), False),
    "/confidentiality/retention_s": (count, False),
    "/penalties": (array(penalty, 1, 16), False),
    "/framework/ends_at": (time, False),
    "/framework/max_calls": (count, False),
    "/framework/cap_msat": (msat, False),
}


def make_terms():
    sections, required, optional = {}, {}, {}
    for pointer, (check, is_required) in LEAVES.items():
        section, *leaf = pointer[1:].split("/")
        if leaf:
            sections.setdefault(section, ({}, {}))[0 if is_required else 1][leaf[0]] = check
        else:
            (required if is_required else optional)[section] = check
    for section, (needed, rest) in sections.items():
        also = not_both("deadline", "within_s") if section == "delivery" else lambda v: True
        check = fields(needed, rest, lambda v, also=also: not_empty(v) and also(v))
        (required if needed else optional)[section] = check
    return fields(required, optional)


terms = make_terms()

# Sections 7 and 12.
EVENT = {"id": hex32, "pubkey": key, "created_at": time, "content": literal(""), "sig": sig}
short = lambda v: isinstance(v, str) and length(v) <= 64
tags = lambda most: array(array(short, 1, 2), 0, most)
signature = fields({**EVENT, "kind": literal(4391), "tags": tags(6)})
completion = fields({**EVENT, "kind": literal(4396), "tags": tags(4)})
payment = fields({
    **EVENT, "kind": integer(0, 65_535), "tags": array(array(lambda v: isinstance(v, str) and length(v) <= 1_000, 1, 4), 0, 16),
})
attachments = array(fields({"name": long, "sha256": hex32, "size": count}), 1, 16)
boolean = lambda v: isinstance(v, bool)


def move(required, optional=None, also=lambda v: True):
    return fields({"v": literal(1), "type": same, **required}, optional, also)


def is_offer(v):
    return not_both("amends", "under")(v) and not_both("alternatives", "presigned")(v)


talking = move({"text": talk}, {"re": hex32, "attachments": attachments})
about = {"agreement": hex32}
MOVES = {
    "open": move(
        {
            "to": key, "role": literal("buyer", "provider"), "service": capability, "requirements": talk,
            "features": array(pattern("[a-z0-9.-]{1,32}!?"), 0, 16), "nonce": hex32, "expires_at": time,
        },
        {"terms": terms},
    ),
    "ask": talking,
    "answer": talking,
    "offer": move(
        {"terms": terms, "salt_seed": hex32, "expires_at": time},
        {"re": hex32, "alternatives": array(terms, 1, 4), "presigned": signature, "amends": hex32, "under": hex32},
        is_offer,
    ),
    "accept": move({"offer": hex32, "alternative": integer(0, 4), **about, "signature": signature}),
    "confirm": move({"accept": hex32, **about, "signature": signature}),
    "close": move({"re": hex32, **about, "c": hex32}),
    "cancel": move({}, {"re": hex32, "void": hex32}, lambda v: ("re" in v) == ("void" in v)),
    "reject": move({"offer": hex32, "final": boolean, "code": name}, {"text": long}),
    "withdraw": move({"offer": hex32}),
    "receipt": move({"upto": count}, {"a": hex32}),
    "error": move({"re": hex32, "code": name}, {"l": hex32}),
    "input": move({**about, "files": files}),
    "payterms": move({**about, "terms": payment, "request": pattern("[!-~]{1,4000}"), "salt": hex32}),
    "funded": move({**about, "funded": payment}, {"proof": address}),
    "deliver": move({**about, "files": files}, {"text": long}),
    "completion": move({**about, "signature": completion}),
    "dispute": move({**about, "code": name}, {"text": long}),
}

# Sections 11 and 16.
or_null = lambda check: lambda v: v is None or check(v)
agreement = fields(
    {
        "v": literal(1), "domain": literal("agent-negotiate/agreement"), "nid": hex32, "offer": hex32, "alternative": integer(0, 4),
        "buyer": key, "provider": key, "offeror": key, "terms_root": hex32, "start_by": time,
        "supersedes": or_null(hex32), "under": or_null(hex32),
    },
    also=lambda v: v["buyer"] != v["provider"] and v["offeror"] in (v["buyer"], v["provider"]) and None in (v["supersedes"], v["under"]),
)
anything = lambda v: True
shown = fields({}, {pointer: fields({"salt": hex32, "value": anything}) for pointer in LEAVES})
disclosure = fields({"shown": shown, "digests": array(hex32, len(LEAVES), len(LEAVES))})
bundle = fields(
    {
        "v": literal(1), "type": literal("agent-negotiate/bundle"), "agreement": agreement, "first": signature,
        "terms": one_of("kind", {
            "full": fields({"kind": same, "terms": terms, "seed": hex32}),
            "disclosed": fields({"kind": same, "shown": shown, "digests": array(hex32, len(LEAVES), len(LEAVES))}),
        }),
        "reveals": fields({}, {each: hex32 for each in "cval"}),
    },
    {"second": signature},
)
