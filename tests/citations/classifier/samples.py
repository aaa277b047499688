"""Made-up citing sentences with labels: enough of them to train a tiny model, by a rule that words tell.

``invented(n)`` gives Examples of three roles; their papers are the groups. The wording is
composed here from a few pieces, so that models learn quickly and nothing is anybody's text.
"""

import random

from citations.classifier.corpora import Example
from citations.classifier.sentences import Sentence

NAMES = "Marsh Reed Vole Heron Egret Plover Sedge Tarn Fenn Brook".split()
THINGS = "tides eels grain lanterns rust moorings reeds ledgers sails lamps ropes nets".split()
FRAMES = {
    "background": (
        ("Introduction", "Many {thing} are known to shape {other} in winter {cite}."),
        ("Introduction", "It has been suggested that {thing} may lead to {other} {cite}."),
        ("Related Work", "Several authors have studied {thing}, such as {other} {cite}."),
        ("Discussion", "In many harbours {thing} play a role in {other} {cite}."),
    ),
    "method": (
        ("Methods", "We used the {thing} protocol of {name} {cite} for each of the {other}."),
        ("Materials and methods", "The {thing} were measured with {other} as previously described {cite}."),
        ("Methods", "Using the {thing} software {cite}, {other} were calculated."),
        ("Experiments", "We applied the {thing} algorithm {cite} to {other}."),
    ),
    "comparison": (
        ("Discussion", "Our results on {thing} are consistent with those of {other} {cite}."),
        ("Discussion", "In contrast to earlier studies of {thing} {cite}, we found fewer {other}."),
        ("Results", "Similar findings on {thing} were reported for {other} {cite}."),
        ("Discussion", "These results agree with previous reports of {thing} and {other} {cite}."),
    ),
}


def invented(count, *, seed=0, per_paper=3, start=0):
    """``count`` Examples, roles in turn, ``per_paper`` to a group; papers are numbered from ``start``."""
    random_ = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    examples = []
    for number in range(count):
        role = list(FRAMES)[number % len(FRAMES)]
        section, frame = random_.choice(FRAMES[role])
        cite = random_.choice(("[{}]", "({} et al., 20{:02})")).format(
            random_.choice(NAMES) if number % 2 else number % 90 + 1, number % 20
        )
        text = frame.format(
            thing=f"{random_.choice(THINGS)} and {random_.choice(THINGS)}",
            other=random_.choice(THINGS),
            name=random_.choice(NAMES),
            cite=cite,
        )
        at = text.index(cite)
        sentence = Sentence(text, at, at + len(cite), section if random_.random() < 0.8 else "")
        examples.append(Example(sentence, role, "", f"paper:{start + number // per_paper}", "hub"))
    return examples
