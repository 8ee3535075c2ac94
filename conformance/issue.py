"""Own moves: what each one needs, and what it does (section 13.5)."""

from deal import read_claim
from machine import WINDOW_S, Refusal, expect, locks_of
from schema import LATEST, START_BY_S


def need(condition, reason):
    if not condition:
        raise Refusal(reason)


def issue(side, draft):
    """Makes an own move; raises Refusal with the reason when it is not allowed now."""
    side.pass_time()
    kind = draft["body"]["type"] if draft["type"] in ("talk", "settle") else draft["type"]
    is_commitment = kind in ("accept", "confirm") or (kind == "offer" and "locks" in draft)
    need(not side.ended, "ended")
    need(not (is_commitment and side.is_frozen()), "frozen")
    need(kind in ("cancel", "decline") or side.chain.may_send(kind, is_commitment), "limit")
    {
        "talk": talk, "offer": offer, "accept": accept, "confirm": confirm, "reject": reject, "withdraw": withdraw, "cancel": cancel,
        "settle": settle, "decline": decline,
    }[draft["type"]](side, draft)


def talk(side, draft):
    side.send(draft["body"])


def offer(side, draft):
    body = draft["body"]
    need(body["expires_at"] > side.now, "expired")
    if "locks" not in draft:
        event, _, _ = side.send(body)
        side.drop_pending("superseded")
        side.add_offer(event, body, side.me, event)
        return
    plain = {"id": None, "ref": None, "by": side.me, "body": body, "status": "open"}
    need(not side.holder(plain) and not side.pending and not side.presigned(), "slot-taken")
    problem = side.head_problem(plain, 0)
    need(not problem, problem)
    need(body["expires_at"] + START_BY_S <= LATEST and side.are_fit(draft["locks"]), "invalid")
    event, whole, signed = side.send(kind="offer")
    from moves import reference_of

    expect({**body, "presigned": signed.get("presigned")} == signed, "a presigned offer is another than was meant")
    first = signed["presigned"]
    claim, reference = read_claim(first), reference_of(whole, signed)
    made = {"id": event, "ref": reference, "by": side.me, "body": signed, "status": "open"}
    problem = claim is None or side.first_problem(made, 0, claim["agreement"], first, "offeror")
    expect(not problem, f"the signature of a presigned offer is not due: {problem}")
    side.drop_pending("superseded")
    side.add_offer(event, signed, side.me, reference)
    side.check_locks(first, draft["locks"])
    add(side, "first", "undecided", event, event, 0, claim["agreement"], claim["confirm_by"], first, draft["locks"], is_presigned=True)


def accept(side, draft):
    found, alternative = side.offers.get(draft["offer"]), draft["alternative"]
    need(found and found["by"] == side.peer and side.terms_of(found["body"], alternative), "unknown-offer")
    status, body = side.status(found), found["body"]
    need(status != "taken", "slot-taken")
    need(status == "open", status)
    need(side.now <= body["expires_at"], "expired")
    problem = side.head_problem(found, alternative)
    need(not problem, problem)
    need(not side.holder(found) and not side.pending, "slot-taken")
    need("presigned" not in body or body["expires_at"] <= side.now + WINDOW_S, "window")
    need(side.are_fit(draft["locks"]), "invalid")
    accept_presigned(side, found, draft) if "presigned" in body else accept_plain(side, found, draft)


def accept_plain(side, found, draft):
    event, _, body = side.send(kind="accept")
    signature = body["signature"]
    expect((body["offer"], body["alternative"]) == (draft["offer"], draft["alternative"]), "another offer is accepted")
    problem = side.first_problem(found, body["alternative"], body["agreement"], signature, "acceptor")
    expect(not problem, f"the signature of an accept is not due: {problem}")
    side.check_locks(signature, draft["locks"])
    confirm_by = read_claim(signature)["confirm_by"]
    add(side, "first", "undecided", event, found["id"], body["alternative"], body["agreement"], confirm_by, signature, draft["locks"])


def accept_presigned(side, found, draft):
    first = found["body"]["presigned"]
    claim = read_claim(first)
    if side.role == "provider":
        for mine in side.presigned():
            side.cancel(mine)
    event, _, body = side.send(kind="accept")
    due = {"first": first, "agreement": claim["agreement"], "confirm_by": claim["confirm_by"]}
    is_due = side.is_second(due, body["signature"], "acceptor", side.me, body["agreement"])
    is_due = is_due and not side.are_used(locks_of(body["signature"]))
    expect(is_due and body["offer"] == found["id"] and body["alternative"] == 0, "the accept of a presigned offer is not due")
    side.check_locks(body["signature"], draft["locks"])
    made = add(side, "second", "sealing", found["id"], found["id"], 0, claim["agreement"], claim["confirm_by"], first, draft["locks"], is_presigned=True)
    made.update(second=body["signature"], second_move=event)


def confirm(side, draft):
    pending = side.pending
    need(pending and pending["id"] == draft["accept"], "unknown-accept")
    found = side.offers[pending["offer"]]
    problem = side.head_problem(found, pending["alternative"])
    need(not problem, problem)
    need(not side.holder(found), "slot-taken")
    need(side.now <= pending["confirm_by"], "window")
    need(side.are_fit(draft["locks"]), "invalid")
    event, _, body = side.send(kind="confirm")
    is_due = side.is_second(pending, body["signature"], "offeror", side.me, body["agreement"])
    is_due = is_due and not side.are_used(locks_of(body["signature"]))
    expect(is_due and body["accept"] == pending["id"], "the confirm is not due")
    side.check_locks(body["signature"], draft["locks"])
    side.pending = None
    made = add(
        side, "second", "sealing", pending["id"], pending["offer"], pending["alternative"], pending["agreement"], pending["confirm_by"],
        pending["first"], draft["locks"],
    )
    made.update(second=body["signature"], second_move=event)


def add(side, signs, state, first_move, offer, alternative, agreement, confirm_by, first, secrets, is_presigned=False):
    made = {
        "signs": signs, "state": state, "first_move": first_move, "second_move": None, "offer": offer, "alternative": alternative,
        "agreement": agreement, "confirm_by": confirm_by, "first": first, "second": None, "secrets": secrets, "answer": None, "reveals": {},
        "is_presigned": is_presigned,
    }
    side.commitments.append(made)
    return made


def decline(side, draft):
    need(side.pending, "unknown-accept")
    side.drop_pending(draft["code"])


def reject(side, draft):
    body = draft["body"]
    found = side.offers.get(body["offer"])
    need(found and found["by"] == side.peer, "unknown-offer")
    need(side.status(found) != "taken" and not (body["final"] and side.held()), "slot-taken")
    if body["final"]:
        void_presigned(side)
    side.send(body)
    if found["status"] == "open":
        found["status"] = "rejected"
    if body["final"]:
        side.end("rejected")


def withdraw(side, draft):
    found = side.offers.get(draft["body"]["offer"])
    need(found and found["by"] == side.me and "presigned" not in found["body"], "unknown-offer")
    need(side.status(found) != "taken", "slot-taken")
    side.send(draft["body"])
    side.drop_pending("withdrawn", only=found["id"])
    if found["status"] == "open":
        found["status"] = "withdrawn"


def cancel(side, draft):
    if "offer" not in draft:
        need(not side.held(), "slot-taken")
        void_presigned(side)
        side.send({"v": 1, "type": "cancel"})
        side.end("cancelled")
        return
    for mine in side.presigned():
        if mine["offer"] == draft["offer"]:
            side.cancel(mine)
            return
    is_known = any(c["offer"] == draft["offer"] and c["is_presigned"] for c in side.commitments)
    raise Refusal("slot-taken" if is_known else "unknown-offer")


def void_presigned(side):
    for mine in side.presigned():
        side.cancel(mine)


def settle(side, draft):
    held = side.settlement(draft["body"]["agreement"])
    problem, is_new = held.take(draft["body"], side.role) if held else ("too-early", False)
    need(not problem, problem)
    if is_new:
        side.send(draft["body"])
