"""What templates may use: the components, words and numbers, and helpers of forms and pages.

No tag reads the database: rows come prepared by ``hub.py`` and the views.
"""

import re

from django import template
from django.conf import settings
from django.urls import get_script_prefix
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from citations.labels import ROLE_ORDER, Polarity, Role
from explorer import components, controls
from explorer.facets import DEPTH_LABELS
from explorer.hub import NOT_LABELS
from papers.addresses import address

register = template.Library()

LINE_START = re.compile(r"\n\s+")

for component in (
    components.citation_chips,
    components.citing_items,
    components.claim_item,
    components.co_cited_work,
    components.excerpt,
    components.facet,
    components.funnel_bar,
    components.icon,
    components.paper_chips,
    components.paper_facts,
    components.paper_line,
    components.page_nav,
    components.polarity_chip,
    components.representative,
    components.role_chip,
    components.sentence,
    components.share_bar,
    components.share_cell,
    components.share_row,
    components.summary_line,
    components.title_link,
    components.word_chip,
    components.word_share,
):
    register.simple_tag(component, name=component.__name__)
for control in (
    controls.check_controls,
    controls.choice_control,
    controls.kept_inputs,
    controls.text_control,
):
    register.simple_tag(control, name=control.__name__)
register.simple_tag(address, name="address")
register.filter("count", components.count)
register.filter("percentage", components.percentage)
register.filter("lang_attr", components.lang_attr)
register.filter("sign", components.sign)
register.filter("percent", components.whole_percent)
register.filter("source_title", components.source_title)


# -- the site -----------------------------------------------------------------------------------


@register.simple_tag
def library_name():
    """The name of this installation."""
    return settings.LIBRARY_NAME


@register.simple_tag
def contact_email():
    """Whom readers may write to; empty where nobody is named."""
    return settings.CONTACT_EMAIL


class Tight(template.Node):
    def __init__(self, nodes):
        self.nodes = nodes

    def render(self, context):
        return LINE_START.sub("\n", self.nodes.render(context))


@register.tag
def tight(parser, _token):
    """``{% tight %}…{% endtight %}``: without indentation and blank lines, a fifth of a page's weight."""
    nodes = parser.parse(("endtight",))
    parser.delete_first_token()
    return Tight(nodes)


class SameWords(template.Node):
    def __init__(self, nodes):
        self.nodes, self.made = nodes, {}

    def render(self, context):
        key = get_language(), get_script_prefix()
        if key not in self.made:
            self.made[key] = self.nodes.render(context.new({}))
        return self.made[key]


@register.tag
def same_words(parser, _token):
    """``{% same_words %}…{% endsame_words %}``: what every page says alike is made once for each language.

    Nothing of the page can be used within: it is rendered without a context.
    """
    nodes = parser.parse(("endsame_words",))
    parser.delete_first_token()
    return SameWords(nodes)


# -- words and numbers --------------------------------------------------------------------------


@register.filter
def stamp(moment):
    """A moment for machines, in the attribute ``datetime``: to the second, which is what HTML allows."""
    return moment.isoformat(timespec="seconds") if moment else ""


@register.filter
def word_label(word, dimension):
    """The label of a role or a polarity."""
    return components.label_of(components.WORDS_OF[dimension], word)


@register.filter
def depth_label(depth):
    return DEPTH_LABELS.get(depth, "")


@register.filter
def crosswalk_words(ours):
    """The right side of a crosswalk row in words: "comparison, supports"; "nothing" where empty."""
    words = [word.rpartition(":")[2] for word in ours.split()]
    labels = [components.label_of(Role if word in Role.values else Polarity, word) for word in words]
    return ", ".join(map(str, labels)) or _("nothing")


@register.simple_tag
def role_key():
    """[(word, label)] of all that a bar of roles shows, in its order."""
    return [*((str(role), role.label) for role in ROLE_ORDER), *NOT_LABELS.items()]


# -- forms and pages ------------------------------------------------------------------------------


@register.filter
def chip_words(chips, index):
    """The words of one active filter, as in "Role “method”"."""
    name, value, _url = chips[index]
    return _("%(name)s “%(value)s”") % {"name": name, "value": value}
