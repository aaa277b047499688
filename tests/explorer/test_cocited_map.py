"""The map of co-cited works: its groups, its layout, and that it says what the list below it says."""

import re
from itertools import combinations

import numpy as np
import pytest
from lxml import html

from citations.cocitation import cited_together
from citations.models import Citation
from explorer import cocited_map
from explorer.cocited_map import Group, Map, Work, communities, layout, name_groups, strongest_edges
from tests.factories import make_citation, make_paper, refresh


def matrix(size, edges):
    weights = np.zeros((size, size))
    for (one, other), weight in edges.items():
        weights[one, other] = weights[other, one] = weight
    return weights


def clique(places, weight=1.0):
    return {pair: weight for pair in combinations(places, 2)}


def test_works_that_are_cited_together_are_one_group():
    weights = matrix(8, clique([0, 2, 4]) | clique([1, 3, 5]) | {(4, 5): 0.2})
    assert communities(weights) == [[0, 2, 4], [1, 3, 5], [6], [7]]
    assert communities(np.zeros((3, 3))) == [[0], [1], [2]]


def test_a_line_is_among_the_strongest_of_one_of_its_ends():
    weights = matrix(6, {(0, other): other for other in range(1, 6)} | {(1, 2): 9})
    # 0 has three of its own; 1 and 2 bring theirs to it, being weak there but all that these have.
    assert strongest_edges(weights) == [(0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (1, 2)]
    assert len(strongest_edges(np.ones((20, 20)) - np.eye(20))) < 60


def titled(*titles):
    return [Work(number, number, 1, title, "/") for number, title in enumerate(titles, 1)]


def test_a_group_is_named_by_words_that_stand_out():
    groups = [
        Group(0, titled("Weirs and rain in Árbol", "A model of weirs: RAIN", "Rain upon Árbol")),
        Group(1, titled("Tides and rain", "Moorings", "The moon")),
        Group(None, titled("Tides and tides", "Of tides")),
    ]
    name_groups(groups)
    assert [group.name for group in groups] == ["rain, arbol", "", ""]
    assert groups[1].without_name != groups[2].without_name


def test_no_two_groups_look_alike_and_works_alone_look_like_none():
    pairs = [(place, place + 1) for place in range(1, 15, 2)]
    shown = Map(titled(*"ABCDEFGHIJKLMNOPQ"), dict.fromkeys(pairs, 3), dict.fromkeys(range(1, 18), 4))
    assert [len(group.works) for group in shown.groups] == [2] * 7 + [3]
    looks = [group.mark(0, 0, 10) for group in shown.groups]
    assert len(set(looks)) == 8 and ["alone" in look for look in looks] == [False] * 7 + [True]
    assert shown.legend.endswith("<span>alone: 15, 16, 17</span></li>")


@pytest.mark.parametrize("size", [3, 4, 9, 20])
@pytest.mark.parametrize("dense", [0.05, 0.3, 1])
def test_nodes_lie_apart_and_in_the_picture_and_always_at_the_same_place(size, dense):
    lots = np.random.default_rng(size)
    weights = np.triu(lots.random((size, size)) * (lots.random((size, size)) < dense), 1)
    weights += weights.T
    radii = [int(radius) for radius in lots.integers(cocited_map.SMALLEST, cocited_map.LARGEST + 1, size)]
    points = layout(weights, list(range(size)), radii)
    assert points == layout(weights.copy(), list(range(size)), radii)
    for (x, y), radius in zip(points, radii, strict=True):
        assert radius <= x <= cocited_map.WIDTH - radius and radius <= y <= cocited_map.HEIGHT - radius
    for one, other in combinations(range(size), 2):
        apart = np.hypot(*np.subtract(points[one], points[other]))
        assert apart >= radii[one] + radii[other] - 1


def test_works_cited_together_lie_nearer_than_others():
    points = np.array(layout(matrix(8, clique(range(4)) | clique(range(4, 8))), list(range(8)), [18] * 8))
    distance = np.hypot(*np.moveaxis(points[:, None] - points[None], -1, 0))
    assert distance[:4, :4].max() < distance[:4, 4:].min() * 1.5
    assert distance[:4, :4].mean() < 0.6 * distance[:4, 4:].mean()


def test_no_map_of_few_works_or_without_a_line():
    works = titled("Of weirs", "Of tides", "Of moons")
    together = {(1, 2): 4}
    known = {1: 9, 2: 9, 3: 9}
    assert not Map(works[:2], together, known)
    assert not Map(works, {}, known)
    assert Map(works, together, known)


# -- on the page ------------------------------------------------------------------------------------


@pytest.fixture
def hub(db):
    """A hub whose co-cited works come in two threes, each cited by ten papers; one more by one paper."""
    hub, lone = make_paper("The hub"), make_paper("A lone work")
    threes = [
        [make_paper(f"{word} <b>& so on</b>, no. {n}") for n in range(3)] for word in ("Lantern", "Weir")
    ]
    for three in threes:
        for _each in range(10):
            citing = make_paper()
            for cited in (hub, *three):
                make_citation(citing, cited)
    make_citation(Citation.objects.incoming(hub.pk).latest("id").citing_paper, lone)
    refresh()
    return hub


def section_of(client, paper):
    page = html.document_fromstring(client.get(paper.get_absolute_url()).content.decode())
    return page.get_element_by_id("co-cited-works")


def test_the_list_is_the_table_of_the_map(client, hub):
    section = section_of(client, hub)
    listed = section.xpath(".//ol[@class='co-cited']/li//a[@class='title']")
    nodes = section.xpath(".//svg[@class='map']/a")
    assert [node.get("href") for node in nodes] == [link.get("href") for link in listed]
    assert [node.findtext("text") for node in nodes] == [str(number) for number in range(1, 8)]
    for node, link in zip(nodes, listed, strict=True):
        assert node.findtext("title") == link.text_content()[: cocited_map.TITLE]
    said = [" ".join(item.text_content().split()) for item in section.xpath(".//ul[@class='groups']/li")]
    assert said == ["lantern: 1, 2, 3", "weir: 4, 5, 6, 7"]
    described = section.xpath(".//svg[@class='map']/desc")[0].text_content()
    assert "7 works, 9 lines" in described and "Groups: lantern; weir." in described


def test_a_line_joins_works_that_papers_cite_together(client, hub):
    section = section_of(client, hub)
    nodes = section.xpath(".//svg[@class='map']/a")
    ids = [int(re.search(r"/papers/(\d+)", node.get("href"))[1]) for node in nodes]
    at = {
        (int(node.find("text").get("x")), int(node.find("text").get("y")) - 6): one
        for node, one in zip(nodes, ids, strict=True)
    }
    drawn = set()
    for path in section.xpath(".//path[contains(@class, 'edge')]/@d"):
        for x, y, to_x, to_y in re.findall(r"M(\d+) (\d+)L(\d+) (\d+)", path):
            drawn.add(frozenset((at[int(x), int(y)], at[int(to_x), int(to_y)])))
    citing = {one: set(Citation.objects.incoming(one).values_list("citing_paper", flat=True)) for one in ids}
    assert drawn == {frozenset(pair) for pair in combinations(ids, 2) if citing[pair[0]] & citing[pair[1]]}


def test_counts_of_pairs_are_those_of_the_rows(hub):
    ids = list(Citation.objects.exclude(cited_paper=hub).values_list("cited_paper", flat=True).distinct())
    together, known = cited_together(ids)
    citing = {one: set(Citation.objects.incoming(one).values_list("citing_paper", flat=True)) for one in ids}
    assert known == {one: len(papers) for one, papers in citing.items()}
    expected = {
        pair: len(citing[pair[0]] & citing[pair[1]])
        for pair in combinations(sorted(ids), 2)
        if citing[pair[0]] & citing[pair[1]]
    }
    assert together == expected and len(expected) == 9


def test_a_hub_with_two_co_cited_works_has_no_map(client, db):
    hub, citing = make_paper(), make_paper()
    for cited in (hub, make_paper(), make_paper()):
        make_citation(citing, cited)
    refresh()
    section = section_of(client, hub)
    assert section.xpath(".//ol[@class='co-cited']") and not section.xpath(".//svg[@class='map']")
