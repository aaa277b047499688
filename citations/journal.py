"""A journal of changes to rows: each step is done and written down at once, and can be taken back.

Knows rows, columns and keys of any model, and nothing of papers. What a merge does and
when it may be undone is ``merging.py``'s.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.apps import apps
from django.db import models
from django.utils.dateparse import parse_datetime


class Changed(Exception):
    """A step cannot be taken back: its rows are not where it left them. Names the kind of row."""


class Journal:
    """Steps, in order, as plain data that JSON takes::

    ["move", model, column, before, after, [key, …]]
    ["change", model, key, {column: [before, after]}]
    ["delete", model, [{column: value}, …]]
    ["create", model, key]
    """

    def __init__(self, steps=()):
        self.steps = list(steps)

    # -- forwards ------------------------------------------------------------------------------

    def move(self, moves):
        """Set columns of rows: (row, {column: new value}) each. Rows that move alike share a query."""
        groups = defaultdict(list)
        for row, columns in moves:
            for column, after in columns.items():
                if getattr(row, column) != after:
                    groups[row._meta.label_lower, column, getattr(row, column), after].append(row.pk)
        for (label, column, before, after), keys in groups.items():
            apps.get_model(label).objects.filter(pk__among=keys).update(**{column: after})
            self.steps.append(["move", label, column, before, after, keys])

    def change(self, row, **columns):
        """Set ``columns`` of one row, where they differ."""
        before = {name: getattr(row, name) for name in columns}
        differing = {name: value for name, value in columns.items() if before[name] != value}
        if differing:
            type(row).objects.filter(pk=row.pk).update(**differing)
            for name, value in differing.items():
                setattr(row, name, value)
            self.note_changes(row, before, differing)

    def note_changes(self, row, before, after):
        """Write down that columns of a row changed, which the caller has saved or will save."""
        columns = {
            name: [_plain(before[name]), _plain(value)]
            for name, value in after.items()
            if before[name] != value
        }
        self.steps.append(["change", row._meta.label_lower, row.pk, columns])

    def delete(self, rows):
        """Set whole rows of one model aside. Raises RuntimeError if anything still hangs on one."""
        if not rows:
            return
        model = type(rows[0])
        columns = [column.attname for column in model._meta.concrete_fields]
        plain = [{name: _plain(getattr(row, name)) for name in columns} for row in rows]
        _total, gone = model.objects.filter(pk__among=[row.pk for row in rows]).delete()
        if set(gone) - {model._meta.label}:
            raise RuntimeError(f"deleting {model._meta.label} would take {gone} along")
        self.steps.append(["delete", model._meta.label_lower, plain])

    def create(self, row):
        row.save(force_insert=True)
        self.steps.append(["create", row._meta.label_lower, row.pk])

    # -- backwards -----------------------------------------------------------------------------

    def revert(self):
        """Take every step back, the last one first.

        A changed column that holds a newer word keeps it; rows get their old keys and times.
        Raises Changed when a row that was moved has been moved on or is gone, and lets
        IntegrityError through when a row set aside no longer fits.
        """
        restored = self._restored()
        for number, (kind, label, *step) in reversed(list(enumerate(self.steps))):
            model = apps.get_model(label)
            if kind == "move":
                _move_back(model, *step)
            elif kind == "change":
                _change_back(model, *step)
            elif kind == "create":
                model.objects.filter(pk=step[0]).delete()
            for row in restored.get(number, ()):
                # Raw: times of creation are kept, and no history is written of a row that was never away.
                row.save_base(raw=True, force_insert=True)

    def _restored(self):
        """Number of the step -> the rows it set aside, unsaved, as they can be today."""
        restored = {
            number: [_row(apps.get_model(step[1]), columns) for columns in step[2]]
            for number, step in enumerate(self.steps)
            if step[0] == "delete"
        }
        _drop_dead_ends([row for rows in restored.values() for row in rows])
        return restored

    # -- what it speaks of -----------------------------------------------------------------------

    def deleted(self, model):
        """The rows of ``model`` that were set aside, as ``{column: value}``."""
        label = model._meta.label_lower
        return [row for step in self.steps if step[:2] == ["delete", label] for row in step[2]]

    def models(self):
        """The models whose rows it touched."""
        return [apps.get_model(label) for label in sorted({step[1] for step in self.steps})]

    def rows(self):
        """(model's label, key) of every row that was touched, or that took another in."""
        touched = set()
        for kind, label, *step in self.steps:
            model = apps.get_model(label)
            if kind == "move":
                column, before, after, keys = step
                target = model._meta.get_field(column).related_model._meta.label_lower
                touched |= {(target, before), (target, after), *((label, key) for key in keys)}
            elif kind == "delete":
                touched |= {(label, row[model._meta.pk.attname]) for row in step[0]}
            else:
                touched.add((label, step[0]))
        return touched

    def referred_to(self, model):
        """Keys of rows of ``model`` that the rows set aside refer to."""
        keys = set()
        for referring in self.models():
            names = [column.attname for column in references(referring) if column.related_model is model]
            keys |= {row[name] for row in self.deleted(referring) for name in names}
        return keys - {None}


def references(model):
    """The foreign keys of a model."""
    return [column for column in model._meta.concrete_fields if isinstance(column, models.ForeignKey)]


def alive(model, keys):
    """Those of the primary keys that have a row, as a set. One query."""
    return set(model.objects.filter(pk__among=list(keys)).values_list("pk", flat=True))


def _move_back(model, column, before, after, keys):
    back = model.objects.filter(pk__among=keys, **{column: after}).update(**{column: before})
    if back != len(keys):
        raise Changed(model._meta.verbose_name_plural)


def _change_back(model, key, columns):
    row = model.objects.filter(pk=key).first()
    back = {}
    for name, (before, after) in columns.items() if row else ():
        value = _plain(getattr(row, name))
        if isinstance(value, dict):
            kept = {part: word for part, word in value.items() if after.get(part) != word or part in before}
            kept |= {part: word for part, word in before.items() if value.get(part) == after.get(part)}
            back[name] = kept
        elif value == after:
            back[name] = _value(model._meta.get_field(name), before)
    if back:
        model.objects.filter(pk=key).update(**back)


def _plain(value):
    return value.isoformat() if isinstance(value, datetime) else value


def _value(column, plain):
    return parse_datetime(plain) if isinstance(column, models.DateTimeField) and plain else plain


def _row(model, columns):
    known = {column.attname: column for column in model._meta.concrete_fields}
    return model(**{name: _value(known[name], plain) for name, plain in columns.items() if name in known})


def _drop_dead_ends(rows):
    """Clear optional references to rows that are gone by now, such as a curator's account."""
    back = {(type(row), row.pk) for row in rows}
    for model in {type(row) for row in rows}:
        for column in references(model):
            if not column.null:
                continue
            name = column.attname
            pointing = [row for row in rows if type(row) is model and getattr(row, name) is not None]
            there = alive(column.related_model, {getattr(row, name) for row in pointing})
            for row in pointing:
                if getattr(row, name) not in there and (column.related_model, getattr(row, name)) not in back:
                    setattr(row, name, None)
