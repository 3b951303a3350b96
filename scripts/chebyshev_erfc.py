"""Coefficients of exp(x^2) erfc(x) for native/core/portable_math.cc.

(1 + 2x) exp(x^2) erfc(x) is smooth for every x >= 0, so its Chebyshev series in t = (x - 3.75) / (x + 3.75) is short.
Prints a C array and the largest coefficient that is left out.
Run: python scripts/chebyshev_erfc.py   (needs mpmath)
"""

import mpmath as mp

mp.mp.dps = 50
CENTRE = mp.mpf("3.75")
NODES = 80
TERMS = 25


def scaled(t):
    x = CENTRE * (1 + t) / (1 - t)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def coefficient(k):
    angles = [mp.pi * (2 * j + 1) / (2 * NODES) for j in range(NODES)]
    total = sum(scaled(mp.cos(angle)) * mp.cos(k * angle) for angle in angles) / NODES
    return total if k == 0 else 2 * total


print(f"// left out: at most {mp.nstr(max(abs(coefficient(k)) for k in range(TERMS, TERMS + 8)), 2)}")
print(f"// low part of the first: {mp.nstr(coefficient(0) - mp.mpf(float(coefficient(0))), 18)}")
for k in range(TERMS):
    print(f"  {mp.nstr(coefficient(k), 18)},")
