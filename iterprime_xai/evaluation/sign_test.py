"""Whether as many phrases fixed against as many broken could be chance."""

from __future__ import annotations

from iterprime_xai.records.errors import OptionError


def sign_test(fixed: int, broke: int) -> float:
    """The two-sided exact chance of a split at least as uneven, if fixing and breaking were equally likely.

    p = min(1, 2 * sum over k <= min(fixed, broke) of C(n, k) / 2^n), n = fixed + broke; 1 for n = 0. Phrases about one picture are
    not independent, which makes it somewhat too small. Source: McNemar (1947), exact form.
    """
    if fixed < 0 or broke < 0:
        raise OptionError(f"Counts must be 0 or more, but got {fixed} and {broke}.")
    number, fewer = fixed + broke, min(fixed, broke)
    ways = total = 1  # C(n, k), each from the one before: thousands of phrases take a moment, not minutes
    for k in range(fewer):
        ways = ways * (number - k) // (k + 1)
        total += ways
    return min(1.0, 2 * total / 2**number)
