"""Section titles and their kinds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.sections import SECTION_KINDS, section_kind


@pytest.mark.parametrize(
    "title, kind",
    [
        ("", ""),
        (" \n", ""),
        ("Abstract", "abstract"),
        ("Author Summary", "abstract"),
        ("Zusammenfassung", "abstract"),
        ("1 Introduction", "introduction"),
        ("1Introduction", "introduction"),
        ("Background", "introduction"),
        ("Einführung", "introduction"),
        ("Motivation", "introduction"),
        ("related work", "related-work"),
        ("2. Previous Work", "related-work"),
        ("Background and Related Work", "related-work"),
        ("Review of the literature", "related-work"),
        ("État de l’art", "related-work"),
        ("2.1 Data", "methods"),
        ("III. METHODS", "methods"),
        ("A. Corpora", "methods"),
        ("method", "methods"),
        ("experiments", "methods"),
        ("Materials and Methods", "methods"),
        ("Experimental setup", "methods"),
        ("Evaluation metrics", "methods"),
        ("Méthodes", "methods"),
        ("Material und Methoden", "methods"),
        ("Results", "results"),
        ("Results and Discussion", "results"),
        ("4) Evaluation", "results"),
        ("Experimental results", "results"),
        ("Ergebnisse", "results"),
        ("Résultats", "results"),
        ("Discussion", "discussion"),
        ("Discussion of the results", "discussion"),
        ("Discussion and conclusions", "discussion"),
        ("Limitations", "discussion"),
        ("V Conclusion", "conclusion"),
        ("Concluding remarks", "conclusion"),
        ("future work", "conclusion"),
        ("Summary and Outlook", "conclusion"),
        ("Schlussfolgerungen", "conclusion"),
        ("Supporting information", "other"),
        ("Acknowledgements", "other"),
        ("Data availability", "other"),
        ("Vision", "other"),
        ("I", "other"),
        ("12", "other"),
        ("\x00", "other"),
        ("How the models of the seventies shaped what came later", "other"),
    ],
)
def test_a_title_tells_its_kind(title, kind):
    assert section_kind(title) == kind


@given(st.text())
def test_every_title_has_a_known_kind_whatever_its_case(title):
    kind = section_kind(title)
    assert kind in SECTION_KINDS if title.strip() else kind == ""
    assert section_kind(f"3.2 {title}") in SECTION_KINDS


@pytest.mark.parametrize("title", ["Methods", "Related Work", "Conclusion"])
@pytest.mark.parametrize("number", ["", "2 ", "4.1. ", "IV. ", "B) "])
def test_numbering_and_capitals_do_not_matter(title, number):
    assert section_kind(number + title) == section_kind(number + title.upper()) == section_kind(title)
