"""What is signed and how it is checked: terms root, disclosure, agreement, signatures, bundles (sections 10, 11, 12, 16)."""

import bip340
import schema
from jcs import Refused, event_id, hash_of, hmac_hex, lock_of, parse
from schema import LEAVES, START_BY_S

MAX_BUNDLE_BYTES = 262_144


def read_leaf(terms, pointer):
    value = terms
    for part in pointer[1:].split("/"):
        value = None if value is None else value.get(part)
    return value


def digests_of(terms, seed):
    return [hash_of([hmac_hex(seed, pointer), pointer, read_leaf(terms, pointer)]) for pointer in LEAVES]


def root_of(digests):
    return hash_of(["agent-negotiate/terms/1", *digests])


def seed_of(seed, alternative):
    return seed if alternative == 0 else hmac_hex(seed, f"alt{alternative}")


def check_disclosure(disclosure):
    """The root of a disclosure, or None."""
    if not schema.disclosure(disclosure):
        return None
    places = {pointer: i for i, pointer in enumerate(LEAVES)}
    for pointer, leaf in disclosure["shown"].items():
        check, is_required = LEAVES[pointer]
        fits = not is_required if leaf["value"] is None else check(leaf["value"])
        if not fits or hash_of([leaf["salt"], pointer, leaf["value"]]) != disclosure["digests"][places[pointer]]:
            return None
    both = [disclosure["shown"].get(f"/delivery/{name}", {}).get("value") for name in ("deadline", "within_s")]
    return root_of(disclosure["digests"]) if None in both else None


def is_signed(event):
    return event_id(event) == event["id"] and bip340.verify(*(bytes.fromhex(event[n]) for n in ("pubkey", "id", "sig")))


def read_claim(event):
    """What a signature says, or None unless its tags are exactly those of a first or second one."""
    tags = event["tags"]
    if len(tags) != 6 or tags[0] != ["-"] or any(len(tag) != 2 for tag in tags[1:]):
        return None
    names, values = zip(*tags[1:])
    first = names == ("x", "role", "confirm_by", "close", "void")
    if not first and names != ("x", "role", "e", "ack", "late"):
        return None
    agreement, role, third, yes, no = values
    if role not in ("offeror", "acceptor") or not all(map(schema.hex32, (agreement, yes, no))) or yes == no:
        return None
    claim = {"order": "first" if first else "second", "agreement": agreement, "role": role}
    if not first:
        return {**claim, "first": third, "ack": yes, "late": no} if schema.hex32(third) else None
    is_time = schema.pattern("0|[1-9][0-9]{0,11}")(third) and int(third) <= schema.LATEST
    return {**claim, "confirm_by": int(third), "close": yes, "void": no} if is_time else None


def read_completion(event):
    tags = event["tags"]
    names = [tag[0] for tag in tags]
    if names != ["-", "x", "role", "files"] or [len(tag) for tag in tags] != [1, 2, 2, 2]:
        return None
    _, agreement, role, files = (tag[-1] for tag in tags)
    if role not in ("buyer", "provider") or not schema.hex32(agreement) or not schema.hex32(files):
        return None
    return {"agreement": agreement, "role": role, "files": files}


def signer_of(agreement, role):
    offeror = agreement["offeror"]
    other = agreement["provider"] if offeror == agreement["buyer"] else agreement["buyer"]
    return offeror if role == "offeror" else other


def parse_bundle(content):
    """The bundle in a file's bytes; Refused otherwise."""
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    value = parse(data[:-1] if data.endswith(b"\n") else data, MAX_BUNDLE_BYTES)
    if not schema.bundle(value):
        raise Refused("schema")
    return value


def failed_checks(bundle):
    """The names of the checks that fail, in order."""
    agreement, first, second, reveals = bundle["agreement"], bundle["first"], bundle.get("second"), bundle["reveals"]
    digest = hash_of(agreement)
    checks = [("terms", terms_root(bundle["terms"]) == agreement["terms_root"]), ("first-signature", is_signed(first))]
    one, two = read_claim(first), read_claim(second) if second else None
    fits = lambda event, claim, order: (
        claim is not None and claim["order"] == order and claim["agreement"] == digest
        and event["pubkey"] == signer_of(agreement, claim["role"])
    )
    is_first = fits(first, one, "first")
    is_second = fits(second, two, "second") and two["first"] == first["id"] and one is not None and one["role"] != two["role"]
    checks.append(("first-claim", is_first))
    if is_first:
        checks.append(("start-by", one["confirm_by"] + START_BY_S == agreement["start_by"]))
    if second:
        checks += [("second-signature", is_signed(second)), ("second-claim", is_second)]
        if is_first:
            checks.append(("window", second["created_at"] <= one["confirm_by"]))
    locks = {}
    if is_first:
        locks.update(c=one["close"], v=one["void"])
    if is_second:
        locks.update(a=two["ack"], l=two["late"])
    checks += [(f"reveal-{n}", lock_of(reveals[n]) == locks.get(n)) for n in "cval" if n in reveals]
    return [name for name, ok in checks if not ok]


def terms_root(terms):
    if terms["kind"] == "full":
        return root_of(digests_of(terms["terms"], terms["seed"]))
    return check_disclosure({"shown": terms["shown"], "digests": terms["digests"]})


def judge_bundle(content):
    """What a bundle proves: {"failed": [names]} or its state, agreement, cheats, hidden leaves, who signed first."""
    try:
        bundle = parse_bundle(content)
    except Refused:
        return {"failed": ["document"]}
    failed = failed_checks(bundle)
    if failed:
        return {"failed": failed}
    reveals, second, agreement = bundle["reveals"], bundle.get("second"), bundle["agreement"]
    role = lambda event: "buyer" if event["pubkey"] == agreement["buyer"] else "provider"
    cheats = [role(bundle["first"])] if {"c", "v"} <= reveals.keys() else []
    if second and {"a", "l"} <= reveals.keys():
        cheats.append(role(second))
    shown = LEAVES if bundle["terms"]["kind"] == "full" else bundle["terms"]["shown"]
    return {
        "failed": [], "state": "cheated" if cheats else state_of(reveals, second), "agreement": hash_of(agreement), "cheats": cheats,
        "hidden": [pointer for pointer in LEAVES if pointer not in shown], "signed_first": role(bundle["first"]), "bundle": bundle,
    }


def state_of(reveals, second):
    if "v" in reveals:
        return "void"
    if "l" in reveals:
        return "late"
    if not second or "c" not in reveals:
        return "signed-not-closed"
    return "closed" if "a" in reveals else "closed-not-acknowledged"
