"""Coefficients of Q in expm1(r) = r + r^2 Q(r), |r| <= ln(2)/2, for native/cpu/kernels/vector_math.inc.

Remez exchange in 60 digits on the relative error of expm1. Prints C arrays and the error reached, in bits.
Run: python scripts/minimax_expm1.py   (needs mpmath)
"""

import mpmath as mp

mp.mp.dps = 60
LIMIT = mp.log(2) / 2 * mp.mpf("1.0001")


def target(r):
    if r == 0:
        return mp.mpf(1) / 2
    return (mp.expm1(r) - r) / r**2


def weight(r):
    """Error of Q times this bounds the relative error of expm1; held away from 0, where Q does not matter."""
    exact = mp.mpf(0) if r == 0 else abs(r**2 / mp.expm1(r))
    return max(exact, LIMIT / 5)


def remez(degree):
    count = degree + 2
    nodes = [LIMIT * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    # The first guess must not have a node at the root of the error at 0.
    nodes = [x if abs(x) > LIMIT / 1000 else LIMIT / 20 for x in nodes]
    for _ in range(12):
        rows = mp.matrix(count, count)
        values = mp.matrix(count, 1)
        for i, x in enumerate(nodes):
            for j in range(degree + 1):
                rows[i, j] = x**j
            rows[i, degree + 1] = (-1) ** i / weight(x)
            values[i] = target(x)
        solution = mp.lu_solve(rows, values)
        coefficients = [solution[j] for j in range(degree + 1)]

        def error(x):
            return (mp.polyval(coefficients[::-1], x) - target(x)) * weight(x)

        grid = [LIMIT * (2 * mp.mpf(i) / 1500 - 1) for i in range(1501)]
        samples = [error(x) for x in grid]
        extrema, start = [], 0
        for i in range(1, len(grid) + 1):
            if i == len(grid) or mp.sign(samples[i]) != mp.sign(samples[start]):
                best = max(range(start, i), key=lambda k: abs(samples[k]))
                extrema.append(grid[best])
                start = i
        if len(extrema) < count:
            break
        while len(extrema) > count:
            extrema.remove(min((extrema[0], extrema[-1]), key=lambda x: abs(error(x))))
        nodes = extrema
    return coefficients, max(abs(error(x)) for x in grid)


for name, degree, digits in (("float", 5, 9), ("double", 10, 17)):
    found, worst = remez(degree)
    print(f"// {name}: relative error 2^{float(mp.log(worst, 2)):.1f}")
    for c in found:
        print(f"  {mp.nstr(c, digits)},")
