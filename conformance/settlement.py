"""What happens after a deal: section 17."""

from deal import read_completion
from jcs import hash_of, utf16


def sort_files(files):
    return sorted(files, key=lambda each: utf16(each["name"]))


def hash_files(files):
    return hash_of(sort_files(files))


class Settlement:
    """Each step counts once; `take` says what is wrong with a move, and whether it is new."""

    def __init__(self, agreement, terms, buyer, provider):
        self.agreement, self.terms, self.keys = agreement, terms, {"buyer": buyer, "provider": provider}
        self.done, self.completions, self.dispute = {}, {}, None

    def take(self, move, by):
        kind = move["type"]
        known = self.completions.get(by) if kind == "completion" else self.done.get(kind)
        value = self.value_of(move)
        is_again = known == value and known is not None if kind not in ("input", "dispute") else known is not None
        if kind == "dispute":
            is_again = self.dispute is not None and self.dispute["by"] == by
        if "provider" in self.completions and not is_again:
            return "completed", False
        if self.dispute and kind != "dispute" and not is_again:
            return "disputed", False
        return getattr(self, f"take_{kind}")(move, by, known, value)

    def value_of(self, move):
        if move["type"] in ("input", "deliver"):
            return sort_files(move["files"])
        return move["signature"] if move["type"] == "completion" else move

    def keep(self, kind, known, value):
        if known is not None:
            return (None, False) if known == value else ("conflict", False)
        self.done[kind] = value
        return None, True

    def lacks_inputs(self):
        return "inputs" in self.terms["scope"] and "input" not in self.done

    def take_input(self, move, by, known, value):
        if by != "buyer":
            return "wrong-role", False
        if value != sort_files(self.terms["scope"].get("inputs", [])):
            return "invalid", False
        return self.keep("input", known, value)

    def take_payterms(self, move, by, known, value):
        if by != "provider":
            return "wrong-role", False
        return ("too-early", False) if known is None and self.lacks_inputs() else self.keep("payterms", known, value)

    def take_funded(self, move, by, known, value):
        if by != "buyer":
            return "wrong-role", False
        return ("too-early", False) if known is None and "payterms" not in self.done else self.keep("funded", known, value)

    def take_deliver(self, move, by, known, value):
        if by != "provider":
            return "wrong-role", False
        return ("too-early", False) if known is None and self.lacks_inputs() else self.keep("deliver", known, value)

    def take_completion(self, move, by, known, value):
        if known is not None:
            return (None, False) if known == value else ("conflict", False)
        if "deliver" not in self.done:
            return "too-early", False
        claim = {"agreement": self.agreement, "role": by, "files": hash_files(self.done["deliver"])}
        if read_completion(value) != claim or value["pubkey"] != self.keys[by]:
            return "invalid", False
        if by == "provider" and "buyer" not in self.completions:
            return "too-early", False
        self.completions[by] = value
        return None, True

    def take_dispute(self, move, by, known, value):
        if self.dispute:
            same = (self.dispute["by"], self.dispute["code"]) == (by, move["code"])
            return (None, False) if same else ("disputed", False)
        if by in self.completions:
            return "completed", False
        self.dispute = {"by": by, "code": move["code"]}
        return None, True
