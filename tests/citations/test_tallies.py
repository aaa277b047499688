"""Papers counted by their kinds against the same papers counted one by one."""

import numpy as np
import pytest

from citations import tallies
from citations.columns import KINDS, POLARITIES, ROLES, SOURCES, Columns
from papers.sections import SECTION_KINDS

SIZES = {
    "role": len(ROLES),
    "role_source": len(SOURCES),
    "polarity": len(POLARITIES),
    "label_source": len(SOURCES),
    "suggested": len(POLARITIES),
    "depth": 5,
    "flags": 16,
    "sections": 1 << len(SECTION_KINDS),
}


def made_up(papers):
    """Columns of papers that have any value in each column, but for the extremes mostly small ones."""
    random = np.random.default_rng(7)
    arrays = {
        name: np.where(random.random(papers) < 0.2, size - 1, random.integers(0, min(size, 3), papers))
        for name, size in SIZES.items()
    }
    return Columns(arrays | {"citing": np.arange(papers)}, np.array([], np.int64), [()])


def test_a_kind_has_the_values_of_its_papers():
    assert SIZES.keys() == KINDS.keys()
    assert all(size <= 1 << KINDS[name] for name, size in SIZES.items())
    columns = made_up(5000)
    kind, table = columns.kinds
    for name in KINDS:
        np.testing.assert_array_equal(getattr(table, name)[kind], getattr(columns, name))
    rows = {tuple(int(getattr(columns, name)[place]) for name in KINDS) for place in range(5000)}
    assert len(rows) == len(table.role) < 5000


@pytest.mark.parametrize("name", tallies.TALLIES)
def test_kinds_count_as_their_papers_do(name):
    columns = made_up(5000)
    kind, table = columns.kinds
    tally = tallies.TALLIES[name]
    assert tally(table, np.bincount(kind)) == tally(columns, None)
    assert sum(tally(columns, None).values()) > 0


def test_each_value_is_counted_for_what_it_is():
    arrays = {name: np.zeros(6, np.int64) for name in SIZES} | {"citing": np.arange(6)}
    arrays["role"][:2] = ROLES.index("method"), ROLES.index("dataset")
    arrays["role_source"][:3] = 1
    arrays["polarity"][1] = POLARITIES.index("disputes")
    arrays["depth"] = np.array([0, 1, 2, 3, 4, 4])
    arrays["sections"][0] = 0b101
    arrays["flags"][5] = 1  # read
    columns = Columns(arrays, np.array([], np.int64), [()])
    found = {name: tally(columns, None) for name, tally in tallies.TALLIES.items()}
    assert found["role"] == {"method": 1, "dataset": 1, "unsure": 1, "unlabelled": 3}
    assert found["polarity"] == {"disputes": 1, "unlabelled": 5}
    assert found["labelled"] == {"role": 2, "polarity": 1, "none": 4}
    assert found["depth_min"] == {"1": 5, "2": 4, "3": 3, "4": 2}
    assert [kind for kind, papers in found["section"].items() if papers] == [
        SECTION_KINDS[0],
        SECTION_KINDS[2],
    ]
    assert (found["text"], found["self"]) == ({True: 1, False: 5}, {True: 0, False: 6})
