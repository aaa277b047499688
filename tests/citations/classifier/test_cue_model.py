"""The cue model on sentences written for it, and on what it must leave alone."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.classifier import patterns
from citations.classifier.cues import CueModel
from citations.classifier.predictions import ROLES, narrowed
from citations.classifier.sentences import MAX_CHARACTERS, Sentence
from citations.labels import Polarity, Role

MODEL = CueModel()


def predict(text, section=""):
    return MODEL.predict([Sentence(text, section=section)])[0]


@pytest.mark.parametrize(
    ("text", "section", "role"),
    [
        (
            "Many authors have studied how salt marshes store carbon, such as [4].",
            "Introduction",
            "background",
        ),
        ("Reed beds are known to be involved in the shelter of young eels [7, 8].", "", "background"),
        ("Grain moisture was measured as previously described [12].", "Methods", "method"),
        ("We used the Harbour parser (Vole et al., 2011) to tag each sentence.", "", "method"),
        ("We trained on the Lantern corpus (Heron, 2009), using its training set.", "Experiments", "dataset"),
        (
            "Our system outperforms the baseline of Marsh and Reed (2004) by two points.",
            "Evaluation",
            "baseline",
        ),
        (
            "These results are in agreement with the findings of Marsh et al. (2004).",
            "Discussion",
            "comparison",
        ),
        (
            "In contrast to earlier studies [3], our results show a shorter winter.",
            "Discussion",
            "comparison",
        ),
        ("We extend the tide model of Marsh (2004) to two basins.", "", "extension"),
        ("The present sampler is a modified version of our previous work [2].", "", "extension"),
        ("How eels find the river remains unclear [5], and further studies are needed.", "", "motivation"),
        ("In future work we would like to follow the suggestion of Reed (2012).", "Conclusion", "motivation"),
        (
            "As pointed out by Vole (2001), it has been shown that salt slows rust, which suggests oak.",
            "",
            "evidence",
        ),
    ],
)
def test_each_role_has_its_cues(text, section, role):
    found = predict(text, section)
    assert found.likeliest == role
    assert found.reasons


def test_an_answer_names_its_words():
    found = predict("We used the Harbour parser (Vole et al., 2011).", "Methods")
    assert found.role == "method"
    assert "we used" in found.reasons
    assert found.why_abstained == ""


@pytest.mark.parametrize(
    ("text", "polarity"),
    [
        ("Our findings are consistent with those of Reed (2012).", "supports"),
        (
            "The gain was confirmed in a second study of the same marsh [4], which supports the result.",
            "supports",
        ),
        ("Contrary to Marsh (2004), we did not find any effect of moonlight.", "disputes"),
        ("Their count is inconsistent with ours and overestimates the flock [4].", "disputes"),
        ("Our data partly support the claim of Heron (1999), and only in wet years.", "qualifies"),
        ("Our results agree with the first claim of Reed [3] but are contrary to the second.", "qualifies"),
        ("The trap is effective, though not cheap [4].", ""),
        ("Tides were recorded with a float [4].", ""),
        ("Eels live in rivers (Reed, 2012).", ""),
    ],
)
def test_polarity_is_suggested_with_its_words(text, polarity):
    found = predict(text)
    assert found.polarity == polarity
    assert bool(found.polarity_reasons) == bool(polarity)
    assert (found.polarity_probability > 0.5) == bool(polarity)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "word",
        "[3]",
        "see [3]",
        "12.5 13.7 8.8 9.1 (4) 17.0 0.5 22 p 31",
        "Table 3: 12.4 13.9 88.1 (Reed, 2012) 17.0 22.0 a 13 b 14",
        "Wir haben die Methode von Marsch (2004) für das Watt benutzt und erweitert.",
        "Nous avons utilisé la méthode de Marais (2004) pour les données de cette étude.",
        "我们使用了该方法 [3] 来测量潮汐，并且结果与先前的研究一致。",
        "Мы использовали метод (Болотов, 2004) для измерения приливов и отливов.",
        "we used the method of Reed (2012) " * 1500,
        "Lorem ipsum dolor sit amet consectetur adipiscing elit sed eiusmod tempor incididunt labore [3]",
        "Tides [3].",
    ],
)
def test_what_cannot_be_read_is_left_alone(text):
    found = predict(text, "Methods")
    assert found.role == ""
    assert found.why_abstained
    assert found.polarity == ""
    assert found.likeliest in ROLES


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "Wir haben die Methode von Marsch (2004) für das Watt benutzt und erweitert.",
            "not an English sentence",
        ),
        ("Nous avons utilisé la méthode de Marais (2004) pour cette étude.", "not an English sentence"),
        ("Мы использовали метод (Болотов, 2004) для измерения приливов.", "not an English sentence"),
        ("12.5 13.7 8.8 (4) tide 17.0 0.5 moon 22 eels 31", "mostly numbers and signs"),
        ("Tides [3].", "too few words"),
        ("[3]", "too few words"),
        ("", "no words"),
        ("we used the method of Reed (2012) " * 1500, "longer than 5,000 characters"),
        ("Herons, egrets, storks, spoonbills, grebes [3].", "no cue speaks"),
    ],
)
def test_it_says_why_it_abstains(text, why):
    assert predict(text).why_abstained == why


def test_it_abstains_where_only_the_section_speaks():
    found = predict("Herons, egrets, storks, spoonbills, grebes [3].", "Methods")
    assert found.role == "" and not found.reasons


def test_it_abstains_where_cues_contradict():
    found = predict("We used the nets of Reed [2], consistent with previous studies, such as [3].")
    assert found.role == ""
    assert found.why_abstained == "the cues do not decide"


def test_the_section_is_a_cue():
    text = "The tide gauge and the sieve were built with oak [3]."
    assert predict(text, "Methods").probabilities["method"] > predict(text).probabilities["method"]
    assert (
        predict(text, "Introduction").probabilities["background"] > predict(text).probabilities["background"]
    )


def test_it_is_the_wording_that_counts_not_who_is_cited():
    one = predict("We used the parser of Marsh et al. (2004).")
    other = predict("We used the parser of Comparison and Results (2011).")
    assert one.probabilities == other.probabilities


def test_every_role_and_polarity_has_cues():
    assert set(patterns.ROLE_CUES) == set(ROLES) == set(Role.values) - {"unclear"}
    assert set(patterns.POLARITY_CUES) | {"neutral", "unclear"} == set(Polarity.values)
    assert set(patterns.ROLE_START) == set(ROLES)


@given(
    st.text(max_size=400) | st.lists(st.sampled_from("we used the of in [3] (Reed, 2012) not TARGET".split()))
)
def test_any_text_gets_an_answer(text):
    found = predict(text if isinstance(text, str) else " ".join(text))
    assert abs(sum(found.probabilities.values()) - 1) < 1e-9
    assert found.confidence == max(found.probabilities.values())


@pytest.mark.parametrize(
    "piece",
    ["we ", "compared with ", "as ", "the results of ", "was a ", "[3] ", "not been ", "x", "our own "],
)
def test_no_text_takes_long(piece):
    began = time.perf_counter()
    predict(piece * (MAX_CHARACTERS // len(piece)))
    assert time.perf_counter() - began < 1


def test_fifty_thousand_characters_take_no_time():
    began = time.perf_counter()
    predict("we used " * 6250)
    assert time.perf_counter() - began < 0.5


def test_roles_that_a_scheme_lacks_count_for_the_wider_word():
    chances = {"method": 0.1, "dataset": 0.4, "background": 0.2, "evidence": 0.1, "comparison": 0.2}
    assert narrowed(chances, ["method", "background", "comparison"]) == pytest.approx(
        {"method": 0.5, "background": 0.3, "comparison": 0.2}
    )
    assert narrowed(chances, ["dataset", "comparison"]) == pytest.approx(
        {"dataset": 2 / 3, "comparison": 1 / 3}
    )
    assert narrowed({"dataset": 1.0}, ["extension", "comparison"]) == {"extension": 0.5, "comparison": 0.5}
