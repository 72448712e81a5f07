# SPDX-License-Identifier: MIT
"""Covering arrays: few rows that hold every pair of values of every two dimensions.

Greedy and deterministic.  Each row starts from the first pair that no row has yet and takes, one
dimension after the other, the value that covers the most new pairs (the first one, if several do);
where the rules leave no value it goes back.  A pair that no allowed row can hold is left out.
"""
import itertools


def covering_rows(dimensions, allowed):
    """Rows (dicts) with a value for each of `dimensions` ({name: [values]}).

    `allowed(row)` is asked of rows that may be incomplete; it must only say no to what no further
    value can mend.
    """
    names = list(dimensions)
    missing = {
        ((a, x), (b, y)): None
        for a, b in itertools.combinations(names, 2)
        for x in dimensions[a]
        for y in dimensions[b]
    }
    rows = []
    while missing:
        first = next(iter(missing))
        row = complete(dict(first), dimensions, allowed, missing) if allowed(dict(first)) else None
        if row is None:
            del missing[first]
            continue
        rows.append({name: row[name] for name in names})
        for pair in pairs_of(rows[-1], names):
            missing.pop(pair, None)
    return rows


def pairs_of(row, names):
    return itertools.combinations([(name, row[name]) for name in names], 2)


def gain(row, name, value, names, missing):
    """How many missing pairs `value` would cover, with the values that `row` has."""
    at = names.index(name)
    count = 0
    for other, theirs in row.items():
        mine, its = (name, value), (other, theirs)
        count += ((its, mine) if names.index(other) < at else (mine, its)) in missing
    return count


def complete(row, dimensions, allowed, missing):
    """`row` with a value for every dimension, or None if the rules leave none."""
    names = list(dimensions)
    open_names = [name for name in names if name not in row]
    if not open_names:
        return row
    name = open_names[0]
    values = sorted(
        dimensions[name], key=lambda value: -gain(row, name, value, names, missing)
    )
    for value in values:
        extended = {**row, name: value}
        if allowed(extended):
            found = complete(extended, dimensions, allowed, missing)
            if found:
                return found
    return None
