"""Coefficients of log1p and of the tail of erfc for native/cpu/kernels/activation_math.inc.

log1p(x) is 2 s (1 + z Q(z)) with s = x / (2 + x) and z = s^2, for 0 <= x <= 1, where z <= 1/9.
(1 + 2u) exp(u^2) erfc(u) is 1 + (1 + t) H(t) with t = (u - CENTRE) / (u + CENTRE), for u from 0 to where erfc underflows.
Q and H interpolate at Chebyshev's nodes. Prints C arrays, lowest power first, and the largest error, in bits.
Run: python scripts/chebyshev_activations.py   (needs mpmath)
"""

import mpmath as mp

mp.mp.dps = 60
CENTRE = mp.mpf(3)


def log_rest(z):
    if z < mp.mpf(10) ** -20:
        return mp.mpf(1) / 3 + z / 5
    s = mp.sqrt(z)
    return (mp.atanh(s) / s - 1) / z


def tail_rest(t):
    if t + 1 < mp.mpf(10) ** -25:
        # The derivative at u = 0.
        return (2 - 2 / mp.sqrt(mp.pi)) * CENTRE / 2
    u = CENTRE * (1 + t) / (1 - t)
    return ((1 + 2 * u) * mp.exp(u * u) * mp.erfc(u) - 1) / (1 + t)


def fit(name, function, low, high, terms, digits):
    found, error = mp.chebyfit(function, [low, high], terms, error=True)
    print(f"// {name}: error 2^{float(mp.log(error, 2)):.1f}")
    for coefficient in reversed(found):
        print(f"  {mp.nstr(coefficient, digits)},")


def place(u):
    return (u - CENTRE) / (u + CENTRE)


for name, log_terms, tail_terms, largest, digits in (
    ("float", 5, 10, mp.mpf("10.3"), 9),
    ("double", 11, 23, mp.mpf("27.5"), 17),
):
    fit(f"log1p, {name}", log_rest, 0, mp.mpf(1) / 9, log_terms, digits)
    fit(f"erfc, {name}", tail_rest, -1, place(largest), tail_terms, digits)
