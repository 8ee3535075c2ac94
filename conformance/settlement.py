"""What happens after a deal: section 17."""

from deal import read_completion
from jcs import hash_of, utf16


def sort_files(files):
    return sorted(files, key=lambda each: utf16(each["name"]))


def hash_files(files):
    return hash_of(sort_files(files))


DONE_BY = {"input": "buyer", "payterms": "provider", "funded": "buyer", "deliver": "provider"}


class Settlement:
    """Each step counts once; `take` says what is wrong with a move, and whether it is new."""

    def __init__(self, agreement, terms, buyer, provider):
        self.agreement, self.terms, self.keys = agreement, terms, {"buyer": buyer, "provider": provider}
        self.done = {}

    def take(self, move, by):
        kind = move["type"]
        place = (kind, by) if kind == "completion" else kind
        value = value_of(move, by)
        if by != DONE_BY.get(kind, by):
            return "wrong-role", False
        if self.done.get(place) == value:
            return None, False
        if ("completion", "provider") in self.done or (kind == "dispute" and ("completion", by) in self.done):
            return "completed", False
        if "dispute" in self.done:
            return "disputed", False
        if place in self.done:
            return "conflict", False
        if not self.is_time(kind, by):
            return "too-early", False
        if not self.is_fit(kind, value, by):
            return "invalid", False
        self.done[place] = value
        return None, True

    def is_time(self, kind, by):
        if kind in ("payterms", "deliver"):
            return "inputs" not in self.terms["scope"] or "input" in self.done
        if kind == "completion":
            return "deliver" in self.done and (by == "buyer" or ("completion", "buyer") in self.done)
        return kind != "funded" or "payterms" in self.done

    def is_fit(self, kind, value, by):
        if kind == "input":
            return value == sort_files(self.terms["scope"].get("inputs", []))
        if kind != "completion":
            return True
        claim = {"agreement": self.agreement, "role": by, "files": hash_of(self.done["deliver"])}
        return read_completion(value) == claim and value["pubkey"] == self.keys[by]


def value_of(move, by):
    """What tells a move from another one in its place."""
    if move["type"] in ("input", "deliver"):
        return sort_files(move["files"])
    if move["type"] == "dispute":
        return by, move["code"]
    return move["signature"] if move["type"] == "completion" else move
