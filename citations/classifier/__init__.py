"""Citing sentence -> role, polarity suggestion, confidence, reasons. Pure: no database, no settings.

``sentences``    what is read, and the masking of its citations
``predictions``  what a labeller answers, and what a labeller is
``cues``         the hand-written model; works without any training and without any extra
``features``     what a trained model sees of a sentence
``trained``      fitting, calibrating, saving and loading a model (the extra ``classifier``)
``metrics``      how good a labeller is, with intervals
``evaluation``   a labeller measured on labelled sentences
``corpora``      labelled sentences from files
``card``         the model card
``learning``     how good a model is with so many labels, and what more would bring

``labeller()`` gives the one to use. Which labels count, and where they are written, is the
business of ``citations/assertions.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from citations.classifier.cues import CueModel
from citations.classifier.predictions import Labeller


@dataclass(frozen=True, slots=True)
class Chosen:
    """A labeller, and why it is this one, in a sentence."""

    labeller: Labeller
    why: str


def labeller(path=None) -> Chosen:
    """The trained model in the file at ``path``, else the cue model. Never raises for a bad file."""
    if not path:
        return Chosen(CueModel(), "no model file is named: the cue model reads")
    if not Path(path).exists():
        return Chosen(CueModel(), f"{path}: there is no such file: the cue model reads")
    try:
        from citations.classifier import trained
    except ImportError as error:
        return Chosen(
            CueModel(),
            f"a trained model needs the extra 'classifier' ({error}): the cue model reads",
        )
    try:
        model = trained.load(path)
    except trained.DamagedModel as error:
        return Chosen(CueModel(), f"{error}: the cue model reads")
    return Chosen(model, f"the trained model {model.version} of {path} reads")
