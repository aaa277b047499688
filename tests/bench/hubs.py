"""How near anchored shares come to the truth, and how often their intervals hold it. Prints Markdown.

``python -m tests.bench.hubs [FOLDER]`` reads the labelled sentences of FOLDER (SciCite, SOFT with
ACL-ARC, Athar; see ``docs/estimates.md``). A simulated hub is a hundred held-out sentences, their
roles mixed by a draw from a Dirichlet distribution; its truth is known, and checks are drawn from
it at random. What was decided by simulation was decided on two halves of SciCite's training file.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from citations import classifier, estimates
from citations.classifier import trained
from citations.classifier.corpora import Example
from citations.estimates import Check, Pool, Population, anchored_shares
from citations.labels import translate
from citations.statistics import Z_95, t_quantile, wilson_interval
from tests.bench.labels import FOLDER
from tests.bench.tables import print_table

SEED = 20261126
CONTEXTS = 100
CLOSE = 1e-9


@dataclass(frozen=True)
class Sentence:
    """A citing sentence; ``role`` is its label in our words, ``group`` what is kept together in a split."""

    text: str
    section: str
    role: str
    group: str
    start: int | None = None
    end: int | None = None


# -- the sets --------------------------------------------------------------------------------


def _lines(folder, name):
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _ours(scheme, value):
    return translate(scheme, value)[0][1]


def _span(row):
    """Where SciCite says that the citation stands; it is not always there."""
    start, end = row.get("citeStart"), row.get("citeEnd")
    if isinstance(start, int | float) and isinstance(end, int | float) and 0 <= start < end:
        return int(start), int(end)
    return None, None


def scicite(folder, part):
    return [
        Sentence(
            row["string"],
            str(row.get("sectionName") or ""),
            _ours("scicite", row["label"]),
            row["citingPaperId"],
            *_span(row),
        )
        for row in _lines(folder, f"scicite-{part}")
    ]


def acl_arc(folder):
    return [
        Sentence(
            row["citation_context"],
            row["section_title"],
            _ours("acl-arc", row["aclarc_label"]),
            row["citing_ACL_id"],
        )
        for row in _lines(folder, "aclarc-soft")
    ]


def athar(folder):
    return [
        Sentence(row["text"], "", _ours("athar-sentiment", row["polarity"]), row["cited"])
        for row in _lines(folder, "athar-polarity-train")
    ]


# -- the machines ------------------------------------------------------------------------------


def probabilities(train, test):
    """What the project's classifier, trained on ``train``, says of ``test``: a dict of roles for each."""
    examples = [Example(_asked(s), s.role, "", s.group, "bench") for s in train]
    model = trained.train(examples, created="2026-11-26")
    return [dict(said.probabilities) for said in model.predict([_asked(s) for s in test])]


def _asked(sentence):
    return classifier.sentences.Sentence(sentence.text, sentence.start, sentence.end, sentence.section)


def words_alone(train, test):
    """What a plain model says of ``test``, by which the rules were decided and polarity is read.

    Words and pairs of words, and the first word of the section, in a logistic regression, never
    tuned. The project trains no model of polarity.
    """

    def text(sentence):
        section = (sentence.section.split() or ["none"])[0].lower()
        return f"{sentence.text} section{section}"

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = LogisticRegression(C=10, max_iter=1000)
    model.fit(words.fit_transform(map(text, train)), [sentence.role for sentence in train])
    found = model.predict_proba(words.transform(map(text, test)))
    return [dict(zip(map(str, model.classes_), map(float, row), strict=True)) for row in found]


# -- hubs ------------------------------------------------------------------------------------


class Hub:
    """Sentences with their truth and what the machine says of them."""

    def __init__(self, truths, machine):
        self.truths, self.machine = truths, machine
        self.size = len(truths)
        self.population = Population.of(machine)
        self.counts = Counter(max(p, key=p.get) for p in machine)
        self._truth = Counter(truths)

    def truth(self, role):
        return self._truth[role] / self.size

    def draw(self, rng, m, name=None):
        return [Check(self.truths[k], self.machine[k], hub=name) for k in rng.permutation(self.size)[:m]]


def simulated(rng, sentences, machine, odds, size=CONTEXTS):
    """Hubs of ``size`` sentences; ``odds``: role -> parameter of the Dirichlet distribution."""
    rows = {role: [k for k, s in enumerate(sentences) if s.role == role] for role in odds}
    while True:
        mix = rng.dirichlet(list(odds.values()))
        roles = rng.choice(list(odds), size, p=mix)
        picked = [rows[role][rng.integers(len(rows[role]))] for role in roles]
        yield Hub([sentences[k].role for k in picked], [machine[k] for k in picked])


# -- rules that are compared -----------------------------------------------------------------


def _no_ends(share, _spread, _c):
    return share, share


RULES = {
    "as shipped": {},
    "normal instead of t": {"t_quantile": lambda _df: Z_95},
    "without Cauchy–Schwarz": {"_least_ends": _no_ends},
    "no floor, t": {"FLOOR": 0.0, "_least_ends": _no_ends},
    "no floor, normal": {"FLOOR": 0.0, "_least_ends": _no_ends, "t_quantile": lambda _df: Z_95},
}


def under(rule, *arguments, **more):
    """``anchored_shares`` with one of RULES in force, by role."""
    with ExitStack() as stack:
        for name, value in RULES[rule].items():
            stack.enter_context(mock.patch.object(estimates, name, value))
        # The rule of 20 is for pages; here ten checks are measured too.
        stack.enter_context(mock.patch.object(estimates, "MIN_CHECKS", 10))
        return {found.role: found for found in anchored_shares(*arguments, **more)}


class Tally:
    """Errors, and intervals that held the truth, by role."""

    def __init__(self):
        self.errors, self.held, self.widths = defaultdict(list), defaultdict(list), defaultdict(list)

    def add(self, role, truth, share, low=None, high=None):
        self.errors[role].append(abs(share - truth))
        if low is not None:
            self.held[role].append(low - CLOSE <= truth <= high + CLOSE)
            self.widths[role].append(high - low)

    @property
    def error(self):
        return f"{100 * np.mean([np.mean(found) for found in self.errors.values()]):.1f}"

    @property
    def coverage(self):
        """The mean over roles, and the worst role."""
        by_role = {role: 100 * np.mean(found) for role, found in self.held.items()}
        worst = min(by_role, key=by_role.get)
        return f"{np.mean(list(by_role.values())):.1f} ({worst} {by_role[worst]:.1f})"

    @property
    def width(self):
        return f"{100 * np.mean([np.mean(found) for found in self.widths.values()]):.0f}"


def textbook(hub, role):
    """The count of the machine with the interval that would fit had people counted."""
    k = hub.counts[role]
    return k / hub.size, *wilson_interval(k, hub.size)


def fitted(hub, drawn, roles):
    """PPI++ with one weight for all roles, fitted to the checks by least squares, from 0 to 1."""
    y = np.array([[check.role == role for role in roles] for check in drawn], float)
    p = np.array([[check.probabilities.get(role, 0.0) for role in roles] for check in drawn])
    centred = p - p.mean(0)
    weight = float(np.clip((centred * y).sum() / max((centred**2).sum(), 1e-12), 0, 1))
    return dict(
        zip(
            roles,
            y.mean(0) + weight * (np.array([hub.population.mean(r) for r in roles]) - p.mean(0)),
            strict=True,
        )
    )


def measure(hubs, rng, roles, m, rules):
    """Tallies of what can be said of ``hubs`` after ``m`` checks each, by name."""
    tallies = defaultdict(Tally)
    for hub in hubs:
        drawn = hub.draw(rng, m)
        plus = fitted(hub, drawn, roles)
        found = {rule: under(rule, hub.population, drawn, order=roles) for rule in rules}
        for role in roles:
            truth = hub.truth(role)
            tallies["machine counts"].add(role, truth, *textbook(hub, role))
            k = sum(check.role == role for check in drawn)
            tallies["checks alone"].add(role, truth, k / m, *wilson_interval(k, m))
            tallies["fitted weight"].add(role, truth, plus[role])
            for rule in rules:
                line = found[rule][role]
                tallies[rule].add(role, truth, line.share, line.low, line.high)
    return tallies


def row(tally):
    return [tally.error, tally.coverage if tally.held else "–", tally.width if tally.widths else "–"]


HEAD = ["error", "coverage (worst)", "width"]
FLAT = "flat mixes"
LIKE = "mixes like the file"
RARE = "method rare"


def odds_of(sentences, kind):
    """The Dirichlet parameters: 1 for each role, or 4 in all shared out as the file's own roles are."""
    counts = Counter(sentence.role for sentence in sentences)
    if kind == RARE:
        return {"background": 0.8, "comparison": 0.3, "method": 0.1}
    if kind == FLAT:
        return {role: 1.0 for role in sorted(counts)}
    return {role: 4 * counts[role] / len(sentences) for role in sorted(counts)}


def some(generator, number):
    return [next(generator) for _ in range(number)]


# -- the parts -------------------------------------------------------------------------------


def halves(train, seed=SEED):
    """``train`` in two halves by citing paper."""
    groups = sorted({sentence.group for sentence in train})
    first = set(np.random.default_rng(seed).permutation(groups)[: len(groups) // 2])
    return [s for s in train if s.group in first], [s for s in train if s.group not in first]


def report_decisions(train, number):
    """The rules compared on two halves of the training file, with good machines and bad ones."""
    rng = np.random.default_rng(SEED)
    here, there = halves(train)
    mixed = rng.permutation([s.role for s in here])
    machines = {
        "trained on half": here,
        "trained on 60 rows": [here[k] for k in rng.permutation(len(here))[:60]],
        "trained on shuffled labels": [
            Sentence(s.text, s.section, str(role), s.group) for s, role in zip(here, mixed, strict=True)
        ],
        "never saw a method": [s for s in here if s.role != "method"],
    }
    rows, read = [], {}
    for name, sentences in machines.items():
        machine = read[name] = words_alone(sentences, there)
        for kind in (FLAT, LIKE):
            odds = odds_of(there, kind)
            hubs = some(simulated(rng, there, machine, odds), number)
            tallies = measure(hubs, rng, list(odds), 20, RULES)
            rows.append(
                [name, kind]
                + [tallies[rule].coverage for rule in RULES]
                + [tallies[each].error for each in ("as shipped", "fitted weight", "checks alone")]
            )
    print("\n## What was decided, on two halves of SciCite's training file\n")
    print_table(
        ["machine", "hubs"]
        + [f"coverage: {rule}" for rule in RULES]
        + ["error: as shipped", "error: fitted weight", "error: checks alone"],
        rows,
    )
    for name in ("trained on half", "never saw a method"):
        report_pool(f"The same halves, machine {name}", there, read[name], number // 4, (FLAT, LIKE, RARE))


def report_hubs(title, sentences, machine, number):
    """The measurements proper: 10, 20 and 50 checks, with and without the floor."""
    rng = np.random.default_rng(SEED + 1)
    print(f"\n## {title}\n")
    right = np.mean([max(p, key=p.get) == s.role for p, s in zip(machine, sentences, strict=True)])
    print(f"{len(sentences)} sentences; the machine's first guess is right in {100 * right:.0f} %.\n")
    rows = []
    for kind in (FLAT, LIKE):
        odds = odds_of(sentences, kind)
        hubs = some(simulated(rng, sentences, machine, odds), number)
        for m in (10, 20, 50):
            tallies = measure(hubs, rng, list(odds), m, ("as shipped", "no floor, t"))
            if m == 10:
                rows.append([kind, "–", "machine counts, textbook interval", *row(tallies["machine counts"])])
            rows.append([kind, str(m), "**anchored**", *row(tallies["as shipped"])])
            rows.append([kind, str(m), "anchored, no floor", *row(tallies["no floor, t"])])
            rows.append([kind, str(m), "checks alone, Wilson", *row(tallies["checks alone"])])
    print_table(["hubs", "checks", "what", *HEAD], rows)
    print("\nHubs of other sizes, flat mixes, 20 checks:\n")
    rows = []
    for size in (25, 50, 300, 1000):
        odds = odds_of(sentences, FLAT)
        hubs = some(simulated(rng, sentences, machine, odds, size), number // 4)
        tallies = measure(hubs, rng, list(odds), 20, ("as shipped",))
        rows.append([str(size), *row(tallies["as shipped"]), *row(tallies["checks alone"])])
    print_table(["sentences", *HEAD, "checks alone: error", "coverage", "width"], rows)


POOLS = ((20, 1), (10, 2), (10, 5), (20, 5), (50, 4), (100, 5))


def naive(population, drawn, role):
    """As if the errors of all sentences of the pool were exchangeable with the hub's."""
    errors = [check.error(role) for check in drawn]
    share = population.mean(role) + float(np.mean(errors))
    half = t_quantile(len(errors) - 1) * float(np.std(errors, ddof=1)) / len(errors) ** 0.5
    low, share, high = np.clip([share - half, share, share + half], 0, 1)
    return share, low, high


def report_pool(title, sentences, machine, number, kinds=(FLAT, LIKE)):
    """Hubs without checks of their own, anchored by the checks of other hubs."""
    rng = np.random.default_rng(SEED + 2)
    rows = []
    for kind in kinds:
        odds = odds_of(sentences, kind)
        library = some(simulated(rng, sentences, machine, odds), 300)
        for hubs, each in POOLS:
            shipped, bare, plain = Tally(), Tally(), Tally()
            for _ in range(number):
                target, *others = rng.permutation(300)[: hubs + 1]
                hub = library[target]
                drawn = [check for k in others for check in library[k].draw(rng, each, int(k))]
                pool = Pool.of(drawn, list(odds))
                with_floor = under("as shipped", hub.population, [], order=list(odds), pool=pool)
                without = under("no floor, t", hub.population, [], order=list(odds), pool=pool)
                for role in odds:
                    truth = hub.truth(role)
                    for tally, line in ((shipped, with_floor[role]), (bare, without[role])):
                        tally.add(role, truth, line.share, line.low, line.high)
                    plain.add(role, truth, *naive(hub.population, drawn, role))
            rows.append([kind, f"{hubs} × {each}", *row(shipped), bare.coverage, plain.coverage, plain.width])
    print(f"\n## {title}: anchored by a pool\n")
    print_table(
        [
            "hubs",
            "pool: hubs × checks",
            *HEAD,
            "no floor",
            "coverage if sentences were exchangeable",
            "its width",
        ],
        rows,
    )


LEAST_SENTENCES = 40
FOLDS = 5


def report_real(title, sentences, draws):
    """Real hubs: the citing sentences of one cited paper, read by a model that saw none of them."""
    rng = np.random.default_rng(SEED + 3)
    cited = [str(group) for group in rng.permutation(sorted({s.group for s in sentences}))]
    hubs = {}
    for fold in range(FOLDS):
        out = set(cited[fold::FOLDS])
        test = [s for s in sentences if s.group in out]
        texts = {s.text for s in test}
        train = [s for s in sentences if s.group not in out and s.text not in texts]
        by_paper = defaultdict(list)
        for sentence, p in zip(test, words_alone(train, test), strict=True):
            by_paper[sentence.group].append((sentence.role, p))
        hubs |= {
            paper: Hub([role for role, _p in read], [p for _role, p in read])
            for paper, read in by_paper.items()
            if len(read) >= LEAST_SENTENCES
        }
    roles = sorted({s.role for s in sentences})
    sizes = sorted(hub.size for hub in hubs.values())
    print(f"\n## {title}\n")
    print(
        f"{len(hubs)} cited papers with {sizes[0]} to {sizes[-1]} sentences, {draws} draws of checks each.\n"
    )
    rows = []
    repeated = [hub for hub in hubs.values() for _ in range(draws)]
    for m in (10, 20, 50):
        fitting = [hub for hub in repeated if hub.size > m]
        tallies = measure(fitting, rng, roles, m, ("as shipped", "no floor, t"))
        if m == 10:
            rows.append(["–", "machine counts, textbook interval", *row(tallies["machine counts"])])
        rows.append([str(m), "**anchored**", *row(tallies["as shipped"])])
        rows.append([str(m), "anchored, no floor", *row(tallies["no floor, t"])])
        rows.append([str(m), "checks alone, Wilson", *row(tallies["checks alone"])])
    for hub_count, each in ((20, 1), (20, 5)):
        tally = Tally()
        for _ in range(draws):
            for paper, hub in hubs.items():
                others = [str(k) for k in rng.permutation([k for k in hubs if k != paper])[:hub_count]]
                drawn = [check for k in others for check in hubs[k].draw(rng, each, k)]
                pool = Pool.of(drawn, roles)
                for line in anchored_shares(hub.population, [], order=roles, pool=pool):
                    tally.add(line.role, hub.truth(line.role), line.share, line.low, line.high)
        rows.append([f"pool {hub_count} × {each}", "anchored by a pool", *row(tally)])
    print_table(["checks", "what", *HEAD], rows)
    per_role = defaultdict(Tally)
    for hub in repeated:
        found = under("as shipped", hub.population, hub.draw(rng, 20), order=roles)
        for role in roles:
            line = found[role]
            per_role[role].add(role, hub.truth(role), line.share, line.low, line.high)
    print("\nWith 20 checks, each polarity by itself:\n")
    print_table(
        ["polarity", "mean true share", *HEAD],
        [
            [role, f"{100 * np.mean([hub.truth(role) for hub in hubs.values()]):.1f}", *row(per_role[role])]
            for role in roles
        ],
    )


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hubs", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--hubs", type=int, default=1000, metavar="N", help="simulated hubs of each kind")
    parser.add_argument(
        "--only", choices=("decisions", "scicite", "acl-arc", "athar"), help="this part alone"
    )
    options = parser.parse_args()
    if not (options.folder / "scicite-train.jsonl.gz").exists():
        print(f"{options.folder} holds no labelled sentences: nothing is measured.")
        return
    wanted = lambda part: options.only in (None, part)  # noqa: E731
    number = options.hubs
    train = scicite(options.folder, "train")
    if wanted("decisions"):
        report_decisions(train, number)
    if wanted("scicite"):
        dev = scicite(options.folder, "dev")
        machine = probabilities(train, dev)
        report_hubs("SciCite dev, machine trained on SciCite", dev, machine, number)
        report_pool("SciCite dev", dev, machine, number // 4)
    if wanted("acl-arc"):
        other = acl_arc(options.folder)
        machine = probabilities(train, other)
        report_hubs("ACL-ARC, machine trained on SciCite", other, machine, number)
        report_pool("ACL-ARC", other, machine, number // 4)
    if wanted("athar"):
        report_real(
            "Real hubs: polarity of Athar's cited papers", athar(options.folder), max(1, number // 25)
        )


if __name__ == "__main__":
    main()
