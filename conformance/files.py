"""One check for each vector file: how many vectors it holds, and what is wrong with which."""

import bip340
import schema
from conversation import play
from deal import (
    check_disclosure, digests_of, is_signed, judge_bundle, read_claim, read_completion, root_of, seed_of,
)
from jcs import Refused, encode, find_problem, hash_of, hmac_hex, lock_of, parse, parse_any, sha256
from machine import Mismatch
from moves import read_move, read_payload
from owed import NotOwed, ceiling, owed
from schema import LEAVES
from settlement import hash_files


class Tally:
    def __init__(self):
        self.count, self.problems = 0, []

    def check(self, name, ok, words="does not hold"):
        self.count += 1
        if not ok:
            self.problems.append(f"{name}: {words}")

    def attempt(self, name, function, *arguments):
        """Counts a function that may fail on data that is out of shape."""
        try:
            self.check(name, function(*arguments))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, Refused, Mismatch) as fault:
            self.check(name, False, f"{type(fault).__name__}: {fault}")

    def result(self):
        return self.count, self.problems


def check_canonical(content):
    tally = Tally()

    def is_encoded(case):
        text = bytes.fromhex(case["canonical"]).decode()
        return encode(parse_any(bytes.fromhex(case["json"]).decode())) == text and sha256(text) == case["sha256"]

    def is_accepted(case):
        data = bytes.fromhex(case["bytes"])
        parse(data, content["max_bytes"])
        return sha256(data) == case["sha256"]

    def is_refused(case):
        try:
            parse(bytes.fromhex(case["bytes"]), content["max_bytes"])
        except Refused as refused:
            return str(refused) == case["reason"]
        return False

    for section, holds in (("encode", is_encoded), ("accepted", is_accepted), ("refused", is_refused)):
        for case in content[section]:
            tally.attempt(case["name"], holds, case)
    return tally.result()


def check_terms(content):
    tally = Tally()
    tally.check("the list of leaves", content["leaves"] == list(LEAVES))

    def is_valid(case):
        terms, seed, agreement = case["terms"], case["seed"], case["agreement"]
        digests = digests_of(terms, seed)
        alternatives = [{"seed": s, "root": root_of(digests_of(terms, s))} for s in (seed_of(seed, k) for k in range(1, 5))]
        return (
            schema.terms(terms) and find_problem(terms) is None and case["salts"] == [hmac_hex(seed, p) for p in LEAVES]
            and case["digests"] == digests and case["root"] == root_of(digests) == agreement["terms_root"]
            and case["alternatives"] == alternatives and schema.agreement(agreement) and case["agreement_hash"] == hash_of(agreement)
        )

    def is_disclosed(case):
        hidden = [pointer for pointer in LEAVES if pointer not in case["disclosure"]["shown"]]
        return check_disclosure(case["disclosure"]) == case["root"] and case["hidden"] == hidden

    rules = (
        ("valid", is_valid), ("disclosures", is_disclosed),
        ("tampered_disclosures", lambda case: check_disclosure(case["disclosure"]) != case["root"]),
        ("invalid_terms", lambda case: not (schema.terms(case["terms"]) and find_problem(case["terms"]) is None)),
        ("invalid_agreements", lambda case: not schema.agreement(case["agreement"])),
    )
    for section, holds in rules:
        for case in content[section]:
            tally.attempt(case["name"], holds, case)
    return tally.result()


def check_signatures(content):
    tally = Tally()
    keys = {each["name"]: each["public"] for each in content["keys"]}
    for each in content["keys"]:
        tally.attempt(f"key of {each['name']}", lambda e: bip340.public_of(int(e["secret"], 16)) == e["public"], each)
    for each in content["locks"]:
        tally.attempt(f"lock {each['name']}", lambda e: lock_of(e["value"]) == e["hash"], each)

    def is_genuine(case):
        claim = dict(case["claim"])
        if "confirmBy" in claim:
            claim["confirm_by"] = claim.pop("confirmBy")
        event = case["event"]
        return schema.signature(event) and is_signed(event) and read_claim(event) == claim and event["pubkey"] == keys[case["signer"]]

    def is_tampered(case):
        event = case["event"]
        problem = "claim" if is_signed(event) else "signature" if moved_id(event) else "id"
        return problem == case["problem"] and (problem != "claim" or read_claim(event) is None)

    for case in content["signatures"]:
        tally.attempt(case["name"], is_genuine, case)
    for case in content["tampered"]:
        tally.attempt(case["name"], is_tampered, case)
    tally.attempt("completion", check_completion, content["completion"], keys)
    tally.attempt("payment", check_payment, content["payments"], keys)
    return tally.result()


def moved_id(event):
    from jcs import event_id

    return event_id(event) == event["id"]


def check_completion(case, keys):
    if case["files_hash"] != hash_files(case["files"]):
        return False
    for role in ("buyer", "provider"):
        claim = read_completion(case[role])
        if not is_signed(case[role]) or case[role]["pubkey"] != keys[role] or claim["role"] != role or claim["files"] != case["files_hash"]:
            return False
    return case["receipt"] == hash_of({"buyer": case["buyer"], "domain": "agent-negotiate/receipt/1", "provider": case["provider"]})


def check_payment(case, keys):
    purpose = {"agreement": case["agreement"], "domain": "agent-negotiate/pay/1", "index": 0, "salt": case["salt"]}
    description = f"agent-negotiate/pay/1 {hash_of(purpose)}"
    terms, funded = case["payterms"], case["funded"]
    said = dict((tag[0], tag[-1]) for tag in terms["tags"])
    answer = [["-"], ["x", case["agreement"]], ["e", terms["id"]], ["amount", said["amount"]], ["payment_hash", said["payment_hash"]]]
    names = ["-", "x", "rail", "amount", "payment_hash", "payee", "expires", "t"]
    return (
        case["description"] == description and case["hash"] == sha256(description) and is_signed(terms) and is_signed(funded)
        and (terms["pubkey"], funded["pubkey"]) == (keys["provider"], keys["buyer"]) and (terms["kind"], funded["kind"]) == (4394, 4395)
        and [tag[0] for tag in terms["tags"]] == names and said["x"] == case["agreement"] and funded["tags"] == [*answer, ["t", "test-money"]]
    )


def check_owed(content):
    tally = Tally()

    def usage_of(case):
        return {"periods": case["usage"]["periods"] * case["times"]} if "times" in case else case["usage"]

    def is_owed(case):
        usage = usage_of(case)
        if not schema.price(case["price"]) or not schema.usage(usage):
            return False
        try:
            amounts = owed(case["price"], case.get("penalties", []), usage)
        except NotOwed as refused:
            return list(refused.args) == [case[each] for each in ("refused", "about") if each in case]
        return {name: str(amount) for name, amount in amounts.items()} == {n: v for n, v in case.items() if n.endswith("_msat")}

    def is_ceiling(case):
        most = ceiling(case["price"])
        return schema.price(case["price"]) and case["ceiling_msat"] == (None if most is None else str(most))

    rules = (
        ("cases", is_owed), ("ceilings", is_ceiling), ("invalid_prices", lambda case: not schema.price(case["price"])),
        ("invalid_usage", lambda case: not schema.usage(usage_of(case))),
    )
    for section, holds in rules:
        for case in content[section]:
            tally.attempt(case["name"], holds, case)
    return tally.result()


def check_moves(content):
    tally = Tally()

    def is_read(case):
        from jcs import event_id

        header, body, code = read_move(case["event"])
        if header is None:
            found = {"kind": "dropped"}
        elif body is None:
            found = {"kind": "unusable", "code": code}
        else:
            found = {"kind": "move", "type": body["type"], "nid": header["nid"]}
            if "presigned" in body:
                found["ref"] = header["ref"]
        return event_id(case["event"]) == case["event"]["id"] and found == case["expect"]

    for case in content["payloads"]:
        tally.attempt(case["name"], lambda c: (read_payload(bytes.fromhex(c["bytes"])) is not None) == c["accepted"], case)
    for case in content["moves"]:
        tally.attempt(case["name"], is_read, case)
    return tally.result()


def check_conversations(content):
    tally = Tally()
    keys = {role: content[role] for role in ("buyer", "provider")}
    for conversation in content["conversations"]:
        tally.attempt(conversation["name"], lambda c: play(c, keys) is None, conversation)
    return tally.result()


def check_bundles(content):
    tally = Tally()

    def is_valid(case):
        verdict = judge_bundle(case["text"])
        return not verdict["failed"] and all(verdict[n] == case[n] for n in ("state", "agreement", "signed_first", "cheats", "hidden"))

    def is_tampered(case):
        return judge_bundle(bytes.fromhex(case["bytes"]) if "bytes" in case else case["text"])["failed"] == case["failed"] != []

    for section, holds in (("valid", is_valid), ("tampered", is_tampered)):
        for case in content[section]:
            tally.attempt(case["name"], holds, case)
    return tally.result()


CHECKS = {
    "canonical.json": check_canonical, "terms.json": check_terms, "signatures.json": check_signatures, "owed.json": check_owed,
    "moves.json": check_moves, "conversations.json": check_conversations, "bundles.json": check_bundles,
}
