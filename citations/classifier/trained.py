"""The trained model: logistic regression over masked n-grams and cheap numbers, in one small file.

Owns fitting, calibration, the threshold below which it abstains, prediction, and the file. A
model is two: one that sees the kind of section and a twin that does not, for sentences whose
section is unknown. Needs numpy, scipy and skops (the extra ``classifier``); the site runs
without this module.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skops.io
from numpy.typing import NDArray
from scipy import optimize, sparse

from citations import labels
from citations.classifier import cues, features, metrics
from citations.classifier.corpora import Example, fingerprint
from citations.classifier.cues import Reading
from citations.classifier.predictions import ROLES, Prediction
from citations.classifier.sentences import Masked, Sentence, mask

FORMAT = 1
WITH_SECTION, TEXT_ONLY = "with section", "text only"
VARIANTS = (WITH_SECTION, TEXT_ONLY)

# Chosen by grouped cross-validation on the training files; docs/accuracy.md lists what was tried.
MOST_TERMS = 12_000
# In how many sentences a term must occur: in fewer where there are few sentences.
LEAST_SENTENCES = 3
LEAST_SENTENCES_OF_FEW = 2
FEW = 1_000
# How far the weights may go from those of the cue model: the variance of a weight, before any label.
STRENGTH = 2.0
NUMBERS_WEIGHT = 0.5
FOLDS = 5
PRECISION = 0.9
LEAST_OF_ROLE = 2
LEAST_EXAMPLES = 20
TEMPERATURES = (0.2, 5.0)
BATCH = 512

MOST_FILE_BYTES = 32 * 1024 * 1024
MOST_UNPACKED_BYTES = 256 * 1024 * 1024


class DamagedModel(ValueError):
    """A model file that is not used: damaged, of another kind, or of a later format. Says which and why."""


class TooFewLabels(ValueError):
    """There is too little to train with; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class _Variant:
    """Weights (roles x terms and numbers), intercepts, temperature, and the least confidence, or None."""

    weights: NDArray[np.float32]
    intercepts: NDArray[np.float32]
    temperature: float
    threshold: float | None


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    place: Mapping[str, int]
    idf: NDArray[np.float32]

    def rows(self, sentences: Sequence[Masked]) -> sparse.csr_matrix:
        """TF-IDF rows of length one: (1 + ln tf)(1 + ln((1 + n)/(1 + df))), as scikit-learn has them."""
        columns: list[int] = []
        counts: list[int] = []
        ends = [0]
        place = self.place
        for masked in sentences:
            found: dict[int, int] = {}
            for gram in features.ngrams(masked):
                column = place.get(gram)
                if column is not None:
                    found[column] = found.get(column, 0) + 1
            columns.extend(found)
            counts.extend(found.values())
            ends.append(len(columns))
        values = (1 + np.log(np.array(counts, dtype=np.float32))) * self.idf[columns]
        squares = np.concatenate(([0.0], np.cumsum(values.astype(float) ** 2)))
        norms = np.sqrt(squares[ends[1:]] - squares[ends[:-1]])
        lengths = np.diff(ends)
        values /= np.repeat(np.where(norms > 0, norms, 1), lengths)
        return sparse.csr_matrix(
            (values.astype(np.float32), np.array(columns, dtype=np.int32), np.array(ends)),
            shape=(len(sentences), len(place)),
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """Sentences after masking and reading: what all variants need."""

    masked: list[Masked]
    readings: list[Reading]

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> _Seen:
        masked, readings = [], []
        for sentence in sentences:
            one = mask(sentence)
            masked.append(one)
            readings.append(cues.read(one, length=len(sentence.text)))
        return cls(masked, readings)

    def numbers(self, variant: str) -> NDArray[np.float32]:
        with_section = variant == WITH_SECTION
        rows = [
            features.numbers(masked, reading, with_section=with_section)
            for masked, reading in zip(self.masked, self.readings, strict=True)
        ]
        return np.array(rows, dtype=np.float32)

    def some(self, numbers: Iterable[int]) -> _Seen:
        chosen = list(numbers)
        return _Seen([self.masked[n] for n in chosen], [self.readings[n] for n in chosen])


class TrainedModel:
    """A labeller with a file. ``manifest`` is its model card as data."""

    def __init__(
        self,
        manifest: dict,
        vocabulary: _Vocabulary,
        variants: Mapping[str, _Variant],
        seen_sentences: NDArray[np.uint32],
        seen_groups: NDArray[np.uint32],
    ):
        self.manifest = manifest
        self.roles: tuple[str, ...] = tuple(manifest["roles"])
        self._vocabulary = vocabulary
        self._variants = variants
        self._seen_sentences = seen_sentences
        self._seen_groups = seen_groups

    @property
    def version(self) -> str:
        return self.manifest["version"]

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction]:
        """One Prediction for each sentence, in order; the twin answers where the section is unknown."""
        predictions: list[Prediction] = []
        for begin in range(0, len(sentences), BATCH):
            predictions += self._predict(sentences[begin : begin + BATCH])
        return predictions

    def _predict(self, sentences: Sequence[Sentence]) -> list[Prediction]:
        seen = _Seen.of(sentences)
        predictions: list[Prediction | None] = [None] * len(sentences)
        for name in VARIANTS:
            chosen = [
                number
                for number, masked in enumerate(seen.masked)
                if (WITH_SECTION if masked.kind else TEXT_ONLY) == name
            ]
            if not chosen:
                continue
            variant, some = self._variants[name], seen.some(chosen)
            chances = self._probabilities(name, some)
            for row, number in enumerate(chosen):
                predictions[number] = self._prediction(chances[row], variant.threshold, some.readings[row])
        return [prediction for prediction in predictions if prediction is not None]

    def _probabilities(self, name: str, seen: _Seen) -> NDArray:
        variant = self._variants[name]
        terms = self._vocabulary.rows(seen.masked)
        size = terms.shape[1]
        logits = terms @ variant.weights[:, :size].T + seen.numbers(name) @ variant.weights[:, size:].T
        return _softmax((logits + variant.intercepts) / variant.temperature)

    def _prediction(self, chances: NDArray, threshold: float | None, reading: Reading) -> Prediction:
        best = int(chances.argmax())
        role, confidence = self.roles[best], float(chances[best])
        why = reading.unreadable
        if not why and threshold is None:
            why = "no confidence of this model has earned the wanted precision"
        elif not why and threshold is not None and confidence < threshold:
            why = f"less sure than {threshold:.2f}"
        polarity, chance, words, scores = cues.suggested_polarity(reading)
        return Prediction(
            role="" if why else role,
            likeliest=role,
            confidence=confidence,
            probabilities=dict(zip(self.roles, chances.tolist(), strict=True)),
            reasons=tuple(reading.role_words.get(role, ())[: cues.MOST_REASONS]),
            polarity=polarity,
            polarity_probability=chance,
            polarity_reasons=words,
            polarity_scores=scores,
            why_abstained=why,
        )

    def seen(self, example: Example) -> tuple[bool, bool]:
        """Whether the model was trained on this sentence, and on its group. One in 10⁵ is a false yes."""
        return (
            _holds(self._seen_sentences, _short(fingerprint(example.sentence))),
            _holds(self._seen_groups, _short(example.group)),
        )

    def save(self, path) -> int:
        """Write the file in one step; returns its size in bytes. A reader sees the old or the new one."""
        path = Path(path)
        data = self.as_bytes()
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)  # noqa: S103 - a model is no secret; mkstemp allows its owner only
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return len(data)

    def as_bytes(self) -> bytes:
        content = {
            "manifest": json.dumps(self.manifest, sort_keys=True),
            "terms": "\n".join(self._vocabulary.place),
            "idf": self._vocabulary.idf,
            "seen_sentences": self._seen_sentences,
            "seen_groups": self._seen_groups,
        }
        for number, name in enumerate(VARIANTS):
            content[f"weights_{number}"] = self._variants[name].weights.astype(np.float16)
            content[f"intercepts_{number}"] = self._variants[name].intercepts
        return skops.io.dumps(content, compression=zipfile.ZIP_DEFLATED, compresslevel=9)


def load(path) -> TrainedModel:
    """The model in the file at ``path``. Executes nothing that the file holds.

    Raises DamagedModel, with a reason for a person, for a file that is missing, unreadable,
    damaged, no model of this project, or of a later format.
    """
    try:
        size = Path(path).stat().st_size
        if size > MOST_FILE_BYTES:
            raise DamagedModel(f"{path}: {size} bytes are no model of this project")
        data = Path(path).read_bytes()
    except OSError as error:
        raise DamagedModel(f"{path}: {error.strerror or error}") from error
    try:
        return _from_bytes(data)
    except DamagedModel as error:
        raise DamagedModel(f"{path}: {error}") from error
    except Exception as error:  # whatever a broken archive makes its readers raise
        raise DamagedModel(
            f"{path}: the file is damaged or no model ({type(error).__name__}: {str(error)[:200]})"
        ) from error


def _from_bytes(data: bytes) -> TrainedModel:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED_BYTES:
            raise DamagedModel("unpacked it would be too large for a model of this project")
        if "schema.json" not in archive.namelist():
            raise DamagedModel("it is an archive, but no skops file")
    if foreign := skops.io.get_untrusted_types(data=data):
        raise DamagedModel(f"it holds types that no model of this project has: {', '.join(foreign)[:200]}")
    content = skops.io.loads(data, trusted=[])
    if not isinstance(content, dict) or not isinstance(content.get("manifest"), str):
        raise DamagedModel("it is a skops file, but no model of this project")
    manifest = json.loads(content["manifest"])
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise DamagedModel("its manifest names no format")
    if manifest["format"] > FORMAT:
        raise DamagedModel(
            f"its format is {manifest['format']}; this installation reads up to {FORMAT}: update it"
        )
    made_with = {"features": features.VERSION, "cues": cues.VERSION}
    for part, version in made_with.items():
        if manifest.get(part) != version:
            raise DamagedModel(
                f"it was trained with {part} {manifest.get(part)}, here are {part} {version}: train it again"
            )
    model = _assembled(manifest, content)
    if _content_version(model) != manifest.get("version"):
        raise DamagedModel("its content is not what its version says: the file was changed or damaged")
    return model


def _assembled(manifest: dict, content: dict) -> TrainedModel:
    """The model from its parts, each checked for type, shape and finite numbers."""
    roles, terms = manifest["roles"], content["terms"].split("\n")
    if len(roles) < 2 or len(set(roles)) != len(roles) or not set(roles) <= set(ROLES):
        raise DamagedModel("its roles are not ours")
    idf = _array(content, "idf", (len(terms),), np.float32)
    variants = {}
    for number, name in enumerate(VARIANTS):
        count = len(features.TEXT_NUMBERS) + (len(features.SECTION_NUMBERS) if name == WITH_SECTION else 0)
        stated = manifest["variants"][name]
        threshold = stated["threshold"]
        variants[name] = _Variant(
            _array(content, f"weights_{number}", (len(roles), len(terms) + count), np.float16).astype(
                np.float32
            ),
            _array(content, f"intercepts_{number}", (len(roles),), np.float32),
            float(stated["temperature"]),
            None if threshold is None else float(threshold),
        )
    place = {term: number for number, term in enumerate(terms)}
    if len(place) != len(terms):
        raise DamagedModel("its vocabulary repeats a term")
    return TrainedModel(
        manifest,
        _Vocabulary(place, idf),
        variants,
        _array(content, "seen_sentences", None, np.uint32),
        _array(content, "seen_groups", None, np.uint32),
    )


def _array(content: dict, name: str, shape: tuple[int, ...] | None, kind) -> NDArray:
    array = content[name]
    if not isinstance(array, np.ndarray) or array.dtype != kind:
        raise DamagedModel(f"its {name} are not numbers of the kind {np.dtype(kind)}")
    if shape is not None and array.shape != shape:
        raise DamagedModel(f"its {name} have the shape {array.shape}, not {shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DamagedModel(f"its {name} hold a number that is not finite")
    return array


def _content_version(model: TrainedModel) -> str:
    """A name of what the model is: its weights, words and rules, whenever and wherever it was trained."""
    content = hashlib.sha256()
    stated = {key: value for key, value in model.manifest.items() if key not in ("version", "created")}
    content.update(json.dumps(stated, sort_keys=True).encode())
    content.update("\n".join(model._vocabulary.place).encode())
    content.update(model._vocabulary.idf.tobytes())
    content.update(model._seen_sentences.tobytes() + model._seen_groups.tobytes())
    for name in VARIANTS:
        content.update(model._variants[name].weights.astype(np.float16).tobytes())
        content.update(model._variants[name].intercepts.tobytes())
    return f"lr-{content.hexdigest()[:12]}"


def train(
    examples: Sequence[Example],
    *,
    created: str,
    data: Sequence[Mapping] = (),
    precision: float = PRECISION,
    seed: int = 0,
) -> TrainedModel:
    """A model fitted to the roles of ``examples``, with what it reaches on papers it did not see.

    Temperature, threshold and the metrics of the manifest come from ``FOLDS``-fold
    cross-validation over the groups; the weights from all examples. The threshold is the lowest
    at which the precision of those out-of-fold answers has a one-sided 95 % Clopper–Pearson lower
    bound of ``precision``; None where there is none, and the model then always abstains.
    ``created`` is a date, ``data`` describes where the examples come from. A role with fewer than
    ``LEAST_OF_ROLE`` examples is left out. The same examples give the same model.
    Raises TooFewLabels for fewer than ``LEAST_EXAMPLES`` examples, two roles or two groups.
    """
    counts = Counter(example.role for example in examples if example.role)
    roles = [role for role in ROLES if counts[role] >= LEAST_OF_ROLE]
    examples = [example for example in examples if example.role in roles]
    groups = np.array([example.group for example in examples], dtype=object)
    if len(roles) < 2 or len(examples) < LEAST_EXAMPLES or len(set(groups)) < 2:
        raise TooFewLabels(
            f"{len(examples)} usable labels of {len(roles)} roles in {len(set(groups))} groups; needed are "
            f"{LEAST_EXAMPLES} labels, two roles with {LEAST_OF_ROLE} labels each and two groups"
        )
    right = np.array([roles.index(example.role) for example in examples])
    seen = _Seen.of(example.sentence for example in examples)
    vocabulary = _vocabulary(seen.masked)
    variants, stated = {}, {}
    for name in VARIANTS:
        logits = _out_of_fold(name, seen, right, groups, roles, seed)
        temperature = _temperature(logits, right)
        chances = _softmax(logits / temperature)
        confidence, said = chances.max(axis=1), chances.argmax(axis=1)
        _coverage, _reached, threshold = metrics.coverage_at(confidence, said == right, precision=precision)
        labelled = np.zeros(len(right), dtype=bool) if threshold is None else confidence >= threshold
        weights, intercepts = _fitted(name, seen, right, roles, vocabulary)
        # In the file they are half as long: what is kept is what is used from the start.
        weights = weights.astype(np.float16).astype(np.float32)
        variants[name] = _Variant(weights, intercepts, temperature, threshold)
        measured = metrics.report(
            [roles[n] for n in right], [roles[n] for n in said], confidence, labelled, [*groups], seed=seed
        )
        stated[name] = {"temperature": temperature, "threshold": threshold, "out_of_fold": measured}
    manifest = {
        "format": FORMAT,
        "version": "",
        "created": created,
        "features": features.VERSION,
        "cues": cues.VERSION,
        "crosswalk": labels.CROSSWALK_VERSION,
        "roles": roles,
        "examples": len(examples),
        "groups": len(set(groups)),
        "per_role": {role: counts[role] for role in roles},
        "schemes": dict(sorted(Counter(example.scheme for example in examples).items())),
        "left_out": {role: counts[role] for role in counts if role not in roles},
        "data": [dict(row) for row in data],
        "precision_wanted": precision,
        "terms": len(vocabulary.place),
        "folds": FOLDS,
        "seed": seed,
        "variants": stated,
    }
    model = TrainedModel(
        json.loads(json.dumps(manifest)),
        vocabulary,
        variants,
        _hashes(fingerprint(example.sentence) for example in examples),
        _hashes(example.group for example in examples),
    )
    model.manifest["version"] = _content_version(model)
    return model


def _vocabulary(sentences: Sequence[Masked]) -> _Vocabulary:
    """The commonest n-grams with their weights; ties in the order of the alphabet."""
    counts: Counter[str] = Counter()
    for masked in sentences:
        counts.update(set(features.ngrams(masked)))
    least = LEAST_SENTENCES_OF_FEW if len(sentences) < FEW else LEAST_SENTENCES
    ranked = sorted((-count, term) for term, count in counts.items() if count >= least)[:MOST_TERMS]
    # A vocabulary is never empty: the file's shapes rest on it.
    terms = sorted(term for _, term in ranked) or ["the"]
    frequencies = np.array([counts[term] for term in terms])
    idf = np.log((1 + len(sentences)) / (1 + frequencies)) + 1
    return _Vocabulary({term: number for number, term in enumerate(terms)}, idf.astype(np.float32))


def _fitted(
    name: str, seen: _Seen, right: NDArray, roles: Sequence[str], vocabulary: _Vocabulary
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights and intercepts of the multinomial logistic regression that starts from the cue model.

    Minimises the cross-entropy, summed over the examples, plus half the squared distance of the
    weights from those of the cue model, divided by a strength: a Gaussian prior with the cue
    model as its mean, which scikit-learn's regression does not offer. So with no labels it is
    the cue model, and each label moves it away where it knows better. The strength is
    ``STRENGTH``, below ``FEW`` examples less in proportion.
    """
    terms = vocabulary.rows(seen.masked)
    numbers = seen.numbers(name) * NUMBERS_WEIGHT
    rows = sparse.hstack([terms, sparse.csr_matrix(numbers), np.ones((len(right), 1))]).tocsr()
    columns = rows.T.tocsr()
    middle = np.zeros((len(roles), rows.shape[1]))
    first = terms.shape[1] + (numbers.shape[1] - len(ROLES) if name == WITH_SECTION else 0)
    for number, role in enumerate(roles):
        middle[number, first + ROLES.index(role)] = features.POINTS_IN_ONE * cues.ROLE_SCALE / NUMBERS_WEIGHT
        if name == TEXT_ONLY:  # the other's scores hold the start already
            middle[number, -1] = cues.ROLE_START[role] * cues.ROLE_SCALE
    strength = STRENGTH * min(1.0, len(right) / FEW)
    is_right = np.zeros((len(right), len(roles)))
    is_right[np.arange(len(right)), right] = 1

    def loss(flat: NDArray) -> tuple[float, NDArray]:
        away = flat.reshape(middle.shape)
        chances = _softmax(rows @ (middle + away).T)
        fit = -np.log(np.maximum(chances[is_right > 0], 1e-300)).sum()
        slope = (columns @ (chances - is_right)).T + away / strength
        return float(fit + (away**2).sum() / (2 * strength)), slope.ravel()

    found = optimize.minimize(
        loss, np.zeros(middle.size), jac=True, method="L-BFGS-B", options={"maxiter": 300, "ftol": 1e-7}
    )
    weights = (middle + found.x.reshape(middle.shape)).astype(np.float32)
    size = terms.shape[1]
    weights[:, size:-1] *= NUMBERS_WEIGHT
    return weights[:, :-1], weights[:, -1].copy()


def _out_of_fold(
    name: str, seen: _Seen, right: NDArray, groups: NDArray, roles: Sequence[str], seed: int
) -> NDArray[np.float64]:
    """Logits of each example from a model that saw no example of its group."""
    logits = np.zeros((len(right), len(roles)))
    for train_on, test_on in _folds(groups, seed):
        some = seen.some(train_on)
        vocabulary = _vocabulary(some.masked)
        weights, intercepts = _fitted(name, some, right[train_on], roles, vocabulary)
        asked = seen.some(test_on)
        size = len(vocabulary.place)
        logits[test_on] = (
            vocabulary.rows(asked.masked) @ weights[:, :size].T
            + asked.numbers(name) @ weights[:, size:].T
            + intercepts
        )
    return logits


def _folds(groups: NDArray, seed: int) -> Iterable[tuple[NDArray, NDArray]]:
    """(train on, test on) for each fold; no group is in both. Folds of about the same size."""
    names, sizes = np.unique(groups.astype(str), return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    folds = min(FOLDS, len(names))
    filled = np.zeros(folds, dtype=int)
    fold_of = {}
    for number in order:
        smallest = int(filled.argmin())
        fold_of[names[number]] = smallest
        filled[smallest] += sizes[number]
    folded = np.array([fold_of[str(group)] for group in groups])
    for fold in range(folds):
        yield np.flatnonzero(folded != fold), np.flatnonzero(folded == fold)


def _temperature(logits: NDArray, right: NDArray) -> float:
    """The temperature that makes the right roles likeliest (Guo et al. 2017, section 4.2)."""

    def loss(log_temperature: float) -> float:
        chances = _softmax(logits / np.exp(log_temperature))
        return -float(np.log(np.maximum(chances[np.arange(len(right)), right], 1e-12)).mean())

    found = optimize.minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded")
    return float(np.exp(found.x))


def _softmax(logits: NDArray) -> NDArray:
    logits = logits - logits.max(axis=1, keepdims=True)
    weights = np.exp(logits)
    return weights / weights.sum(axis=1, keepdims=True)


def _short(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=4).digest(), "big")


def _hashes(texts: Iterable[str]) -> NDArray[np.uint32]:
    return np.array(sorted({_short(text) for text in texts}), dtype=np.uint32)


def _holds(hashes: NDArray[np.uint32], value: int) -> bool:
    place = int(np.searchsorted(hashes, np.uint32(value)))
    return place < len(hashes) and int(hashes[place]) == value
