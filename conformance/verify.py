#!/usr/bin/env python3
"""Checks the vectors, or one bundle, without any of the project's own code: see README.md in this folder.

    python3 conformance/verify.py vectors [FOLDER]    every vector file, one line each
    python3 conformance/verify.py selftest [FOLDER]   vectors changed, then rules broken, in one place: each must be noticed
    python3 conformance/verify.py bundle FILE         what one bundle proves
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from deal import judge_bundle, read_leaf  # noqa: E402
from files import CHECKS  # noqa: E402
from jcs import encode  # noqa: E402
from mutants import run_mutants  # noqa: E402
from selftest import run_selftest  # noqa: E402

USAGE = "Usage: verify.py vectors [FOLDER] | selftest [FOLDER] | bundle FILE"


def load(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file)


def run_vectors(folder):
    total = 0
    for name, check in CHECKS.items():
        started = time.monotonic()
        try:
            count, problems = check(load(folder, name))
        except (OSError, ValueError) as fault:
            count, problems = 0, [f"cannot be read: {fault}"]
        total += len(problems)
        for problem in problems:
            print(f"  {name}: {problem}")
        print(f"{name:20} {count:5} checked, {len(problems)} failed, {time.monotonic() - started:.1f} s")
    strangers = sorted(set(os.listdir(folder)) - set(CHECKS) - {"README.md"})
    for name in strangers:
        print(f"{name:20} is not known here")
    return total + len(strangers)


def run_bundle(path):
    with open(path, "rb") as file:
        verdict = judge_bundle(file.read())
    if verdict["failed"]:
        print(f"INVALID: it proves nothing. Failed: {', '.join(verdict['failed'])}.")
        return 1
    bundle = verdict["bundle"]
    print(f"{verdict['state'].upper()}: {'a deal that both sides hold' if verdict['state'] == 'closed' else 'not a deal'}")
    facts = [(name, bundle["agreement"][name]) for name in ("buyer", "provider")]
    facts += [("agreement", verdict["agreement"]), ("signed first by", verdict["signed_first"]), ("cheated", ", ".join(verdict["cheats"]) or "nobody")]
    terms = bundle["terms"]
    leaves = {p: read_leaf(terms["terms"], p) for p in LEAF_NAMES} if terms["kind"] == "full" else {p: s["value"] for p, s in terms["shown"].items()}
    facts += [(pointer, encode(value)) for pointer, value in leaves.items() if value is not None]
    facts += [("bound but hidden", ", ".join(verdict["hidden"]) or "nothing")]
    for name, value in facts:
        print(f"  {name:30} {value}")
    return 0 if verdict["state"] == "closed" else 2


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "bundle":
        return run_bundle(arguments[1])
    if not 1 <= len(arguments) <= 2 or arguments[0] not in ("vectors", "selftest"):
        print(USAGE, file=sys.stderr)
        return 64
    folder = arguments[1] if len(arguments) == 2 else "vectors"
    contents = {name: load(folder, name) for name in CHECKS} if arguments[0] == "selftest" else {}
    failed = run_vectors(folder) if arguments[0] == "vectors" else run_selftest(contents.get) + run_mutants(contents.get)
    print(f"{arguments[0]}: {'everything holds' if failed == 0 else f'{failed} failed'}")
    return 0 if failed == 0 else 1


from schema import LEAVES as LEAF_NAMES  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
