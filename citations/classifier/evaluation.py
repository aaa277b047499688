"""A labeller measured on labelled sentences.

Owns how answers in our roles are compared with labels of a scheme that knows fewer, and the
guard against measuring on what a model was trained with. Needs numpy.
"""

from __future__ import annotations

from collections.abc import Sequence

from citations.classifier import metrics
from citations.classifier.corpora import Example
from citations.classifier.predictions import Labeller, narrowed

# Two corpora may share a sentence by chance; more are the training data in another dress.
MOST_SEEN = 0.1


class SeenInTraining(ValueError):
    """The model was trained on the sentences that it is to be measured with."""


def evaluate(
    labeller: Labeller,
    examples: Sequence[Example],
    *,
    allow_seen: bool = False,
    resamples: int = metrics.RESAMPLES,
) -> dict:
    """``metrics.report`` of the labeller's roles on the examples that have one, and what it had seen.

    Answers are narrowed to the roles that occur among the labels (``predictions.narrowed``). Beside
    the report: ``model``, ``seen_sentences``, ``seen_groups`` (sentences of groups that it was
    trained with), and under ``unseen`` the report on the others where some were seen. Raises
    SeenInTraining where more than a tenth of the sentences were, unless ``allow_seen``; ValueError
    for no example.
    """
    examples = [example for example in examples if example.role]
    seen_by = getattr(labeller, "seen", None)
    known = [seen_by(example) if seen_by else (False, False) for example in examples]
    sentences = sum(sentence for sentence, _group in known)
    if sentences > MOST_SEEN * len(examples) and not allow_seen:
        raise SeenInTraining(
            f"the model was trained on {sentences} of these {len(examples)} sentences, or on another "
            "corpus that holds them: what it says of them measures nothing"
        )
    found = roles_report(labeller, examples, resamples=resamples)
    found |= {
        "model": labeller.version,
        "seen_sentences": sentences,
        "seen_groups": sum(group for _sentence, group in known),
    }
    fresh = [example for example, seen in zip(examples, known, strict=True) if not any(seen)]
    if 0 < len(fresh) < len(examples):
        found["unseen"] = roles_report(labeller, fresh, resamples=resamples)
    return found


def roles_report(
    labeller: Labeller, examples: Sequence[Example], *, resamples: int = metrics.RESAMPLES
) -> dict:
    """``metrics.report`` of the roles alone, nothing guarded. Raises ValueError for no examples."""
    classes = sorted({example.role for example in examples})
    said, sure, labelled = [], [], []
    for prediction in labeller.predict([example.sentence for example in examples]):
        chances = narrowed(prediction.probabilities, classes)
        best = max(chances, key=chances.__getitem__)
        said.append(best)
        sure.append(chances[best])
        labelled.append(bool(prediction.role))
    return metrics.report(
        [example.role for example in examples],
        said,
        sure,
        labelled,
        [example.group for example in examples],
        resamples=resamples,
    )


def polarity_report(
    labeller: Labeller, examples: Sequence[Example], *, resamples: int = metrics.RESAMPLES
) -> dict:
    """``metrics.report`` of the polarity suggestions on the examples that have a polarity.

    No suggestion counts as neutral. Where no label says "qualifies", a suggestion of it counts
    as "disputes": both ask a person to look. Raises ValueError for no example.
    """
    examples = [example for example in examples if example.polarity]
    classes = {example.polarity for example in examples}
    said, sure = [], []
    predictions = labeller.predict([example.sentence for example in examples])
    for prediction in predictions:
        polarity = prediction.polarity or "neutral"
        if polarity == "qualifies" and polarity not in classes:
            polarity = "disputes"
        said.append(polarity)
        sure.append(prediction.polarity_probability or prediction.polarity_scores.get("neutral", 0.0))
    return metrics.report(
        [example.polarity for example in examples],
        said,
        sure,
        [bool(prediction.polarity) for prediction in predictions],
        [example.group for example in examples],
        resamples=resamples,
    )
