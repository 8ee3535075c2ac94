"""What is owed for usage, and the most that a price can come to, with exact fractions: section 9."""

from fractions import Fraction
from math import ceil

from schema import MAX_MSAT

NEEDED = {"per_unit": "units", "prepaid": "units", "subscription": "periods", "milestones": "milestones"}


class NotOwed(Exception):
    """Usage that a price cannot be applied to: the reason, and what it is about."""


def charge(rate, units):
    tiers = [(tier["from"], int(tier["price_msat"])) for tier in rate["tiers"]]
    if rate["tiering"] == "volume":
        price = [price for start, price in tiers if start <= units][-1]
        return ceil(Fraction(units * price, rate["per"]))
    ends = [start for start, _ in tiers[1:]] + [units]
    parts = sum(max(0, min(units, end) - start) * price for (start, price), end in zip(tiers, ends))
    return ceil(Fraction(parts, rate["per"]))


def limit(amount, price, name="cap_msat"):
    return min(amount, int(price[name])) if name in price else amount


def base_of(price, usage):
    """Base, and what is left of a balance."""
    model = price["model"]
    if model == "fixed":
        return int(price["amount_msat"]), None
    if model == "per_unit":
        return limit(max(charge(price, usage["units"]), int(price.get("minimum_msat", 0))), price), None
    if model == "prepaid":
        balance = int(price["amount_msat"])
        return balance, max(0, balance - charge(price, usage["units"]))
    if model == "milestones":
        amounts = {each["name"]: int(each["amount_msat"]) for each in price["milestones"]}
        for name in usage["milestones"]:
            if name not in amounts:
                raise NotOwed("unknown-milestone", name)
        return sum(amounts[name] for name in usage["milestones"]), None
    return sum_periods(price, usage["periods"]), None


def sum_periods(price, used):
    if len(used) > price.get("periods", len(used)):
        raise NotOwed("too-many-periods")
    included = price.get("included", {"count": 0})
    for number, units in enumerate(used, 1):
        if "over" not in included and units > included["count"]:
            raise NotOwed("units-not-sold", str(number))
    total = 0
    for units in used:
        above = max(0, units - included["count"])
        total += limit(int(price["amount_msat"]) + (charge(included["over"], above) if above else 0), price)
    return total


def owed(price, penalties, usage):
    """A dictionary of whole msat, or NotOwed."""
    measures = usage.get("measures", {})
    for penalty in penalties:
        if penalty["metric"] not in measures:
            raise NotOwed("missing-measure", penalty["metric"])
    for name in sorted(measures):
        if all(penalty["metric"] != name for penalty in penalties):
            raise NotOwed("unknown-measure", name)
    needed = NEEDED.get(price["model"])
    for part in ("units", "periods", "milestones"):
        if part in usage and part != needed:
            raise NotOwed(f"unexpected-{part}")
    if needed and needed not in usage:
        raise NotOwed(f"missing-{needed}")
    base, left = base_of(price, usage)
    if base > MAX_MSAT:
        raise NotOwed("too-much")
    rest = base
    for penalty in penalties:
        measured = measures[penalty["metric"]]
        is_hit = measured > penalty["over"] if "over" in penalty else measured < penalty["under"]
        if is_hit:
            rest -= min(rest, int(penalty["credit_msat"]))
    return {"owed_msat": rest, "base_msat": base, "credits_msat": base - rest, **({} if left is None else {"left_msat": left})}


def dearest(rate):
    tiers = rate["tiers"]
    if int(tiers[-1]["price_msat"]) > 0:
        return None
    ends = [tiers[-1]["from"]] if rate["tiering"] == "graduated" else [tier["from"] - 1 for tier in tiers[1:]]
    return max((charge(rate, units) for units in ends), default=0)


def ceiling(price):
    """The most that can be owed, or None."""
    model, most = price["model"], None
    if model in ("fixed", "prepaid"):
        most = int(price["amount_msat"])
    elif model == "milestones":
        most = sum(int(each["amount_msat"]) for each in price["milestones"])
    elif model == "per_unit":
        top = dearest(price)
        most = cap(None if top is None else max(top, int(price.get("minimum_msat", 0))), price)
    else:
        included = price.get("included", {})
        top = dearest(included["over"]) if "over" in included else 0
        period = cap(None if top is None else int(price["amount_msat"]) + top, price)
        if period == 0:
            most = 0
        elif period is not None and "periods" in price:
            most = period * price["periods"]
    return None if most is None else min(most, MAX_MSAT)


def cap(amount, price):
    if "cap_msat" not in price:
        return amount
    return int(price["cap_msat"]) if amount is None else min(amount, int(price["cap_msat"]))
