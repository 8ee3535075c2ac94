"""Breaks one rule of this implementation at a time: the vector that decides the rule must fail, or it decides nothing."""

import contextlib
import importlib
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# By file, each: the name of the vector, then the module, what is there, and what stands there when the rule is broken.
MUTANTS = {
    "conversations.json": [
        (
            "a side that is frozen closes its presigned offer when it is accepted",
            "receive.py", 'elif "presigned" in found["body"]:\n        accept_presigned',
            'elif side.is_frozen():\n        side.error(header["id"], "frozen")\n    elif "presigned" in found["body"]:\n        accept_presigned',
        ),
        (
            "a side that is frozen closes its accept when it is confirmed",
            "receive.py", 'if mine is None or mine["is_presigned"]:', 'if mine is None or mine["is_presigned"] or side.is_frozen():',
        ),
        (
            "an accept that waits when its receiver is frozen: it is not confirmed, and answered when its window is over",
            "receive.py", 'if what == "waiting":', 'if what == "equivocation":\n        side.drop_pending("frozen")\n    if what == "waiting":',
        ),
        (
            "an accept that waits when its receiver is frozen: it is not confirmed, and answered when its window is over",
            "issue.py", 'need(not (is_commitment and side.is_frozen()), "frozen")', "",
        ),
        (
            "a bare cancel answers the accept that waits after it",
            "machine.py", 'self.drop_pending("closed")', "",
        ),
        (
            "a bare cancel answers the accept that waits after it",
            "issue.py", 'side.send({"v": 1, "type": "cancel"})', 'side.drop_pending("closed")\n        side.send({"v": 1, "type": "cancel"})',
        ),
        (
            "a final reject answers the accept that waits after it",
            "issue.py", 'side.send(body)\n    if found["status"]', 'side.drop_pending("closed")\n    side.send(body)\n    if found["status"]',
        ),
        (
            "an accept that waits stays when its sender rejects the offer, and is confirmed",
            "receive.py", 'found["status"] = "rejected"', 'found["status"], side.pending = "rejected", None',
        ),
        (
            "an accept that waits stays when its sender rejects the offer, and is confirmed",
            "receive.py", 'found["status"] = "rejected"', 'found["status"] = "rejected"\n        side.drop_pending("rejected")',
        ),
        (
            "an offer that is rejected while it is taken does not open again",
            "receive.py", 'elif found["status"] == "open":\n        found["status"] = "rejected"',
            'elif side.status(found) == "open":\n        found["status"] = "rejected"',
        ),
        (
            "a presigned offer that was rejected is cancelled when its cancel arrives",
            "receive.py", 'found["status"] = "cancelled"', 'found["status"] = {"open": "cancelled"}.get(found["status"], found["status"])',
        ),
        (
            "an error with an l that fits nothing has no effect on the accept that it names",
            "receive.py", 'if "l" in body:', 'if "l" in body and body["re"] not in [c["first_move"] for c in side.commitments]:',
        ),
        (
            "an error about the open while an accept is out: the end waits for the signature",
            "receive.py", 'side.end("failed")\n    else', 'side.ended = "failed"\n    else',
        ),
        (
            "an end that waits has its own reason, also when the opening has expired meanwhile",
            "machine.py", "self.ended = self.deferred", 'self.ended = "expired" if self.now > self.open["expires_at"] else self.deferred',
        ),
        (
            "the window of an accept that waits and the opening are over at once: the window is told",
            "machine.py", 'if self.pending and self.now > self.pending["confirm_by"]:',
            'if self.pending and self.now > self.pending["confirm_by"] and self.now <= self.open["expires_at"]:',
        ),
        (
            "the value of a cancel that has seen nothing of mine is not noted",
            "receive.py", 'if body is None:\n        side.error',
            'if body and "void" in body:\n        side.voided.add(lock_of(body["void"]))\n    if body is None:\n        side.error',
        ),
        (
            "what is dropped when it arrives lets no time pass",
            "receive.py", 'side.pass_time()\n    what', 'before, side.is_trial = side.is_trial, False\n    side.pass_time()\n    side.is_trial = before\n    what',
        ),
        (
            "call-offs under a framework that was amended count under the new one",
            "machine.py", '"under" in self.body_of(c)]', 'self.body_of(c).get("under") == head["agreement"]]',
        ),
        (
            "a call-off that was given up counts no more",
            "machine.py", 'if self.is_live(c) and "under" in self.body_of(c)]',
            'if (self.is_live(c) or c["state"] == "given-up") and "under" in self.body_of(c)]',
        ),
        (
            "a framework of no calls",
            "machine.py", 'framework.get("max_calls", len(calls) + 1)', '(framework.get("max_calls") or len(calls) + 1)',
        ),
        (
            "an accept crosses one by the provider, waits though the head is in its way, and cannot be confirmed",
            "receive.py", '("closed" if side.ended else None)', '("closed" if side.ended else "busy" if side.holder(found) else None)',
        ),
        (
            "an accept crosses one by the provider, waits though the head is in its way, and cannot be confirmed",
            "issue.py", 'need(not side.holder(found), "slot-taken")\n    need(side.now <= pending', "need(side.now <= pending",
        ),
        (
            "the locks of presigned offers that were refused are still new",
            "receive.py", 'if problem:\n        side.error(header["id"], problem)\n    else',
            'if problem:\n        side.voided.update(locks_of(body["presigned"]))\n        side.error(header["id"], problem)\n    else',
        ),
        (
            "own signatures with locks that are not new, or are the same",
            "machine.py", "return locks[0] != locks[1] and not self.are_used(locks)", "return not self.are_used(locks)",
        ),
        (
            "own signatures with locks that are not new, or are the same",
            "machine.py", "return locks[0] != locks[1] and not self.are_used(locks)", "return locks[0] != locks[1]",
        ),
        (
            "own signatures with locks that are not new, or are the same",
            "issue.py", 'WINDOW_S, "window")\n    need(side.are_fit(draft["locks"]), "invalid")', 'WINDOW_S, "window")',
        ),
        (
            "own signatures with locks that are not new, or are the same",
            "issue.py", '<= LATEST and side.are_fit(draft["locks"])', "<= LATEST",
        ),
        (
            "own signatures with locks that are not new, or are the same",
            "issue.py", 'need(side.now <= pending["confirm_by"], "window")\n    need(side.are_fit(draft["locks"]), "invalid")',
            'need(side.now <= pending["confirm_by"], "window")',
        ),
        (
            "a presigned offer whose start-by would be after all time is not due",
            "machine.py", 'if claim["confirm_by"] + START_BY_S > LATEST:', "if False:",
        ),
        (
            "a presigned offer whose start-by would be after all time is not due",
            "machine.py", 'if claim["confirm_by"] + START_BY_S > LATEST:', 'if claim["confirm_by"] + START_BY_S >= LATEST:',
        ),
        (
            "a presigned offer whose start-by would be after all time is not due",
            "issue.py", 'need(body["expires_at"] + START_BY_S <= LATEST and side', "need(side",
        ),
        (
            "an accept that is lost is void after the grace",
            "machine.py", '"reveals": c["reveals"],', '"reveals": c["secrets"],',
        ),
        (
            "what came before the open is received with it, in order of seq",
            "conversation.py", 'sorted(early.values(), key=lambda each: each[0]["seq"])', "early.values()",
        ),
        (
            "what came before the open is received with it, in order of seq",
            "conversation.py", "len(early) < MAX_EARLY", "False",
        ),
        (
            "of two moves with one seq before the open the one that came first stands, and the other is an equivocation",
            "conversation.py", 'early.setdefault(header["id"], arrival)', 'early[header["seq"]] = arrival',
        ),
        (
            "of two moves with one seq before the open the one that came first stands, and the other is an equivocation",
            "conversation.py", 'sorted(early.values()', "sorted(reversed(list(early.values()))",
        ),
        (
            "no more than 64 moves are kept before the open: one that comes again counts once, one whose open was dropped too",
            "conversation.py", "MAX_EARLY = 64", "MAX_EARLY = 65",
        ),
        (
            "no more than 64 moves are kept before the open: one that comes again counts once, one whose open was dropped too",
            "conversation.py", "MAX_EARLY = 64", "MAX_EARLY = 63",
        ),
        (
            "no more than 64 moves are kept before the open: one that comes again counts once, one whose open was dropped too",
            "conversation.py", 'expect(header is not None, "an event is no move")',
            'for each in [e for e, a in early.items() if body and body["type"] == "open" and a[0]["nid"] == header["nid"]]:\n        del early[each]',
        ),
        (
            "what came before an open with a critical feature is received after the end",
            "conversation.py", 'if each[0]["nid"] == side.nid:', 'if each[0]["nid"] == side.nid and not side.ended:',
        ),
        (
            "what came before an open that is out of time finds it expired",
            "receive.py", "side.pass_time()", "side.now > side.open['expires_at'] and len(side.chain.received) == 1 or side.pass_time()",
        ),
        (
            "opens that begin nothing, before one that does",
            "conversation.py", 'me not in (body["to"], opened["pubkey"])', "False",
        ),
        (
            "opens that begin nothing, before one that does",
            "conversation.py", '(header["seq"], header["prev"], header["seen"]) == (1, "", "")', "True",
        ),
        (
            "a confirm is refused when fewer than sixteen moves are left",
            "issue.py", 'is_commitment = kind in ("accept", "confirm")', 'is_commitment = kind in ("accept",)',
        ),
        (
            "a move whose seen names nothing counts like any other",
            "receive.py", 'if body["type"] != "error":\n            side.error(header["id"], "seen")',
            'if body["type"] != "error":\n            side.chain.received[-1] = (header["id"], "unusable")\n            side.error(header["id"], "seen")',
        ),
        (
            "the limit comes before what has been made already",
            "issue.py", 'need(kind in ("cancel", "decline")', 'need(kind in ("cancel", "decline", "deliver")',
        ),
        (
            "a chain of a thousand: no receipt for a gap is made beyond it, other exempt moves are",
            "receive.py", ' and side.chain.may_send("receipt", False)', "",
        ),
        (
            "a chain of a thousand: no receipt for a gap is made beyond it, other exempt moves are",
            "chain.py", "return len(self.sent) < MAX_SEQ and left", "return left",
        ),
        (
            "a chain of a thousand: no receipt for a gap is made beyond it, other exempt moves are",
            "machine.py", "if self.chain.owes_receipt():", 'if self.chain.owes_receipt() and self.chain.may_send("receipt", False):',
        ),
    ],
    "canonical.json": [
        ("a fraction that no double has", "jcs.py", "if encode(value) != text:", "if False:"),
        ("the same key twice, the first with a fraction", "jcs.py", "if encode(value) != text:", "if False:"),
    ],
    "owed.json": [
        ("the least and the largest measure", "schema.py", "name(k) and integer()(n)", "name(k) and integer(-(2**31), 2**31 - 1)(n)"),
        ("a measure below them all", "schema.py", "name(k) and integer()(n)", "name(k) and isinstance(n, int)"),
        ("measures of which there are many", "schema.py", "measures = lambda v: isinstance(v, dict) and", "measures = lambda v: isinstance(v, dict) and len(v) <= 16 and"),
    ],
    "moves.json": [
        (
            "a date with a fraction that no double has",
            "moves.py", "object_pairs_hook=pairs)", 'object_pairs_hook=pairs, parse_float=lambda t: float(t) if __import__("decimal").Decimal(t) == float(t) else None)',
        ),
        ("a type that is a number", "moves.py", "if not isinstance(kind, str) or kind not in schema.MOVES:", "if isinstance(kind, str) and kind not in schema.MOVES:"),
        ("a type that is null", "moves.py", 'header, None, "unknown-type"', 'header, None, "unknown-type" if kind is not None or "type" not in body else "schema"'),
        ("an open to its author", "moves.py", 'if not has_good_signature(body):', 'if body.get("to") == event["pubkey"] or not has_good_signature(body):'),
        ("a payment event after the year 9999", "schema.py", '**EVENT, "kind": integer(0, 65_535)', '**EVENT, "created_at": count, "kind": integer(0, 65_535)'),
    ],
    "bundles.json": [
        ("a start-by of less than a day, signed by both", "schema.py", '"terms_root": hex32, "start_by": time', '"terms_root": hex32, "start_by": integer(86_400, LATEST)'),
        ("an offeror that is neither", "schema.py", ' and v["offeror"] in (v["buyer"], v["provider"])', ""),
        ("a buyer that is the provider too", "schema.py", 'v["buyer"] != v["provider"] and ', ""),
        ("an alternative that there cannot be", "schema.py", '"offer": hex32, "alternative": integer(0, 4),\n        "buyer"', '"offer": hex32, "alternative": integer(0),\n        "buyer"'),
        ("a second signature by a stranger, after the window", "deal.py", "if is_first:\n            checks.append((\"window\"", "if is_first and is_second:\n            checks.append((\"window\""),
        ("both cheated, the provider signed first", "deal.py", '"cheats": cheats,', '"cheats": sorted(cheats),'),
        ("without a line feed", "deal.py", 'data[:-1] if data.endswith(b"\\n") else data', "data[:-1]"),
    ],
}


def run_mutants(load):
    """How many broken rules no vector notices."""
    missed = 0
    for file, mutants in MUTANTS.items():
        for number, (name, module, there, broken) in enumerate(mutants, 1):
            only = take_vector(load(file), name)
            if only is None or not check_with(module, there, broken, file, only):
                missed += 1
                print(f"  {file}, {name}: does not notice broken rule {number}, in {module}")
    print(f"{'broken rules':20} {sum(map(len, MUTANTS.values())):5} changes, {missed} not noticed")
    return missed


def take_vector(content, name):
    """The content with this vector alone, or None when there is none of the name."""
    found = {
        section: [case for case in cases if isinstance(case, dict) and case.get("name") == name]
        for section, cases in content.items()
        if isinstance(cases, list) and section not in ("keys", "leaves")
    }
    return {**content, **found} if any(found.values()) else None


def check_with(module, there, broken, file, content):
    """Whether the check of a file fails when a module of this folder is changed in one place."""
    with tempfile.TemporaryDirectory() as folder:
        for each in os.listdir(HERE):
            if each.endswith(".py"):
                shutil.copy(os.path.join(HERE, each), folder)
        path = os.path.join(folder, module)
        with open(path, encoding="utf-8") as source:
            text = source.read()
        if text.count(there) != 1:
            return False
        with open(path, "w", encoding="utf-8") as changed:
            changed.write(text.replace(there, broken))
        with modules_of(folder):
            return bool(importlib.import_module("files").CHECKS[file](content)[1])


@contextlib.contextmanager
def modules_of(folder):
    """Imports find the modules of another folder; those of this one stay what they are."""
    names = [each[:-3] for each in os.listdir(folder) if each.endswith(".py")]
    known = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(folder)
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(known)
