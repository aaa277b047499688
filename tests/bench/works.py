"""A made-up file of OpenAlex-like works, as large as one likes, always the same for a number of works.

Owns the shape: the fields of a snapshot line that the reader takes and the ballast that it
passes over, some 10 kB a work, 19 references each on average. Every word, name and number is
made by rule. The file is written as it is made: memory does not grow with it.
"""

import random
from itertools import accumulate
from typing import NamedTuple

from isal import igzip

REFERENCES = 19.0  # mean of all works, those without any among them
WITHOUT_REFERENCES = 0.06
INSIDE = 0.6  # of the references go to works of the same file
CITABLE = 0.7  # of the works are ever cited from inside
OUTSIDE_WORKS = 4  # works outside the file that may be cited, for each one in it
PEOPLE = 2  # for each work
SKEW = 2.2  # a work's share falls with its rank to the power of 1 - 1/SKEW

ONSETS = "b c d f g l m n p r s t v br ch cl dr fl gr pl pr sc sp st tr".split()
VOWELS = "a e i o u a e i o ea io ou".split()
CODAS = ["", "", "", "n", "r", "s", "l", "t", "nt", "st", "rm"]
ENDINGS = ["", "", "tion", "ment", "al", "ic", "ity", "ing", "ous", "ive"]
ACCENTS = str.maketrans("aeioucn", "áéíöüçñ")
COUNTRIES = "US CN DE GB FR IN JP BR CA IT ES AU NL KR SE".split()
LICENCES = '"cc-by" "cc-by" "cc-by-nc-nd" "cc-by-nc" "publisher-specific-oa" null null null'.split()
TYPES = ["article"] * 8 + "review book-chapter preprint dissertation dataset letter erratum".split()
LANGUAGES = ['"en"'] * 17 + ['"de"', '"fr"', '"es"', '"zh"', "null"]


class Made(NamedTuple):
    """What a file holds: works, references, bytes before and after compression."""

    works: int
    references: int
    plain: int
    packed: int


def write_works(path, works, *, seed=1):
    """Write ``works`` works to the ``.jsonl.gz`` at ``path``; returns a Made. 20 s for 100,000."""
    references = plain = 0
    with igzip.open(path, "wb", compresslevel=1) as file:
        for line, cited in _Maker(works, seed).lines():
            data = line.encode()
            file.write(data)
            references += cited
            plain += len(data)
    return Made(works, references, plain, path.stat().st_size)


class _Maker:
    """Random choices in a fixed order, and the texts that many works share, made once."""

    def __init__(self, works, seed):
        self.works = works
        self.random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.words = self._vocabulary(6000)
        # Word frequencies of natural language: Zipf's law.
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))
        self.names = [word.title() for word in self._vocabulary(5000)]
        self.names = [
            name.translate(ACCENTS) if place % 9 == 8 else name for place, name in enumerate(self.names)
        ]
        self.institutions = [self._institution(number) for number in range(900)]
        self.venues = [self._venue(number) for number in range(1500)]
        fields = [f"{self._phrase(1)} and {self._phrase(1)}" for _each in range(26)]
        self.topics = [self._topic(number, fields) for number in range(600)]
        self.concepts = [self._concept(number) for number in range(800)]
        self.mesh = [self._mesh(number) for number in range(500)]

    def lines(self):
        """(a line, its number of references) of each work."""
        return map(self._work, range(self.works))

    # -- what many works share -----------------------------------------------------------------

    def _vocabulary(self, size):
        """Distinct words, the short ones first."""
        pick, words = self.random.choice, {}
        while len(words) < size:
            syllables = 1 + (len(words) > 120) + (self.random.random() < 0.5) * (len(words) > 900)
            word = "".join(pick(ONSETS) + pick(VOWELS) + pick(CODAS) for _each in range(syllables))
            words[word + (pick(ENDINGS) if syllables > 1 else "")] = True
        return list(words)

    def _phrase(self, length):
        return " ".join(self.random.choice(self.words) for _each in range(length)).capitalize()

    def _institution(self, number):
        """What stands between the person and the name as printed in an authorship, and what stands after."""
        place, country = self._phrase(1), self.random.choice(COUNTRIES)
        identity = f"https://openalex.org/I{100_000_000 + 7919 * number}"
        printed = f"Department of {self._phrase(2)}, {place}, {10_000 + 83 * number} {place}, {country}"
        return (
            f'"institutions":[{{"id":"{identity}","display_name":"University of {place}",'
            f'"ror":"https://ror.org/0{number:08d}","country_code":"{country}","type":"education",'
            f'"lineage":["{identity}"]}}],"countries":["{country}"],"is_corresponding":false,"raw_author_name":"',
            f'","raw_affiliation_strings":["{printed}"],"affiliations":[{{"raw_affiliation_string":"{printed}",'
            f'"institution_ids":["{identity}"]}}]}}',
        )

    def _venue(self, number):
        host, press = (
            f"https://openalex.org/P{4_310_000_000 + number % 90}",
            f"{self.names[number % 90]} Press",
        )
        name, issn = f"Journal of {self._phrase(2)}", f"{1000 + number}-{(number * 37) % 10_000:04d}"
        return (
            f'{{"id":"https://openalex.org/S{100_000_000 + 104_729 * number}","display_name":"{name}",'
            f'"issn_l":"{issn}","issn":["{issn}"],"is_oa":{_word(number % 4 == 0)},"is_in_doaj":false,'
            f'"is_indexed_in_scopus":true,"is_core":true,"host_organization":"{host}",'
            f'"host_organization_name":"{press}","host_organization_lineage":["{host}"],'
            f'"host_organization_lineage_names":["{press}"],"type":"journal"}}'
        )

    def _topic(self, number, fields):
        field = number % len(fields)
        return (
            f'{{"id":"https://openalex.org/T{10_000 + number}","display_name":"{self._phrase(4)}",'
            f'"score":0.9{number:03d},'
            f'"subfield":{{"id":"https://openalex.org/subfields/{1100 + number % 200}",'
            f'"display_name":"{self._phrase(2)}"}},'
            f'"field":{{"id":"https://openalex.org/fields/{11 + field}","display_name":"{fields[field]}"}},'
            f'"domain":{{"id":"https://openalex.org/domains/{1 + field % 4}",'
            f'"display_name":"{fields[field % 4]}"}}}}'
        )

    def _concept(self, number):
        return (
            f'{{"id":"https://openalex.org/C{1_000_000 + 6151 * number}",'
            f'"wikidata":"https://www.wikidata.org/wiki/Q{10_000 + 3571 * number}",'
            f'"display_name":"{self._phrase(1 + number % 2)}","level":{number % 5},'
            f'"score":0.{1000 + 7 * number}}}'
        )

    def _mesh(self, number):
        return (
            f'{{"descriptor_ui":"D{number:06d}","descriptor_name":"{self._phrase(2)}","qualifier_ui":"Q{number:06d}",'
            f'"qualifier_name":"{self._phrase(1).lower()}","is_major_topic":{_word(number % 5 == 0)}}}'
        )

    # -- one work --------------------------------------------------------------------------------

    def _work(self, number):
        chance, choice = self.random.random, self.random.choice
        identity = f"https://openalex.org/W{_scatter(number)}"
        doi = (
            f'"https://doi.org/10.{1000 + number % 8999}/{self.words[number % 1000]}.{number}"'
            if chance() < 0.92
            else "null"
        )
        pubmed = chance() < 0.3
        numbers = f',"pmid":"https://pubmed.ncbi.nlm.nih.gov/{10_000_000 + number}"' if pubmed else ""
        if pubmed and number % 3 == 0:
            numbers += f',"pmcid":"https://www.ncbi.nlm.nih.gov/pmc/articles/{1_000_000 + number}"'
        title = f'"{self._title()}"' if chance() < 0.99 else "null"
        year = 1975 + int(51 * chance() ** 0.5)
        dated = chance() < 0.98
        authors = self._authors()
        place = self._location(doi)
        places = place if chance() < 0.5 else f"{place},{self._location(self._preprint(number))}"
        topics = self._some(self.topics, 3)
        concepts = self._some(self.concepts, 9)
        mesh = self._some(self.mesh, 8) if pubmed else ()
        retracted = chance() < 0.001
        references = self._references(number)
        cited_by = int(20 * chance() ** 4)
        line = (
            f'{{"id":"{identity}","doi":{doi},"title":{title},"display_name":{title},'
            f'"publication_year":{year if dated else "null"},'
            f'"publication_date":{_date(year, number) if dated else "null"},'
            f'"ids":{{"openalex":"{identity}","doi":{doi},"mag":"{_scatter(number)}"{numbers}}},'
            f'"language":{choice(LANGUAGES)},"primary_location":{place},"type":"{choice(TYPES)}",'
            f'"type_crossref":"journal-article","indexed_in":["crossref"],'
            f'"open_access":{{"is_oa":false,"oa_status":"closed","oa_url":null,"any_repository_has_fulltext":false}},'
            f'"authorships":[{",".join(authors)}],"institution_assertions":[],"countries_distinct_count":1,'
            f'"institutions_distinct_count":{min(len(authors), 3)},"corresponding_author_ids":[],'
            f'"corresponding_institution_ids":[],"apc_list":{{"value":2000,"currency":"USD","value_usd":2000}},'
            f'"apc_paid":null,"fwci":{chance() * 4:.3f},"has_fulltext":{_word(number % 3 == 0)},'
            f'"cited_by_count":{cited_by},"citation_normalized_percentile":{{"value":{chance():.6f},'
            f'"is_in_top_1_percent":false,"is_in_top_10_percent":false}},'
            f'"cited_by_percentile_year":{{"min":{number % 99},"max":{number % 99 + 1}}},'
            f'"biblio":{{"volume":"{number % 120}","issue":null,"first_page":"{number % 900}",'
            f'"last_page":"{number % 900 + 12}"}},"is_retracted":{_word(retracted)},"is_paratext":false,'
            f'"primary_topic":{topics[0]},"topics":[{",".join(topics)}],"keywords":[],'
            f'"concepts":[{",".join(concepts)}],"mesh":[{",".join(mesh)}],'
            f'"locations_count":1,"locations":[{places}],"best_oa_location":null,'
            f'"sustainable_development_goals":[],"grants":[],"datasets":[],"versions":[],'
            f'"referenced_works_count":{len(references)},"referenced_works":[{_addresses(references)}],'
            f'"related_works":[{_addresses(map(_scatter, range(number, number + 10)))}],'
            f'"abstract_inverted_index":{self._abstract() if chance() < 0.4 else "null"},'
            f'"abstract_inverted_index_v3":null,'
            f'"cited_by_api_url":"https://api.openalex.org/works?filter=cites:W{_scatter(number)}",'
            f'"counts_by_year":[{{"year":2024,"cited_by_count":{cited_by}}}],'
            f'"updated_date":"2025-08-05T21:18:48.446178","created_date":"2016-06-24"}}\n'
        )
        return line, len(references)

    def _ranked(self, size):
        """A whole number below ``size``, the small ones far more often."""
        return int(size * self.random.random() ** SKEW)

    def _some(self, texts, at_most):
        return [self.random.choice(texts) for _each in range(1 + int(at_most * self.random.random()))]

    def _text(self, length):
        return self.random.choices(self.words, cum_weights=self.weights, k=length)

    def _title(self):
        return " ".join(self._text(5 + int(9 * self.random.random()))).capitalize()

    def _abstract(self):
        """120 to 200 words in sentences, as the positions of each word."""
        words = self._text(120 + int(81 * self.random.random()))
        begin = 0
        while begin < len(words):
            words[begin] = words[begin].capitalize()
            begin += 12 + int(14 * self.random.random())
            words[min(begin, len(words)) - 1] += "."
        positions = {}
        for position, word in enumerate(words):
            positions.setdefault(word, []).append(str(position))
        return "{" + ",".join([f'"{word}":[{",".join(places)}]' for word, places in positions.items()]) + "}"

    def _authors(self):
        """Authorships as JSON; one to a dozen, seldom hundreds."""
        count = 1 + int(self.random.expovariate(1 / 3)) if self.random.random() < 0.9995 else 300
        return [self._authorship(place, count) for place in range(count)]

    def _authorship(self, place, count):
        person = self._ranked(PEOPLE * self.works)
        hashed = _scatter(person)
        name = f"{self.names[hashed % 700]} {self.names[hashed // 700 % len(self.names)]}"
        orcid = f'"https://orcid.org/{_orcid(person)}"' if hashed % 100 < 45 else "null"
        before, after = self.institutions[hashed % len(self.institutions)]
        position = "first" if place == 0 else "last" if place == count - 1 else "middle"
        return (
            f'{{"author_position":"{position}","author":{{"id":"https://openalex.org/A{hashed}",'
            f'"display_name":"{name}","orcid":{orcid}}},{before}{name}{after}'
        )

    def _location(self, address):
        licence = self.random.choice(LICENCES)
        return (
            f'{{"is_oa":false,"landing_page_url":{address},"pdf_url":null,'
            f'"source":{self.venues[self._ranked(len(self.venues))]},"license":{licence},"license_id":null,'
            f'"version":"publishedVersion","is_accepted":true,"is_published":true}}'
        )

    def _preprint(self, number):
        if number % 10:
            return f'"https://repository.example/{number}"'
        months, number = divmod(number, 100_000)
        return f'"https://arxiv.org/abs/{15 + months // 12:02d}{1 + months % 12:02d}.{number:05d}"'

    def _references(self, number):
        """The numbers of the works that work ``number`` cites: no repeats, never itself."""
        if self.random.random() < WITHOUT_REFERENCES:
            return []
        # 2 % more than the mean, for the repeats that fall away.
        mean = 1.02 * REFERENCES / (1 - WITHOUT_REFERENCES)
        count = 1 + int(self.random.gammavariate(1.6, (mean - 0.5) / 1.6))
        citable, outside = max(1, int(CITABLE * self.works)), OUTSIDE_WORKS * self.works
        cited = set()
        for _each in range(count):
            if self.random.random() < INSIDE:
                # The most cited ones stand anywhere in the file.
                cited.add(self._ranked(citable) * 1_000_003 % self.works)
            else:
                cited.add(self.works + self._ranked(outside))
        cited.discard(number)
        return sorted(map(_scatter, cited))


def _scatter(number):
    """Another number of ten digits for each number below 2³¹: odd multiples keep them apart."""
    return 2_000_000_000 + (number * 2_654_435_761 & 0x7FFFFFFF)


def _addresses(numbers):
    return ",".join([f'"https://openalex.org/W{number}"' for number in numbers])


def _date(year, number):
    return f'"{year}-{1 + number % 12:02d}-{1 + number % 28:02d}"'


def _orcid(person):
    """An ORCID with its check digit (ISO 7064 MOD 11-2)."""
    digits = f"{1_0000_0000 + person:015d}"
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    digits += "0123456789X"[(12 - total % 11) % 11]
    return "-".join(digits[begin : begin + 4] for begin in range(0, 16, 4))


def _word(yes):
    return "true" if yes else "false"
