"""JATS full text: metadata, reference lists, and the sentences that cite each entry."""

import io

import pytest

from papers.importers import jats
from papers.importers.source import Source
from papers.records import NoticeRecord
from tests.papers.importers.reading import citing, sentences, sorted_out

NAME = "On the <italic>tides</italic> of a made-up lake"
TITLE = f"<title-group><article-title>{NAME}</article-title></title-group>"
DOI = '<article-id pub-id-type="doi">10.5555/tide.1</article-id>'


def ref(number, inner=None, label=True):
    inner = inner or f"<mixed-citation>Fern B. Work number {number}. 2001.</mixed-citation>"
    return f'<ref id="b{number}">{f"<label>{number}</label>" if label else ""}{inner}</ref>'


def cite(number, words=None):
    return f'<xref ref-type="bibr" rid="b{number}">{number if words is None else words}</xref>'


def article(
    body="", meta="", refs=8, back="", attributes='article-type="research-article" xml:lang="en"', front=""
):
    entries = "".join(ref(number) for number in range(1, refs + 1)) if isinstance(refs, int) else refs
    return f"""<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML"
        {attributes}><front>{front}<article-meta>{DOI}{TITLE}{meta}</article-meta></front>
        <body>{body}</body><back>{back}<ref-list>{entries}</ref-list></back></article>"""


def read(xml):
    return sorted_out(jats.read(Source(io.BytesIO(xml if isinstance(xml, bytes) else xml.encode())), {}))


def read_one(*args, **options):
    [record], problems = read(article(*args, **options))
    assert problems == []
    return record


# In-text citations


def test_each_cited_entry_gets_the_sentence_with_its_own_marker():
    words = f"<p>Lakes move [{cite(1)}, {cite(2)}]. Ponds do not [{cite(3)}].</p>"
    body = f"<sec><title>Results</title>{words}</sec>"
    assert citing(read_one(body)) == {
        1: [("Lakes move [{1}, 2].", 2, "Results")],
        2: [("Lakes move [1, {2}].", 2, "Results")],
        3: [("Ponds do not [{3}].", 1, "Results")],
    }


@pytest.mark.parametrize(
    "markers, spans",
    [
        # brackets inside and outside, hyphen and dashes, white space, one element for all
        (cite(3, "[3]") + "–" + cite(7, "[7]"), "[3]–[7]"),
        (cite(3, "[3]") + "-" + cite(7, "[7]"), "[3]-[7]"),
        ("[" + cite(3) + "–" + cite(7) + "]", "3–7"),
        ("[" + cite(3) + " &#x2014; " + cite(7) + "]", "3 — 7"),
        ("<sup>" + cite(3) + "−" + cite(7) + "</sup>", "3−7"),
        (f"{cite(3, '<sup>3</sup>')}<sup>–</sup>{cite(7, '<sup>7</sup>')}", "3–7"),
    ],
)
def test_a_numeric_range_cites_all_entries_between_its_ends(markers, spans):
    found = citing(read_one(f"<p>Lakes were measured {markers} before.</p>"))
    assert sorted(found) == [3, 4, 5, 6, 7]
    assert {size for cited in found.values() for _sentence, size, _section in cited} == {5}
    assert f"{{{spans}}}" in found[5][0][0]


def test_a_range_within_one_element_cites_all_its_entries():
    found = citing(read_one(f"<p>Lakes were measured [{cite(3, '3–5')}] before.</p>"))
    assert {number: cited[0][:2] for number, cited in found.items()} == dict.fromkeys(
        [3, 4, 5], ("Lakes were measured [{3–5}] before.", 3)
    )


def test_a_range_whose_second_end_is_not_tagged_cites_all_its_entries():
    found = citing(read_one(f"<p>Lakes were measured [1, {cite(3)}–6] before.</p>"))
    assert {number: cited[0][:2] for number, cited in found.items()} == {
        3: ("Lakes were measured [1, {3}–6] before.", 4),
        **dict.fromkeys([4, 5, 6], ("Lakes were measured [1, {3–6}] before.", 4)),
    }


@pytest.mark.parametrize(
    "markers, marked",
    [
        (f"<sup>{cite(3)}–6</sup>", "3–6"),
        (f"<sup>1,{cite(3)}-6</sup>,", "3-6"),
        (f"{cite(3, '[3]')}–[6]", "[3]–[6]"),
        (f"({cite(3)}–6)", "3–6"),
    ],
)
def test_an_untagged_end_is_found_raised_and_in_brackets_of_its_own(markers, marked):
    found = citing(read_one(f"<p>Lakes were measured {markers} before.</p>"))
    assert sorted(found) == [3, 4, 5, 6]
    assert f"{{{marked}}}" in found[5][0][0]


@pytest.mark.parametrize("words", ["[3–99]", "[5–2]", "in 3–6 lakes", "[3 – a]"])
def test_what_only_looks_like_a_range_is_none(words):
    marked = words.replace("3", cite(3), 1).replace("5", cite(5), 1)
    assert len(citing(read_one(f"<p>Lakes were measured {marked} before.</p>"))) == 1


def test_an_element_with_several_targets_cites_them_all():
    xref = '<xref ref-type="bibr" rid="b2 b4">2,4</xref>'
    assert sentences(read_one(f"<p>Lakes move [{xref}].</p>")) == dict.fromkeys(
        [2, 4], ["Lakes move [{2,4}]."]
    )


@pytest.mark.parametrize(
    "first, last", [("2001", "2005"), ("1", "2005"), ("3", "5"), ("1", "4"), ("e1", "e5")]
)
def test_a_dash_between_anything_but_list_numbers_is_no_range(first, last):
    body = f"<p>Fern measured lakes ({cite(1, first)}–{cite(5, last)}).</p>"
    assert sorted(citing(read_one(body))) == [1, 5]


def test_a_range_without_labels_goes_by_the_order_of_the_list():
    refs = "".join(ref(number, label=False) for number in range(1, 6))
    assert sorted(citing(read_one(f"<p>Lakes move [{cite(2)}–{cite(4)}].</p>", refs=refs))) == [2, 3, 4]


def test_a_sentence_that_cites_an_entry_twice_is_one_context_with_the_first_marker():
    body = f"<p>Lakes move [{cite(1)}] and ponds too [{cite(1)}].</p>"
    assert sentences(read_one(body)) == {1: ["Lakes move [{1}] and ponds too [1]."]}


@pytest.mark.parametrize(
    "markers, sizes",
    [
        (f"[{cite(1)}] and [{cite(2)}]", [2, 2]),
        (f"({cite(1, 'Fern, 2001')}; see also {cite(2, 'Moss et al., 2002')})", [2, 2]),
        (f"by Fern [{cite(1)}] and by Moss [{cite(2)}]", [1, 1]),
        (f"<sup>{cite(1)},{cite(2)}-{cite(4)}</sup>", [4, 4, 4, 4]),
    ],
)
def test_group_size_counts_the_entries_of_one_marker_group(markers, sizes):
    found = citing(read_one(f"<p>Lakes were measured {markers} before.</p>"))
    assert [cited[0][1] for cited in found.values()] == sizes


@pytest.mark.parametrize(
    "markers, shown",
    [
        (f"<sup>{cite(1)},{cite(2)}</sup>", "Lakes move.{1},2"),
        (f"<sup>[{cite(1)}]</sup>", "Lakes move.[{1}]"),
        (f"[{cite(1)}]", "Lakes move.[{1}]"),
        (f" [{cite(1)}]", "Lakes move. [{1}]"),
        (cite(1, "<sup>1</sup>"), "Lakes move.{1}"),
    ],
)
def test_a_marker_after_the_full_stop_belongs_to_the_sentence_before(markers, shown):
    found = sentences(read_one(f"<p>Lakes move.{markers} Ponds stand still. Rivers run.</p>"))
    assert found[1] == [shown]


@pytest.mark.parametrize("after", ["saw it", "Lake Ink saw it"])
def test_a_marker_after_an_abbreviation_begins_and_ends_no_sentence(after):
    found = sentences(read_one(f"<p>The boat of Fern et al. [{cite(1)}] {after} too.</p>"))
    assert found == {1: [f"The boat of Fern et al. [{{1}}] {after} too."]}


def test_a_name_after_the_full_stop_belongs_to_its_own_sentence():
    body = f"<p>Lakes move. {cite(1, 'Fern (2001)')} saw it first.</p>"
    assert sentences(read_one(body)) == {1: ["{Fern (2001)} saw it first."]}


def test_a_raised_marker_is_set_apart_from_a_number_before_it():
    found = sentences(read_one(f"<p>It rained in 2001<sup>{cite(3)}</sup> and after.</p>"))
    assert found == {3: ["It rained in 2001 {3} and after."]}


def test_an_abbreviation_within_a_marker_ends_no_sentence():
    body = f"<p>Lakes move ({cite(1, 'Moss et al. 2001. Tides')}) and ponds do not.</p>"
    assert sentences(read_one(body)) == {1: ["Lakes move ({Moss et al. 2001. Tides}) and ponds do not."]}


def test_an_empty_marker_shows_the_number_of_its_entry():
    body = '<p>Lakes move <xref ref-type="bibr" rid="b2"/>.</p>'
    assert sentences(read_one(body)) == {2: ["Lakes move {[2]}."]}


def test_neighbouring_sentences_stay_within_the_paragraph():
    body = f"<p>First one. Lakes move [{cite(1)}]. Last one.</p><p>Ponds stand still [{cite(2)}].</p>"
    record = read_one(body)
    [first], [second] = record.references[0].contexts, record.references[1].contexts
    assert (first.before, first.after) == ("First one.", "Last one.")
    assert (second.before, second.after) == ("", "")
    assert (first.position, second.position) == (1, 3)


@pytest.mark.parametrize(
    "body, section",
    [
        ("<sec><title>Methods</title><sec><title>Boats</title>{p}</sec></sec>", "Methods"),
        ("<sec><sec><title>Boats</title>{p}</sec></sec>", "Boats"),
        ("<sec><title/><sec><title>Boats</title>{p}</sec></sec>", "Boats"),
        ("<sec><title>Methods</title><p>One.</p></sec>{p}", ""),
        ("<sec><title><bold>Results</bold> &amp; more</title>{p}</sec>", "Results & more"),
    ],
)
def test_the_section_is_the_outermost_title(body, section):
    record = read_one(body.format(p=f"<p>Lakes move [{cite(1)}].</p>"))
    assert record.references[0].contexts[0].section == section


@pytest.mark.parametrize(
    "body, sentence",
    [
        ("<list><list-item><label>1</label><p>Lakes move {x}.</p></list-item></list>", "Lakes move {1}."),
        (
            "<fig><label>Figure 1</label><caption><title>Lakes {x}.</title><p>More.</p></caption></fig>",
            "Lakes {1}.",
        ),
        ("<p>Before.<disp-quote><p>Lakes move {x}.</p></disp-quote>After.</p>", "Lakes move {1}."),
        ("<boxed-text><p>Lakes move {x}.</p></boxed-text>", "Lakes move {1}."),
        (
            "<table-wrap><table><tr><th>Lake</th><th>Source</th></tr>"
            "<tr><td>Lake Ink</td><td>{x}</td></tr></table></table-wrap>",
            "Lake Ink | {1}",
        ),
        (
            "<table-wrap><table-wrap-foot><fn><p>After {x}.</p></fn></table-wrap-foot></table-wrap>",
            "After {1}.",
        ),
        ("<p>Lakes<fn><label>a</label><p>As seen {x}.</p></fn> move.</p>", "As seen {1}."),
        (
            "<def-list><def-item><term>Lake</term><def><p>Water {x}.</p></def></def-item></def-list>",
            "Water {1}.",
        ),
    ],
)
def test_citations_outside_of_paragraphs_are_found(body, sentence):
    assert sentences(read_one(body.replace("{x}", cite(1)))) == {1: [sentence]}


def test_a_figure_anchored_within_a_sentence_does_not_cut_it():
    figure = f"<fig><caption><p>A drawn lake [{cite(2)}].</p></caption></fig>"
    found = sentences(read_one(f"<p>Lakes move {figure}as was seen [{cite(1)}].</p>"))
    assert found == {1: ["Lakes move as was seen [{1}]."], 2: ["A drawn lake [{2}]."]}


def test_citations_in_the_abstract_count_with_its_name():
    record = read_one(meta=f"<abstract><title>Abstract</title><p>Lakes move [{cite(1)}].</p></abstract>")
    assert citing(record) == {1: [("Lakes move [{1}].", 1, "Abstract")]}
    assert record.abstract == "Lakes move [1]."


def test_back_matter_is_read_but_the_reference_list_is_not():
    back = f"<ack><p>We thank Fern [{cite(1)}].</p></ack>"
    refs = ref(1) + ref(2, f"<mixed-citation>Moss C. Ponds, after {cite(1)}.</mixed-citation>")
    record = read_one(back=back, refs=refs)
    assert citing(record) == {1: [("We thank Fern [{1}].", 1, "Acknowledgements")]}


@pytest.mark.parametrize(
    "formula, shown",
    [
        ("<mml:math><mml:mi>x</mml:mi><mml:mo>=</mml:mo><mml:mn>2</mml:mn></mml:math>", "x=2"),
        (r"<tex-math>\begin{document}$x$\end{document}</tex-math>", "[formula]"),
        ("<alternatives><inline-graphic/><tex-math>$x$</tex-math></alternatives>", "[formula]"),
        ("<alternatives><tex-math>$y$</tex-math><mml:math><mml:mi>y</mml:mi></mml:math></alternatives>", "y"),
        ("<italic>z</italic> &lt; 3", "z < 3"),
    ],
)
def test_formulas_stay_short_and_readable(formula, shown):
    body = f"<p>Here <inline-formula>{formula}</inline-formula> holds [{cite(1)}].</p>"
    assert sentences(read_one(body)) == {1: [f"Here {shown} holds [{{1}}]."]}


def test_a_citation_of_an_unknown_entry_is_a_warning_with_its_line():
    [record], problems = read(article(f"<p>\nLakes move [{cite(99)}, {cite(99)}, {cite(1)}].</p>"))
    assert sentences(record) == {1: ["Lakes move [99, 99, {1}]."]}
    [problem] = problems
    assert '"b99", which is not in the reference list' in problem.reason
    assert not problem.skipped and problem.line == 4


# The reference list


def only_reference(inner):
    return read_one(refs=f'<ref id="b1"><label>1.</label>{inner}</ref>').references[0]


def test_a_tagged_entry_is_read_field_by_field():
    reference = only_reference("""<element-citation publication-type="journal">
        <person-group person-group-type="author"><name><surname>Fern</surname
    ><given-names>B</given-names></name>
        <collab>The Lake Group</collab></person-group><person-group person-group-type="editor"><name>
        <surname>Moss</surname><given-names>C</given-names></name></person-group><year>2001a</year>
        <article-title>Lakes and <italic>spoons</italic></article-title><source>J Invent Waters</source>
        <pub-id pub-id-type="doi">10.5555/SPOON</pub-id><pub-id pub-id-type="pmid">123</pub-id>
        <pub-id pub-id-type="pmc">456</pub-id></element-citation>""")
    assert reference.identifiers == {"doi": "10.5555/spoon", "pmid": "123", "pmcid": "PMC456"}
    assert (reference.title, reference.venue, reference.year) == ("Lakes and spoons", "J Invent Waters", 2001)
    assert [(a.name, a.family, a.given) for a in reference.authors] == [
        ("B Fern", "Fern", "B"),
        ("The Lake Group", "", ""),
    ]
    assert reference.raw.startswith("Fern B The Lake Group")
    assert reference.contexts == []


@pytest.mark.parametrize("tag", ["mixed-citation", "nlm-citation", "citation"])
def test_a_printed_entry_keeps_its_words(tag):
    name = "<name><surname>Fern</surname><given-names>B</given-names></name>"
    reference = only_reference(f"""<{tag}><label>1</label>{name}.\n <article-title>Lakes</article-title>.
        <source>J Inv</source> <year>2001</year>; 3.</{tag}>""")
    assert reference.raw == "Fern B. Lakes. J Inv 2001; 3."
    assert (reference.title, reference.venue, reference.year) == ("Lakes", "J Inv", 2001)


@pytest.mark.parametrize(
    "inner, identifiers",
    [
        (
            'doi: <ext-link ext-link-type="uri" xlink:href="https://doi.org/10.5555/A">here</ext-link>',
            {"doi": "10.5555/a"},
        ),
        ("Fern B. Lakes. doi:10.5555/plain.", {"doi": "10.5555/plain"}),
        ("Fern B. Lakes. https://doi.org/10.5555/url", {"doi": "10.5555/url"}),
        ("Fern B. Lakes. arXiv:2101.00001.", {"arxiv": "2101.00001"}),
        ('<object-id pub-id-type="pmid">77</object-id>', {"pmid": "77"}),
        ('<pub-id pub-id-type="doi">none</pub-id> Fern B.', {}),
        ('See <ext-link xlink:href="https://example.org/a">the site</ext-link>', {}),
    ],
)
def test_identifiers_of_an_entry_are_found_where_publishers_put_them(inner, identifiers):
    assert only_reference(f"<mixed-citation>{inner}</mixed-citation>").identifiers == identifiers


@pytest.mark.parametrize(
    "kind, inner, title, venue",
    [
        ("book", "<source>A Book of Lakes</source>", "A Book of Lakes", ""),
        ("book", "<chapter-title>Ponds</chapter-title><source>Lakes</source>", "Ponds", "Lakes"),
        ("journal", "<source>J Invent Waters</source><volume>3</volume>", "", "J Invent Waters"),
    ],
)
def test_a_book_has_a_title_and_a_journal_is_none(kind, inner, title, venue):
    reference = only_reference(f'<element-citation publication-type="{kind}">{inner}</element-citation>')
    assert (reference.title, reference.venue) == (title, venue)


def test_citation_alternatives_are_one_work_and_several_citations_are_several():
    tagged = "<element-citation><article-title>Lakes</article-title></element-citation>"
    printed = "<mixed-citation>Fern B: Lakes.</mixed-citation>"
    refs = ref(1, f"<citation-alternatives>{tagged}{printed}</citation-alternatives>") + ref(
        2,
        '<mixed-citation>(a) Moss, A.</mixed-citation><mixed-citation id="b2b">(b) Reed, B.</mixed-citation>',
    )
    record = read_one(f"<p>Lakes [{cite(2)}] move. Only one [{cite('2b')}] does.</p>", refs=refs)
    assert [(r.title, r.raw) for r in record.references] == [
        ("Lakes", "Fern B: Lakes."),
        ("", "(a) Moss, A."),
        ("", "(b) Reed, B."),
    ]
    assert sentences(record) == {2: ["Lakes [{2}] move."], 3: ["Lakes [{2}] move.", "Only one [{2b}] does."]}


def test_two_entries_of_one_work_are_merged():
    same = '<mixed-citation><pub-id pub-id-type="doi">10.5555/same</pub-id></mixed-citation>'
    record = read_one(
        f"<p>A [{cite(1)}]. B [{cite(2)}]. C [{cite(1)}, {cite(2)}].</p>", refs=ref(1, same) + ref(2, same)
    )
    assert sentences(record) == {1: ["A [{1}].", "B [{2}].", "C [{1}, 2]."]}


def test_an_entry_that_is_the_article_itself_and_an_empty_one_are_left_out():
    own = ref(1, '<mixed-citation><pub-id pub-id-type="doi">10.5555/TIDE.1</pub-id></mixed-citation>')
    [record], problems = read(article(refs=own + '<ref id="b2"><label>2</label></ref>' + ref(3)))
    assert len(record.references) == 1 and record.references_complete
    assert sorted(problem.reason for problem in problems) == [
        "an entry of the reference list is empty: it is left out",
        "an entry of the reference list is the article itself: it is left out",
    ]


# Metadata


def test_metadata_is_read():
    meta = """<article-id pub-id-type="pmc">2329613</article-id
    ><article-id pub-id-type="publisher-id">x</article-id>
      <article-categories><subj-group subj-group-type="heading"><subject>Research Article</subject
    ></subj-group>
      <subj-group subj-group-type="Discipline-v3"><subject>Lake science</subject><subj-group
    ><subject>Tides</subject>
      </subj-group></subj-group><subj-group subj-group-type="Discipline"><subject>Physics/Water</subject
    ></subj-group>
      </article-categories><contrib-group><contrib contrib-type="author">
      <contrib-id contrib-id-type="orcid">https://orcid.org/0000-0002-1825-0097</contrib-id>
      <name><surname>Moss</surname><given-names>Ada J.</given-names></name
    ><xref ref-type="aff" rid="a1">1</xref>
      </contrib><contrib contrib-type="author"><collab>The Lake Group<contrib-group><contrib><name>
      <surname>Member</surname></name></contrib></contrib-group></collab></contrib>
      <contrib contrib-type="editor"><name><surname>Reed</surname></name></contrib></contrib-group>
      <pub-date pub-type="collection"><year>2021</year></pub-date>
      <pub-date pub-type="epub"><day>3</day><month>Mar</month><year>2021</year></pub-date>
      <pub-date pub-type="ppub"><day>1</day><month>5</month><year>2021</year></pub-date>
      <pub-date pub-type="pmc-release"><day>1</day><month>1</month><year>2019</year></pub-date>
      <permissions><license xlink:href="https://creativecommons.org/licenses/by-nc/4.0/"
    ><license-p>Free.</license-p>
      </license></permissions>"""
    front = """<journal-meta><journal-title-group><journal-title>J Invent Waters</journal-title
    ></journal-title-group>
      </journal-meta>"""
    record = read_one(meta=meta, front=front)
    assert record.identifiers == {"doi": "10.5555/tide.1", "pmcid": "PMC2329613"}
    assert record.title == "On the tides of a made-up lake"
    assert [(author.name, author.identifiers) for author in record.authors] == [
        ("Ada J. Moss", {"orcid": "0000-0002-1825-0097"}),
        ("The Lake Group", {}),
    ]
    assert (record.date, record.year, record.language) == ("2021-03-03", 2021, "en")
    assert (record.venue, record.kind) == ("J Invent Waters", "article")
    assert record.fields == ["Lake science", "Physics"]
    assert record.license == "CC BY-NC 4.0"
    assert record.retracted is None and record.references_complete is True


@pytest.mark.parametrize(
    "kind, ours",
    [("review-article", "review"), ("editorial", "editorial"), ("case-report", "case report"), ("other", "")],
)
def test_the_article_type_becomes_the_kind(kind, ours):
    assert read_one(attributes=f'article-type="{kind}"').kind == ours


@pytest.mark.parametrize(
    "dates, expected",
    [
        ('<pub-date iso-8601-date="2022-03-01"><year>2022</year></pub-date>', "2022-03-01"),
        (
            "<pub-date><month>4</month><year>2020</year></pub-date><pub-date><year>2019</year></pub-date>",
            "2020-04",
        ),
        ("<pub-date><day>31</day><month>2</month><year>2020</year></pub-date>", "2020-02"),
        ("<pub-date><season>Spring</season><year>2020</year></pub-date>", "2020"),
        ("<pub-date><year>20200</year></pub-date>", ""),
        ("", ""),
    ],
)
def test_the_date_is_as_exact_as_its_valid_parts(dates, expected):
    assert read_one(meta=dates).date == expected


@pytest.mark.parametrize(
    "link, words, ours",
    [
        ("http://creativecommons.org/licenses/by/4.0/", "", "CC BY 4.0"),
        ("https://creativecommons.org/licenses/by-nc-nd/3.0", "Free.", "CC BY-NC-ND 3.0"),
        ("", "Under the Creative Commons Attribution License, which permits", "CC BY"),
        ("", "under the Creative Commons Attribution-NonCommercial License", "CC BY-NC"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "", "CC0 1.0"),
        ("", "All rights are the lake's.", "All rights are the lake's."),
        ("", "", ""),
    ],
)
def test_the_licence_is_named_in_short_where_it_is_known(link, words, ours):
    license_p = f"<license-p>{words}</license-p>"
    tagged = f'<license xlink:href="{link}">{license_p}</license>'
    namespaced = f'<license><a:license_ref xmlns:a="urn:x">{link}</a:license_ref>{license_p}</license>'
    for license in [tagged] + [namespaced] * bool(link):
        assert read_one(meta=f"<permissions>{license}</permissions>").license == ours


def test_the_main_abstract_is_taken_with_its_section_titles():
    meta = """<abstract abstract-type="graphical"><p>A picture.</p></abstract>
      <abstract><sec><title>Background</title><p>Lakes.</p></sec><sec><title>Results:</title><p>They move.</p>
      <p>A lot.</p></sec></abstract><trans-abstract xml:lang="fr"><p>Des lacs.</p></trans-abstract>"""
    words = read_one(meta=meta).abstract.split()
    assert " ".join(words) == "BACKGROUND: Lakes. RESULTS: They move. A lot."


def link(kind, target="10.5555/old", href="info:doi/{}"):
    return (
        f'<related-article related-article-type="{kind}" ext-link-type="uri" '
        f'xlink:href="{href.format(target)}"><article-title>Old tides</article-title></related-article>'
    )


@pytest.mark.parametrize(
    "own, links, kind, outgoing",
    [
        ("retraction", "retracted-article", "retraction", True),
        ("retraction", "companion", "retraction", True),
        ("correction", "corrected-article", "correction", True),
        ("expression-of-concern", "object-of-concern", "concern", True),
        ("research-article", "retraction-forward", "retraction", False),
        ("research-article", "correction-forward", "correction", False),
    ],
)
def test_links_between_a_paper_and_its_notice_have_a_direction(own, links, kind, outgoing):
    record = read_one(meta=link(links), attributes=f'article-type="{own}"')
    assert record.notices == [NoticeRecord(kind, {"doi": "10.5555/old"}, "Old tides", outgoing)]


@pytest.mark.parametrize("kind", ["companion", "retracted-article", "corrected-article"])
def test_an_article_that_names_a_companion_or_a_concerned_paper_is_no_notice(kind):
    assert read_one(meta=link(kind)).notices == []


@pytest.mark.parametrize(
    "own, links, title, retracted",
    [
        ("retracted-article", "", "Tides", True),
        ("research-article", link("retraction-forward"), "Tides", True),
        ("research-article", "", "RETRACTED: Tides", True),
        ("research-article", "", "[Retracted] Tides", True),
        ("research-article", "", "Retracted articles: a survey", None),
        ("retraction", link("retracted-article"), "Retracted: Tides", None),
        ("research-article", "", "Tides", None),
    ],
)
def test_only_an_article_that_says_so_is_retracted(own, links, title, retracted):
    xml = article(meta=links, attributes=f'article-type="{own}"').replace(NAME, title)
    [record], _problems = read(xml)
    assert record.retracted is retracted


# Files


@pytest.mark.parametrize("wrapper", ["pmc-articleset", "records"])
def test_several_articles_in_a_wrapper_are_several_records(wrapper):
    records, problems = read(f"<{wrapper}>{article(f'<p>A [{cite(1)}].</p>')}<x/>{article()}</{wrapper}>")
    assert len(records) == 2 and not problems
    assert sentences(records[0]) == {1: ["A [{1}]."]}


def test_names_in_a_namespace_are_read_like_others():
    xml = article(f"<p>Lakes move [{cite(1)}].</p>").replace(
        "<article ", '<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/" '
    )
    [record], problems = read(xml)
    assert sentences(record) == {1: ["Lakes move [{1}]."]} and not problems


def test_articles_within_the_article_are_left_out_with_a_warning():
    reply = f"<sub-article><front-stub/><body><p>No [{cite(1)}].</p></body></sub-article>"
    xml = article(f"<p>Yes [{cite(1)}].</p>").replace("</article>", f"{reply}</article>")
    [record], [problem] = read(xml)
    assert sentences(record) == {1: ["Yes [{1}]."]}
    assert "within the article" in problem.reason and not problem.skipped


def test_xml_that_is_not_well_formed_is_a_skip_after_the_articles_before_it():
    records, problems = read(f"<set>{article()}<article><front></article></set>")
    assert len(records) == 1
    [problem] = problems
    assert problem.skipped and problem.line and "not well-formed" in problem.reason


@pytest.mark.parametrize(
    "xml", ["<article article-type='x'/>", "<article><front><article-meta/></front></article>"]
)
def test_an_article_without_title_and_identifier_is_a_skip(xml):
    records, [problem] = read(xml)
    assert not records and problem.skipped and "neither a title" in problem.reason


@pytest.mark.parametrize("xml", ["", "<other/>", "text"])
def test_a_file_without_an_article_is_a_skip(xml):
    records, [problem] = read(xml)
    assert not records and problem.skipped


def with_doctype(declarations, words):
    xml = article(f"<p>{words} Lakes move [{cite(1)}].</p>")
    return f'<!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "jats.dtd" [{declarations}]>{xml}'


def test_an_external_entity_is_not_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of the lake")
    [record], [problem] = read(with_doctype(f'<!ENTITY x SYSTEM "file://{secret}">', "See &x;!"))
    assert "secret" not in repr(record)
    assert "&x;" in problem.reason and not problem.skipped


def test_entities_that_multiply_are_not_expanded():
    laughs = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    records, problems = read(with_doctype(laughs, "&l9;"))
    assert all("haha" not in repr(record) for record in records)
    assert problems
    # In an attribute the parser itself expands them, up to its own limit.
    records, problems = read(with_doctype(laughs, '<named-content alt="&l9;"/>'))
    assert records == [] and problems[0].skipped


def test_the_usual_named_characters_are_read_without_their_dtd():
    [record], problems = read(
        with_doctype("", f"L&eacute;man&nbsp;moves [{cite(2)}].").replace(
            "<label>1</label>", "<label>1&ndash;</label>"
        )
    )
    assert sentences(record)[2] == ["Léman moves [{2}]."] and not problems


def test_markup_written_as_text_stays_harmless_text():
    xml = article().replace("On the", "&lt;script&gt;alert(1)&lt;/script&gt; On the &lt;b&gt;big&lt;/b&gt;")
    [record], problems = read(xml)
    assert record.title.endswith("tides of a made-up lake") and not problems


def test_nesting_beyond_the_limit_of_the_parser_is_a_skip():
    depth = 5000
    records, problems = read(article("<sec>" * depth + "</sec>" * depth))
    assert not records and problems[0].skipped
