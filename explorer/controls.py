"""The controls of a filter form, from the table of its parameters: as functions from a Query to safe HTML.

``hub_tags`` hands them to templates. A control is named, labelled and helped as its ``facets.Parameter`` says
and shows what the Query holds, so that a form and the address never differ.
"""

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from explorer.components import NOTHING, count, join, markup

# Kind of a parameter -> what its box is like.
BOXES = {
    "text": {"type": "search", "maxlength": 300},
    "year": {"inputmode": "numeric", "pattern": "[0-9]{1,4}", "size": 5},
    "percent": {"inputmode": "numeric", "pattern": "[0-9]{1,3}", "size": 5},
    "many": {"maxlength": 300},
}


def text_control(query, name, helped=False, offered=()):
    """A box for one value. ``helped``: with its help below; ``offered``: values that a browser suggests.

    A parameter that may be repeated gets an empty box for one more value: those it has are chips.
    """
    parameter = query.table[name]
    given = "" if parameter.kind == "many" else (query.many(name) or [""])[0]
    attributes = {"name": name, "value": given, **BOXES[parameter.kind]}
    if helped:
        attributes["aria-describedby"] = f"help-{name}"
    if offered:
        attributes["list"] = f"list-{name}"
    return _control(
        parameter,
        markup(
            '<input id="filter-{}"{}>{}{}',
            name,
            join(markup(' {}="{}"', *pair) for pair in attributes.items()),
            markup('<span class="help" id="help-{}">{}</span>', name, parameter.help) if helped else NOTHING,
            markup(
                '<datalist id="list-{}">{}</datalist>', name, _options((one, "", False) for one in offered)
            )
            if offered
            else NOTHING,
        ),
    )


def choice_control(query, name, values=(), given=""):
    """A choice of one value; ``values``: its FacetValues, for their counts.

    What holds without a choice comes first: "include" or the default where the parameter has one, else "any".
    ``given``: what holds where that depends on other parameters.
    """
    parameter = query.table[name]
    fixed, given = bool(given or parameter.default), given or query.one(name)
    options = [(value, label, value == given) for value, label in parameter.choices]
    if values:
        options = [
            (
                one.value,
                one.label if one.value == "include" else f"{one.label} ({count(one.count)})",
                one.selected,
            )
            for one in values
        ]
    if options and options[0][0] == "include":
        options[0] = ("", parameter.choices[0][1], False)
    elif not fixed:
        options = [("", _("any"), False), *options]
    select = '<select id="filter-{0}" name="{0}">{1}</select>'
    return _control(parameter, markup(select, name, _options(options)))


def check_controls(query, name):
    """A box to tick for each value of a parameter that may be repeated."""
    parameter, given = query.table[name], query.many(name)
    return markup(
        "<fieldset><legend>{}</legend>{}</fieldset>",
        parameter.label,
        join(
            markup(
                '<label class="check"><input type="checkbox" name="{}" value="{}"{}> {}</label>',
                name,
                value,
                SafeString(" checked") if value in given else NOTHING,
                label,
            )
            for value, label in parameter.choices
        ),
    )


def kept_inputs(query, shown):
    """Hidden inputs for a Query's values that a form does not show itself.

    ``shown``: the names that it does show, with blanks between.
    """
    apart = {*shown.split(), "page"}
    return join(
        markup('<input type="hidden" name="{}" value="{}">', name, value)
        for name, values in query.values.items()
        if name not in apart
        for value in values
    )


def _control(parameter, box):
    return markup(
        '<p class="control"><label for="filter-{}">{}</label>{}</p>', parameter.name, parameter.label, box
    )


def _options(options):
    return join(
        markup(
            '<option value="{}"{}>{}</option>', value, SafeString(" selected") if chosen else NOTHING, label
        )
        for value, label, chosen in options
    )
