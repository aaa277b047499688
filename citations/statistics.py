"""Intervals and bounds for shares. Pure functions over counts."""

from collections import Counter
from math import exp, lgamma, log, log1p, sqrt

Z_95 = 1.959963984540054  # the standard normal's 97.5 % point


def wilson_interval(k, n):
    """The 95 % Wilson score interval of the share k/n, as (low, high) fractions.

    Wilson, E. B. (1927), J. Amer. Statist. Assoc. 22, 209–212. Without continuity
    correction; exact at its ends (0 for k = 0, 1 for k = n). Raises ValueError unless
    0 <= k <= n and n > 0.
    """
    if not 0 <= k <= n or n <= 0:
        raise ValueError(f"no interval for {k} of {n}")
    z2 = Z_95 * Z_95
    p = k / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return low, high


def difference_interval(one, other):
    """The 95 % interval of the difference of two shares, each given as (share, low, high), in fractions.

    With the Wilson intervals of two independent shares it is Newcombe's hybrid score interval:
    Newcombe, R. G. (1998), Statist. Med. 17, 873–890, method 10. A share that is known without
    error has itself as both limits and adds nothing to the width (Donner, A. & Zou, G. Y. (2012),
    Stat. Methods Med. Res. 21, 347–359). Two intervals may overlap while this one leaves out 0.
    """
    (p, low_p, high_p), (q, low_q, high_q) = one, other
    below = sqrt((p - low_p) ** 2 + (high_q - q) ** 2)
    above = sqrt((high_p - p) ** 2 + (q - low_q) ** 2)
    return p - q - below, p - q + above


def upper_bound_when_none_seen(n):
    """The 95 % upper bound of a share of which none was seen among n: 1 − 0.05^(1/n).

    The exact binomial bound (Clopper & Pearson 1934, k = 0); about 3/n, "the rule of
    three". Raises ValueError for n < 1.
    """
    if n < 1:
        raise ValueError("nothing was looked at")
    return 1 - 0.05 ** (1 / n)


def cohens_kappa(table):
    """Cohen's kappa of two raters from ``{(first's word, second's word): n}``: agreement beyond chance.

    (p_o − p_e) / (1 − p_e), where p_e is the agreement of two raters who use each word as often as these
    do and otherwise at random. Cohen, J. (1960), Educ. Psychol. Meas. 20, 37–46. 1 is perfect, 0 what
    chance gives. None where it has no value: nothing rated, or both used one and the same word only.
    """
    n = sum(table.values())
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for (one, other), count in table.items():
        first[one] += count
        second[other] += count
    by_chance = sum(first[word] * second[word] for word in first)  # times n squared, exact
    if by_chance == n * n:
        return None
    agreed = sum(count for (one, other), count in table.items() if one == other)
    return (agreed * n - by_chance) / (n * n - by_chance)


def t_quantile(df):
    """The 97.5 % point of Student's t with ``df`` degrees of freedom, as half of a 95 % interval needs it.

    Cornish–Fisher expansion about the normal (Abramowitz & Stegun 1964, 26.7.5): off by less
    than 0.0001 for ``df`` of 9 or more. Raises ValueError below 4, where it would be off by more than 0.01.
    """
    if df < 4:
        raise ValueError(f"no quantile for {df} degrees of freedom")
    z = Z_95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / df**power for power, term in enumerate(terms, 1))


def clopper_pearson_lower(k, n, confidence=0.95):
    """The exact one-sided lower confidence bound of the share k/n.

    Clopper, C. J. & Pearson, E. S. (1934), Biometrika 26, 404–413: the p at which k or more of n
    have the probability 1 − ``confidence``, a quantile of Beta(k, n − k + 1); 0 for k = 0. With
    ``confidence`` .975 it is the lower end of the two-sided 95 % interval. Raises ValueError
    unless 0 <= k <= n, n > 0 and 0 < ``confidence`` < 1.
    """
    if not 0 <= k <= n or n <= 0 or not 0 < confidence < 1:
        raise ValueError(f"no bound for {k} of {n} at {confidence}")
    if k == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _halving in range(60):
        middle = (low + high) / 2
        if _regularised_beta(middle, k, n - k + 1) < 1 - confidence:
            low = middle
        else:
            high = middle
    return low


def is_surely_at_least(k, n, share, confidence=0.95):
    """Whether ``clopper_pearson_lower(k, n, confidence) >= share``, without the search for the bound."""
    if not 0 <= k <= n or n <= 0:
        raise ValueError(f"no bound for {k} of {n}")
    return share <= 0 or k > 0 and _regularised_beta(share, k, n - k + 1) <= 1 - confidence


def _regularised_beta(x, a, b):
    """I_x(a, b), the distribution function of Beta(a, b) at x.

    The continued fraction of DLMF 8.17.22 (https://dlmf.nist.gov/8.17.E22), evaluated by Lentz's
    method; on the side of the mean where it converges quickly, by I_x(a, b) = 1 − I_1−x(b, a) on the other.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _regularised_beta(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    tiny = 1e-300
    c, d = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    fraction = d
    for m in range(1, 1000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / ((1 + step * d) or tiny)
            c = (1 + step / c) or tiny
            fraction *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return front * fraction


def percent(k, n):
    """100 k/n rounded half up, as an int: the number a page prints. Exact integers throughout."""
    return (200 * k + n) // (2 * n)
