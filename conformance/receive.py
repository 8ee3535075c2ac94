"""Moves of the other side: what each one does (section 13.6)."""

from deal import read_claim
from jcs import lock_of
from machine import Refusal, locks_of


def receive(side, arrival):
    """Takes in an authentic move as (header, body, code); raises Refusal when it is dropped."""
    side.pass_time()
    what, items = side.chain.receive(arrival)
    if what == "dropped":
        raise Refusal("dropped")
    if what == "duplicate":
        side.resend(items)
    if what == "waiting":
        ask_for_missing(side, arrival[1])
    if what == "applied":
        for each in items:
            apply(side, *each)


def ask_for_missing(side, body):
    if body and body["type"] == "receipt":
        side.resend(each for each, _ in side.chain.sent[body["upto"] :])
    elif (not body or body["type"] != "error") and side.chain.may_send("receipt", False):
        side.send({"v": 1, "type": "receipt", "upto": len(side.chain.received)})


def apply(side, header, body, code):
    if body is None:
        side.error(header["id"], code)
    elif side.chain.is_beyond_limit(body["type"]):
        side.error(header["id"], "limit")
    elif header["seen"] and header["seen"] not in [each for each, _ in side.chain.sent]:
        if body["type"] != "error":
            side.error(header["id"], "seen")
    elif body["type"] in ("input", "payterms", "funded", "deliver", "completion", "dispute"):
        held = side.settlement(body["agreement"])
        problem, _ = held.take(body, "provider" if side.role == "buyer" else "buyer") if held else ("too-early", False)
        if problem:
            side.error(header["id"], problem)
    elif body["type"] not in ("ask", "answer"):
        {
            "offer": offer, "accept": accept, "confirm": confirm, "close": close, "cancel": cancel, "reject": reject, "withdraw": withdraw,
            "receipt": receipt, "error": error,
        }[body["type"]](side, header, body)


def offer(side, header, body):
    made = {"id": header["id"], "ref": header["ref"], "by": side.peer, "body": body, "status": "open"}
    problem = "closed" if side.ended else presigned_problem(side, made)
    if problem:
        side.error(header["id"], problem)
    else:
        side.add_offer(header["id"], body, side.peer, header["ref"])


def presigned_problem(side, made):
    if "presigned" not in made["body"]:
        return None
    event = made["body"]["presigned"]
    claim = read_claim(event)
    problem = "invalid" if claim is None else side.first_problem(made, 0, claim["agreement"], event, "offeror")
    if problem:
        return problem
    out = [
        each for each in side.offers.values()
        if each["by"] == side.peer and "presigned" in each["body"] and side.status(each) == "open" and side.now <= each["body"]["expires_at"]
    ]
    return "busy" if out else None


def accept(side, header, body):
    found = side.offers.get(body["offer"])
    if not found or found["by"] != side.me:
        side.error(header["id"], "unknown-offer")
    elif "presigned" in found["body"]:
        accept_presigned(side, header["id"], found, body)
    else:
        accept_plain(side, header["id"], found, body)


def accept_plain(side, event, found, body):
    problem = obstacle(side, found, body["alternative"])
    problem = problem or side.first_problem(found, body["alternative"], body["agreement"], body["signature"], "acceptor")
    if problem:
        side.error(event, problem)
        return
    pending = {
        "id": event, "offer": found["id"], "alternative": body["alternative"], "agreement": body["agreement"],
        "confirm_by": read_claim(body["signature"])["confirm_by"], "first": body["signature"],
    }
    held = side.holder(found)
    if held is None:
        side.pending = pending
    elif held["signs"] != "first" or held["state"] != "undecided":
        names_one = "amends" in found["body"] or "under" in found["body"]
        side.error(event, "stale" if held["state"] == "agreed" and names_one else "busy")
    elif side.role == "buyer":
        side.error(event, "crossed")
    else:
        side.cancel(held)
        problem = side.head_problem(found, body["alternative"]) or ("closed" if side.ended else None)
        if problem:
            side.error(event, problem)
        else:
            side.pending = pending


def obstacle(side, found, alternative):
    if side.is_frozen():
        return "frozen"
    if side.ended:
        return "closed"
    if found["status"] != "open":
        return found["status"]
    if side.now > found["body"]["expires_at"]:
        return "expired"
    if side.pending or side.is_taken(found):
        return "busy"
    return None if side.holder(found) else side.head_problem(found, alternative)


def find_first(side, first_move):
    return next((c for c in side.commitments if c["signs"] == "first" and c["first_move"] == first_move), None)


def accept_presigned(side, event, found, body):
    mine = find_first(side, found["id"])
    is_due = body["alternative"] == 0 and side.is_second(mine, body["signature"], "acceptor", side.peer, body["agreement"])
    decide(side, mine, event, body["signature"]) if is_due else side.error(event, "invalid")


def confirm(side, header, body):
    mine = find_first(side, body["accept"])
    if mine is None or mine["is_presigned"]:
        side.error(header["id"], "unknown-accept")
    elif not side.is_second(mine, body["signature"], "offeror", side.peer, body["agreement"]):
        side.error(header["id"], "invalid")
    else:
        decide(side, mine, header["id"], body["signature"])


def decide(side, mine, re, second):
    if mine["state"] != "undecided":
        side.resend([mine["answer"]])
        return
    if side.are_used(locks_of(second)):
        side.error(re, "invalid")
        return
    found = side.offers[mine["offer"]]
    held = side.holder(found) if mine["is_presigned"] else None
    if not may_close(side, mine, found, held):
        side.cancel(mine)
        return
    if held:
        side.cancel(held)
    elif mine["is_presigned"]:
        side.drop_pending("busy")
    answer, _, _ = side.send({"v": 1, "type": "close", "re": re, "agreement": mine["agreement"], "c": mine["secrets"]["c"]})
    mine.update(state="closed", second=second, answer=answer)
    mine["reveals"]["c"] = mine["secrets"]["c"]
    side.drop_dead()


def may_close(side, mine, found, held):
    """Whether nothing stands in the way of the deal but an undecided accept, `held`, that will be cancelled for it."""
    if held and (held["signs"] != "first" or held["state"] != "undecided" or (side.deferred and not side.head())):
        return False
    if held:
        held["state"] = "cancelled"
    problem = side.head_problem(found, mine["alternative"])
    if held:
        held["state"] = "undecided"
    # Of an accept the cap was counted when it was made.
    return not problem or (problem != "stale" and not mine["is_presigned"])


def close(side, header, body):
    mine = next((c for c in side.commitments if c["signs"] == "second" and c["second_move"] == body["re"]), None)
    if mine is None:
        side.error(header["id"], "unknown-confirm")
        return
    if body["agreement"] != mine["agreement"] or lock_of(body["c"]) != read_claim(mine["first"])["close"]:
        side.error(header["id"], "invalid")
        return
    if mine["state"] in ("agreed", "late"):
        side.resend([mine["answer"]])
        return
    mine["reveals"]["c"] = body["c"]
    if mine["state"] == "cancelled":
        side.cheated = True
    elif mine["state"] == "sealing":
        a = mine["secrets"]["a"]
        mine["answer"], _, _ = side.send({"v": 1, "type": "receipt", "upto": len(side.chain.received), "a": a})
        mine["reveals"]["a"] = a
        mine["state"] = "agreed"
        side.drop_dead()
    else:
        value = mine["secrets"]["l"]
        mine["answer"], _, _ = side.send({"v": 1, "type": "error", "re": header["id"], "code": "late", "l": value})
        mine["reveals"]["l"] = value
        mine["state"] = "late"


def cancel(side, header, body):
    if "re" not in body:
        side.end("cancelled")
        return
    side.voided.add(lock_of(body["void"]))
    if side.pending and side.pending["id"] == body["re"]:
        side.pending = None
        return
    mine = next((c for c in side.commitments if c["signs"] == "second" and c["first_move"] == body["re"]), None)
    found = side.offers.get(body["re"])
    first = mine["first"] if mine else found["body"].get("presigned") if found and found["by"] == side.peer else None
    if first is None:
        return
    if lock_of(body["void"]) != read_claim(first)["void"]:
        side.error(header["id"], "invalid")
    elif mine is None:
        found["status"] = "cancelled"
    else:
        mine["reveals"]["v"] = body["void"]
        if "c" in mine["reveals"]:
            side.cheated = True
        elif mine["state"] in ("sealing", "given-up"):
            side.release(mine, "cancelled")


def receipt(side, header, body):
    if "a" in body:
        take_answer(side, "a", "l", "ack", body["a"])
    side.resend(each for each, _ in side.chain.sent[body["upto"] :])


def take_answer(side, name, opposite, tag, value):
    lock = lock_of(value)
    mine = next((c for c in side.commitments if c["signs"] == "first" and c["second"] and read_claim(c["second"])[tag] == lock), None)
    if mine is None:
        return
    mine["reveals"][name] = value
    if opposite in mine["reveals"]:
        side.cheated = True
    elif mine["state"] == "closed" and name == "a":
        mine["state"] = "agreed"
        side.drop_dead()
    elif mine["state"] == "closed":
        side.release(mine, "late")


def error(side, header, body):
    if "l" in body:
        take_answer(side, "l", "a", "late", body["l"])
    elif body["re"] == side.nid and side.opened_by_me:
        side.end("failed")
    else:
        held = side.undecided()
        mine = ([held] if held and held["state"] == "undecided" else []) + side.presigned()
        for c in mine:
            if c["first_move"] == body["re"]:
                side.cancel(c)
                return


def reject(side, header, body):
    found = side.offers.get(body["offer"])
    if not found or found["by"] != side.me:
        side.error(header["id"], "unknown-offer")
        return
    mine = next((c for c in side.presigned() if c["offer"] == found["id"]), None)
    if mine:
        side.cancel(mine)
    elif found["status"] == "open":
        found["status"] = "rejected"
    if body["final"]:
        side.end("rejected")


def withdraw(side, header, body):
    found = side.offers.get(body["offer"])
    if found and found["by"] == side.peer and "presigned" not in found["body"] and found["status"] == "open":
        found["status"] = "withdrawn"
