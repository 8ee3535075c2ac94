"""One side of a negotiation: the rules of section 13, and of section 17 through settlement.py. Moves to be sent are checked
against those that the vector says were sent, one after the other, so that their ids are known."""

import json

import owed
from chain import Chain
from deal import digests_of, read_claim, root_of, seed_of
from jcs import encode, event_id, hash_of, lock_of
from schema import LATEST, START_BY_S
from settlement import Settlement

GRACE_S, WINDOW_S, SKEW_S = 120, 7_200, 600
LIVE = ("closed", "sealing", "agreed")


def locks_of(event):
    claim = read_claim(event)
    names = () if claim is None else ("close", "void") if claim["order"] == "first" else ("ack", "late")
    return [claim[name] for name in names]


class Mismatch(Exception):
    """The vector does something else than the rules."""


class Refusal(Exception):
    """An own move that the rules do not allow now; an arrival that is dropped."""


def expect(condition, words):
    if not condition:
        raise Mismatch(words)


class Side:
    def __init__(self, me, opened, header, body):
        is_mine = opened["pubkey"] == me
        self.me, self.peer, self.nid, self.open = me, body["to"] if is_mine else opened["pubkey"], header["nid"], body
        self.role = body["role"] if is_mine else {"buyer": "provider", "provider": "buyer"}[body["role"]]
        self.chain = Chain()
        (self.chain.sent if is_mine else self.chain.received).append((header["id"], "open"))
        self.offers, self.commitments, self.settlements = {}, [], {}
        self.pending = self.deferred = self.ended = None
        self.cheated, self.opened_by_me, self.voided = False, is_mine, set()
        self.begin([], 0)

    # What a step sends.

    def begin(self, sent, now, is_trial=False):
        """A trial is a step that will be refused: what time alone would send is not sent."""
        self.queue, self.now, self.again, self.is_trial = list(sent), now, [], is_trial

    def send(self, body=None, kind=None):
        """Takes the next move that was sent; it must be this body, or of this kind. Returns it with its body."""
        if self.is_trial and body is not None:
            self.chain.append_sent(("", body["type"]))
            return "", None, body
        expect(self.queue, f"nothing more is sent, but {kind or body['type']} is due")
        event = self.queue.pop(0)
        tags = dict(event["tags"])
        header = {name: tags.get(name) for name in ("seq", "prev", "seen")}
        expect(header == self.chain.next_header() and tags.get("n") == self.nid, "a move is out of its place in the chain")
        expect(event["pubkey"] == self.me and event["created_at"] == self.now and event_id(event) == event["id"], "a move is not its own")
        if body is not None:
            expect(encode(body) == event["content"], f"another move is sent than {body['type']}: {event['content'][:80]}")
        read = json.loads(event["content"])
        expect(kind in (None, read["type"]), f"{read['type']} is sent where {kind} is due")
        self.chain.append_sent((event["id"], read["type"]))
        return event["id"], event, read

    def error(self, re, code, **more):
        self.send({"v": 1, "type": "error", "re": re, "code": code, **more})

    def resend(self, ids):
        self.again += [each for each in ids if each and each not in self.again]

    # What is derived.

    def is_frozen(self):
        return self.chain.equivocated or self.cheated

    def presigned(self):
        return [c for c in self.commitments if c["state"] == "undecided" and c["is_presigned"]]

    def undecided(self):
        states = ("sealing", "closed", "undecided")
        return next((c for c in self.commitments if c["state"] in states and not (c["state"] == "undecided" and c["is_presigned"])), None)

    def standing(self, states):
        base = [c for c in self.commitments if c["state"] in states and not self.body_of(c).get("under")]
        amended = [self.body_of(c).get("amends") for c in base]
        return next((c for c in base if c["agreement"] not in amended), None)

    def head(self):
        return self.standing(("closed", "agreed"))

    def deal(self):
        return self.standing(("agreed",))

    def held(self):
        return self.undecided() or self.head()

    def holder(self, offer):
        undecided = self.undecided()
        if undecided:
            return undecided
        head = self.head()
        names = (offer["body"].get("amends"), offer["body"].get("under"))
        return None if head is None or head["agreement"] in names else head

    def body_of(self, commitment):
        return self.offers[commitment["offer"]]["body"]

    def is_taken(self, offer):
        return any(c["offer"] == offer["id"] and self.is_live(c) for c in self.commitments)

    def is_live(self, c):
        return c["state"] in LIVE or (c["state"] == "undecided" and not c["is_presigned"])

    def status(self, offer):
        return "taken" if self.is_taken(offer) else offer["status"]

    def terms_of(self, body, alternative):
        options = [body["terms"], *body.get("alternatives", [])]
        return options[alternative] if alternative < len(options) else None

    def agreement_of(self, offer, alternative, confirm_by):
        body, mine = offer["body"], self.role == "buyer"
        return {
            "v": 1, "domain": "agent-negotiate/agreement", "nid": self.nid, "offer": offer["ref"], "alternative": alternative,
            "buyer": self.me if mine else self.peer, "provider": self.peer if mine else self.me, "offeror": offer["by"],
            "terms_root": root_of(digests_of(self.terms_of(body, alternative), seed_of(body["salt_seed"], alternative))),
            "start_by": confirm_by + START_BY_S, "supersedes": body.get("amends"), "under": body.get("under"),
        }

    def head_problem(self, offer, alternative):
        body = offer["body"]
        named, head = body.get("amends") or body.get("under"), self.head()
        if named is None:
            return None
        if head is None or head["agreement"] != named:
            return "stale"
        return self.call_off_problem(head, self.terms_of(body, alternative)) if "under" in body else None

    def call_off_problem(self, head, terms):
        framework = self.terms_of(self.body_of(head), head["alternative"]).get("framework")
        if framework is None or terms is None or "framework" in terms or self.now > framework.get("ends_at", self.now):
            return "framework"
        calls = [self.terms_of(self.body_of(c), c["alternative"]) for c in self.commitments if self.is_live(c) and "under" in self.body_of(c)]
        if len(calls) >= framework.get("max_calls", len(calls) + 1):
            return "cap"
        costs = [owed.ceiling(each["price"]) for each in [terms, *calls]]
        is_within = "cap_msat" not in framework or (None not in costs and sum(costs) <= int(framework["cap_msat"]))
        return None if is_within else "cap"

    def phase(self):
        if self.deal():
            return "agreed"
        if self.is_frozen():
            return "frozen"
        if self.ended:
            return self.ended
        held = self.undecided()
        if held:
            return "accepting" if held["signs"] == "first" else "sealing"
        return "offered" if any(self.status(offer) == "open" for offer in self.offers.values()) else "open"

    # Signatures.

    def first_problem(self, offer, alternative, agreement, event, role):
        """None when a first signature is due, else 'invalid' or 'window'."""
        claim, signer = read_claim(event), offer["by"] if role == "offeror" else self.other(offer["by"])
        if claim is None or claim["order"] != "first" or claim["role"] != role or event["pubkey"] != signer:
            return "invalid"
        if claim["agreement"] != agreement or self.are_used(locks_of(event)) or self.terms_of(offer["body"], alternative) is None:
            return "invalid"
        if claim["confirm_by"] + START_BY_S > LATEST:
            return "invalid"
        if hash_of(self.agreement_of(offer, alternative, claim["confirm_by"])) != agreement:
            return "invalid"
        expires, by = offer["body"]["expires_at"], claim["confirm_by"]
        if role == "offeror":
            if by != expires:
                return "invalid"
        elif not self.now <= by <= min(expires, self.now + WINDOW_S):
            return "window"
        return None if event["created_at"] <= self.now + SKEW_S else "window"

    def are_used(self, locks):
        signatures = [o["body"]["presigned"] for o in self.offers.values() if "presigned" in o["body"]]
        signatures += [each for c in self.commitments for each in (c["first"], c["second"]) if each]
        signatures += [self.pending["first"]] if self.pending else []
        return any(lock in self.voided or any(lock in locks_of(each) for each in signatures) for lock in locks)

    def are_fit(self, secrets):
        """Whether these values can be drawn for a signature of one's own."""
        locks = [lock_of(each) for each in secrets.values()]
        return locks[0] != locks[1] and not self.are_used(locks)

    def other(self, who):
        return self.peer if who == self.me else self.me

    def is_second(self, commitment, event, role, signer, named):
        claim = read_claim(event)
        return (
            claim is not None and claim["order"] == "second" and claim["role"] == role and event["pubkey"] == signer
            and claim["first"] == commitment["first"]["id"] and claim["agreement"] == commitment["agreement"] == named
            and event["created_at"] <= commitment["confirm_by"]
        )

    def check_locks(self, event, locks):
        claim = read_claim(event)
        pairs = {"c": "close", "v": "void"} if claim["order"] == "first" else {"a": "ack", "l": "late"}
        expect(all(lock_of(locks[n]) == claim[tag] for n, tag in pairs.items()), "a signature has other locks than were drawn for it")

    # What several rules share.

    def add_offer(self, event, body, by, ref):
        for offer in self.offers.values():
            if offer["by"] == by and "presigned" not in offer["body"] and offer["status"] == "open":
                offer["status"] = "superseded"
        self.offers[event] = {"id": event, "ref": ref, "by": by, "body": body, "status": "open"}

    def drop_pending(self, code, only=None):
        pending = self.pending
        if pending and only in (None, pending["offer"]):
            self.pending = None
            self.error(pending["id"], code)

    def cancel(self, c):
        c["answer"], _, _ = self.send({"v": 1, "type": "cancel", "re": c["first_move"], "void": c["secrets"]["v"]})
        c["reveals"]["v"] = c["secrets"]["v"]
        self.release(c, "cancelled")

    def release(self, c, state):
        c["state"] = state
        if c["is_presigned"]:
            offer = self.offers[c["offer"]]
            offer["status"] = "cancelled"
        self.settle_end()

    def drop_dead(self):
        for c in self.presigned():
            if c["state"] != "undecided":
                continue
            offer = self.offers[c["offer"]]
            holder = self.holder(offer)
            if self.head_problem(offer, 0) == "stale" or (holder and holder["state"] == "agreed"):
                self.cancel(c)

    def end(self, reason):
        self.deferred = self.deferred or reason
        self.settle_end()

    def settle_end(self):
        if self.deferred is None or self.ended or self.held():
            return
        waiting = self.presigned()
        if waiting:
            self.cancel(waiting[0])
            return
        self.drop_pending("closed")
        self.ended = self.deferred

    def pass_time(self):
        held = self.undecided()
        overdue = [held] if held and held["state"] == "undecided" else []
        for c in overdue + self.presigned():
            if self.now > c["confirm_by"] + GRACE_S and c["state"] == "undecided":
                self.cancel(c)
        held = self.undecided()
        if held and held["state"] == "sealing" and self.now >= held["confirm_by"] + START_BY_S:
            self.release(held, "given-up")
        if self.pending and self.now > self.pending["confirm_by"]:
            self.drop_pending("window")
        if not self.ended and not self.held() and self.now > self.open["expires_at"]:
            self.end("expired")

    def refuse_features(self):
        if not self.opened_by_me and any(feature.endswith("!") for feature in self.open["features"]):
            self.error(self.nid, "feature")
            self.end("failed")

    def tick(self):
        self.pass_time()
        if self.chain.owes_receipt():
            self.send({"v": 1, "type": "receipt", "upto": len(self.chain.received)})

    def settlement(self, agreement):
        # The latest about it: an offer accepted again in one window makes the same agreement as before.
        c = next((c for c in reversed(self.commitments) if c["agreement"] == agreement), None)
        if c is None or c["state"] != "agreed":
            return None
        facts = self.agreement_of(self.offers[c["offer"]], c["alternative"], c["confirm_by"])
        made = Settlement(agreement, self.terms_of(self.body_of(c), c["alternative"]), facts["buyer"], facts["provider"])
        return self.settlements.setdefault(agreement, made)

    def bundle(self, c):
        body = self.body_of(c)
        made = {
            "v": 1, "type": "agent-negotiate/bundle", "agreement": self.agreement_of(self.offers[c["offer"]], c["alternative"], c["confirm_by"]),
            "terms": {"kind": "full", "terms": self.terms_of(body, c["alternative"]), "seed": seed_of(body["salt_seed"], c["alternative"])},
            "first": c["first"], "reveals": c["reveals"],
        }
        return encode({**made, "second": c["second"]} if c["second"] else made) + "\n"
