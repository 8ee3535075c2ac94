"""Plays a conversation vector step by step on two sides of our own, and compares everything that can be compared."""

import copy

import schema
from deal import judge_bundle, root_of
from issue import issue
from jcs import event_id
from machine import Mismatch, Refusal, Side, expect
from moves import read_move
from receive import receive

ROLES = ("buyer", "provider")
MAX_EARLY = 64


def play(conversation, keys):
    """Raises Mismatch where the vector does not follow from the rules."""
    events = {event["id"]: event for event in conversation["events"]}
    for event in events.values():
        expect(event_id(event) == event["id"] and event["pubkey"] in keys.values(), "an event's id or author is wrong")
    expect(len(events) == len(conversation["events"]), "an event is there twice")
    sides, early, sent_by = {role: None for role in ROLES}, {role: {} for role in ROLES}, {role: set() for role in ROLES}
    liar = conversation["dishonest"]
    for number, step in enumerate(conversation["steps"], 1):
        try:
            expect(set(step["sent"]) <= events.keys(), "an event is missing")
            expect(all(events[each]["pubkey"] == keys[step["side"]] for each in step["sent"]), "a move is sent by the other side")
            expect(set(step["resent"]) <= sent_by[step["side"]], "a move is sent again before it was sent")
            sent_by[step["side"]].update(step["sent"])
            if step["do"] == "receive":
                other = ROLES[step["side"] == "buyer"]
                expect(step["event"] in sent_by[other], "a move is received before it was sent")
            if step["side"] != liar:
                sides[step["side"]] = play_step(sides[step["side"]], early[step["side"]], step, events, keys)
            phases = {role: sides[role].phase() if sides[role] else None for role in ROLES}
            expect(phases == step["phases"], f"the phases are {phases}, not {step['phases']}")
        except Mismatch as mismatch:
            raise Mismatch(f"step {number} ({step['side']}, {step['do']}): {mismatch}") from None
    check_end(conversation, sides, liar)


def play_step(side, early, step, events, keys):
    sent, before = [events[each] for each in step["sent"]], copy.deepcopy(side)
    reason = None
    try:
        side = do_step(side, early, step, events, sent, keys[step["side"]])
    except Refusal as refusal:
        side, reason = before, str(refusal)
    if "refused" in step:
        expected = "dropped" if step["do"] == "receive" else step["refused"]
        expect(reason == expected, f"refused because of {reason}, not {expected}")
        expect(not sent and not step["resent"], "a refused move sends something")
    else:
        expect(reason is None, f"refused because of {reason}")
        expect(not (side.queue if side else sent), "more is sent than is due")
        again = [each for each in side.again if each not in step["sent"]] if side else []
        expect(again == step["resent"], "other moves are sent again than are due")
    return side


def do_step(side, early, step, events, sent, me):
    if side is None:
        return open_side(early, step, events, sent, me)
    side.begin(sent, step["at"], is_trial="refused" in step)
    if step["do"] == "receive":
        arrival = read_move(events[step["event"]])
        expect(arrival[0] is not None and arrival[0]["nid"] == side.nid, "a move of another negotiation")
        receive(side, arrival)
    elif step["do"] == "issue":
        issue(side, step["draft"])
    else:
        expect(step["do"] == "tick", "an honest side does not forge")
        side.tick()
    return side


def open_side(early, step, events, sent, me):
    """The side that an open begins, sent or received; None while there is none."""
    expect(step["do"] in ("issue", "receive"), "a negotiation begins with an open")
    is_mine = step["do"] == "issue"
    opened = sent[0] if is_mine else events[step["event"]]
    header, body, code = arrival = read_move(opened)
    fits = code is None and body["type"] == "open" and (header["seq"], header["prev"], header["seen"]) == (1, "", "")
    if not fits or body["to"] == opened["pubkey"] or me not in (body["to"], opened["pubkey"]):
        expect(not is_mine, "the first move is no open between the two")
        keep_early(early, arrival)
        return None
    expect(not is_mine or opened["created_at"] == step["at"], "the open is of another time")
    side = Side(me, opened, header, body)
    side.begin([] if is_mine else sent, step["at"])
    side.refuse_features()
    for each in sorted(early.values(), key=lambda each: each[0]["seq"]):
        if each[0]["nid"] == side.nid:
            side = receive_early(side, each)
    return side


def keep_early(early, arrival):
    """Keeps what comes before the open, by id; a usable open is dropped."""
    header, body, _ = arrival
    expect(header is not None, "an event is no move")
    if (body is None or body["type"] != "open") and len(early) < MAX_EARLY:
        early.setdefault(header["id"], arrival)


def receive_early(side, arrival):
    before = copy.deepcopy(side)
    try:
        receive(side, arrival)
    except Refusal:
        return before
    return side


def check_end(conversation, sides, liar):
    closed = {}
    for role, side in sides.items():
        end = conversation["end"][role]
        expect((end is None) == (role == liar), "the end is not told of the honest sides alone")
        if side is None or end is None:
            continue
        agreement_of = lambda held: held and held["agreement"]
        expect(end["phase"] == side.phase() and end["frozen"] == side.is_frozen(), "another end")
        expect((end["head"], end["deal"]) == (agreement_of(side.head()), agreement_of(side.deal())), "another agreement stands")
        stands = [{name: c[name] for name in ("agreement", "signs", "state")} for c in side.commitments]
        expect(end["commitments"] == stands, "other commitments")
        expect(len(end["bundles"]) == len(side.commitments), "a bundle for each commitment")
        for bundle, c in zip(end["bundles"], side.commitments):
            verdict = judge_bundle(bundle["text"])
            expect(bundle["text"] == side.bundle(c), "another bundle than the side holds")
            expect((verdict.get("state"), verdict.get("agreement")) == (bundle["state"], bundle["agreement"]), "the bundle proves something else")
        closed[role] = side
    if len(closed) == 2:
        for one, other in (closed.values(), reversed(closed.values())):
            check_same(one, other)


def check_same(one, other):
    """What one side holds as a deal the other holds too, or waits for the acknowledgement of its close."""
    held = {c["agreement"]: c for c in other.commitments}
    for c in one.commitments:
        if c["state"] == "agreed":
            there = held.get(c["agreement"])
            expect(there and there["state"] in ("agreed", "closed"), "one honest side holds a deal that the other has not")
            expect(there["state"] == "closed" or one.bundle(c) == other.bundle(there), "two honest sides hold different bundles of one deal")
