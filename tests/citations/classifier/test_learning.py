"""The learning curve: the quick fit is the model's own, sizes are as stated, too little is refused."""

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("skops")

from citations.classifier import learning, trained  # noqa: E402
from citations.classifier.corpora import Example  # noqa: E402
from citations.classifier.sentences import Sentence  # noqa: E402

WORDS = {
    "method": "We weigh the grain with the scales of Moor (2003)",
    "background": "Rain was seen in many valleys by Moor (2003)",
    "dataset": "The ledger of tides is taken from Moor (2003)",
}


def make_examples(count, *, papers=12, roles=tuple(WORDS)):
    """``count`` sentences in ``papers`` groups; every fifth has the words of another role."""
    names = list(roles)
    found = []
    for number in range(count):
        role = names[number % len(names)]
        words = WORDS[names[(number + (number % 5 == 0)) % len(names)]]
        text = f"{words}, once in {number % 7} years."
        found.append(Example(Sentence(text), role, "", f"paper:{number % papers}", "hub"))
    return found


def test_the_curve_has_a_point_for_each_size_that_the_labels_allow():
    curve = learning.learning_curve(make_examples(90), sizes=(25, 50, 100))
    assert [point.labels for point in curve.points] == [0, 25, 50, 72]
    assert (curve.used, curve.held, curve.more) == (90, 90, 50)
    assert set(curve.roles) == set(WORDS)
    assert all(0 <= point.low <= point.macro_f1 <= point.high <= 1 for point in curve.points)
    assert curve == learning.learning_curve(make_examples(90), sizes=(25, 50, 100))


def test_labels_teach_and_the_gain_follows_the_points():
    curve = learning.learning_curve(make_examples(120), sizes=(25, 50))
    assert curve.points[-1].macro_f1 > curve.points[0].macro_f1 + 0.2
    points = [learning.Point(labels, f1, 0, 1) for labels, f1 in ((10, 0.5), (100, 0.6), (1000, 0.7))]
    assert learning._slope(points) * np.log(10) == pytest.approx(0.1)
    assert learning._slope(points[:1]) == 0


def test_the_quick_fit_says_what_the_models_own_fit_says():
    examples = make_examples(60)
    roles = [role for role in trained.ROLES if role in WORDS]
    right = np.array([roles.index(example.role) for example in examples])
    seen = trained._Seen.of(example.sentence for example in examples)
    asked = trained._Seen.of([Sentence("We weigh rain with the ledger of Moor (2003) in many years.")])
    vocabulary = trained._vocabulary(seen.masked)
    weights, intercepts = trained._fitted(trained.WITH_SECTION, seen, right, roles, vocabulary)
    size = len(vocabulary.place)
    logits = (
        vocabulary.rows(asked.masked) @ weights[:, :size].T
        + asked.numbers(trained.WITH_SECTION) @ weights[:, size:].T
        + intercepts
    )
    assert learning._asked(seen, right, asked, roles) == pytest.approx(trained._softmax(logits), abs=0.01)


def test_of_many_labels_so_many_are_used_and_all_are_counted():
    many = make_examples(learning.MOST_LABELS + 40)
    curve = learning.learning_curve(many, sizes=())
    assert (curve.used, curve.held) == (learning.MOST_LABELS, learning.MOST_LABELS + 40)


@pytest.mark.parametrize(
    "examples",
    [[], make_examples(29), make_examples(60, roles=("method",)), make_examples(60, papers=1)],
    ids=["none", "29 labels", "one role", "one paper"],
)
def test_too_little_is_refused_in_words(examples):
    with pytest.raises(trained.TooFewLabels, match="needed are 30 labels"):
        learning.learning_curve(examples)
