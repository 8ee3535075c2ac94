"""Changes valid vectors in one place at a time: a check that does not notice checks nothing."""

import copy
import random

from files import CHECKS

# What is valid in each file, by section: how many changes are tried in it, and which places in a vector bind something (None: all).
AMOUNTS = ("owed_msat", "base_msat", "credits_msat", "left_msat", "ceiling_msat", "refused")
PLAYED = ("events", "sent", "resent", "phases", "event", "refused", "end")
SECTIONS = {
    "canonical.json": {"encode": (40, None), "accepted": (60, None)},
    "terms.json": {"valid": (120, None), "disclosures": (120, None)},
    "signatures.json": {"signatures": (120, None), "completion": (60, None), "payments": (60, None), "locks": (20, None)},
    "owed.json": {"cases": (150, AMOUNTS), "ceilings": (40, AMOUNTS)},
    "moves.json": {"moves": (200, None)},
    "conversations.json": {"conversations": (500, PLAYED)},
    "bundles.json": {"valid": (400, None)},
}
# Words about a vector.
FREE = {"name", "about", "race", "dishonest"}


def places(value, path, bound):
    """The paths of all leaves that bind something."""
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if key not in FREE:
                yield from places(item, (*path, key), bound)
    elif value is not None and (bound is None or any(key in path for key in bound)):
        yield path


def change(value, dice):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + dice.choice((-1, 1))
    if not value:
        return "0"
    i = dice.randrange(len(value))
    return value[:i] + ("1" if value[i] == "0" else "0") + value[i + 1 :]


def with_change(content, path, dice):
    """A copy of the content, deep only along the path."""
    if not path:
        return change(content, dice)
    made = copy.copy(content)
    made[path[0]] = with_change(content[path[0]], path[1:], dice)
    return made


def run_selftest(load):
    dice, missed = random.Random(1), 0
    for name, sections in SECTIONS.items():
        content, tried, before = load(name), 0, missed
        for section, (count, bound) in sections.items():
            cases = content[section] if isinstance(content[section], list) else None
            for _ in range(count):
                only = take_section(content, section, cases and pick(cases, bound, dice))
                path = dice.choice(list(places(only[section], (section,), bound)))
                tried += 1
                if not CHECKS[name](with_change(only, path, dice))[1]:
                    missed += 1
                    print(f"  {name}: nobody notices a change of {'/'.join(map(str, path))}")
        print(f"{name:20} {tried:5} changes, {missed - before} not noticed")
    return missed


def take_section(content, section, case):
    """The content with one case of one section, and nothing in the other lists of cases."""
    kept = ("keys", "leaves", section)
    emptied = {name: [] for name, value in content.items() if isinstance(value, list) and name not in kept}
    return {**content, **emptied, **({section: [case]} if case else {})}


def pick(cases, bound, dice):
    usable = [case for case in cases if case.get("expect", {"kind": "move"})["kind"] == "move"]
    while True:
        case = dice.choice(usable)
        if any(places(case, (), bound)):
            return case
