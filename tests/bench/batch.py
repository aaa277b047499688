"""What a rollup costs: ``python -m tests.bench.batch --citations 2000000 --engine duckdb``. Prints Markdown.

Makes a snapshot of any size without a database, always the same for a number of citations:
reference lists of 17 on average, log-normal, a few with thousands; works cited by a power law, the
first of them by some 130,000 of 17 million; one pair in ten with a sentence. Owns nothing but that.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from citations.batch import folders
from citations.labels import CROSSWALK_VERSION
from tests.bench.commands import spend

REFERENCES = 17
SKEW = 2.84  # a work's share falls with its rank to the power of 1 - 1/SKEW
READ, LABELLED = 0.1, 0.6  # of the pairs, of those read
ID, NUMBER, WORD, FLAG, TIME = pa.int64(), pa.int32(), pa.string(), pa.bool_(), pa.timestamp("us", tz="UTC")
# What the rollup reads of each table; the other columns of a snapshot are for analysts.
COLUMNS = {
    "papers": {"paper_id": ID, "year": NUMBER},
    "citations": {
        "citation_id": ID,
        "citing_paper_id": ID,
        "cited_paper_id": ID,
        "withdrawn_at": TIME,
        "is_read": FLAG,
        "role": WORD,
        "role_source": WORD,
        "polarity": WORD,
        "polarity_source": WORD,
        "citing_year": NUMBER,
        "suggested_polarity": WORD,
    },
    "contexts": {"citation_id": ID, "passage_id": ID, "withdrawn_at": TIME},
}
ROLES = np.array(["background", "method", "dataset", "baseline", "comparison", "evidence", ""])


def write_made_up_snapshot(path, citations, *, seed=1):
    """A folder that ``rollup`` takes for a snapshot; returns (papers, citations) as they came out."""
    chance = np.random.default_rng(seed)
    papers = citations // REFERENCES
    sizes = np.minimum(chance.lognormal(2.45, 0.88, papers), 3000).astype(np.int64)
    citing = np.repeat(np.arange(papers), sizes)
    cited = (papers * chance.random(len(citing)) ** SKEW).astype(np.int64)
    pairs = np.unique(citing * papers + cited)
    citing, cited = pairs // papers, pairs % papers
    citing, cited = citing[citing != cited], cited[citing != cited]
    years = (1975 + 50 * np.sqrt(np.arange(papers) / papers)).astype(np.int32)
    is_read = chance.random(len(citing)) < READ
    role = np.where(is_read & (chance.random(len(citing)) < LABELLED), chance.choice(ROLES, len(citing)), "")
    polarity = np.where(role == "evidence", "supports", "")
    nothing = np.full(len(citing), None)
    words = np.full(len(citing), "")
    ids = np.arange(1, len(citing) + 1)
    held = {
        "papers": (np.arange(papers) + 1, years),
        "citations": (
            ids,
            citing + 1,
            cited + 1,
            nothing,
            is_read,
            role,
            np.where(role != "", "provider", ""),
            polarity,
            np.where(polarity != "", "dataset", ""),
            years[citing],
            words,
        ),
        # Sentences of two works of one citing paper each, where their pairs are neighbours.
        "contexts": (ids[is_read], ids[is_read] // 2, nothing[is_read]),
    }
    with folders.writing(path, folders.SNAPSHOT, COLUMNS) as manifest:
        manifest |= {"library_mark": 0, "crosswalk_version": CROSSWALK_VERSION}
        for table, columns in COLUMNS.items():
            with folders.TableWriter(path / table, pa.schema(columns)) as writer:
                for begin in range(0, len(held[table][0]), folders.ROWS_A_GROUP):
                    writer.write([column[begin : begin + folders.ROWS_A_GROUP] for column in held[table]])
    return papers, len(citing)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--citations", type=int, default=2_000_000)
    parser.add_argument("--engine", choices=("duckdb", "spark"), action="append")
    parser.add_argument("--memory", default="1GB")
    options = parser.parse_args()
    print("| engine | papers, citations | seconds | processor | peak memory | hubs, co-cited works |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        snapshot = Path(folder) / "snapshot"
        papers, citations = write_made_up_snapshot(snapshot, options.citations)
        for engine in options.engine or ["duckdb"]:
            command = ("manage.py", "rollup", "--snapshot", str(snapshot), "--engine", engine)
            spent = spend(sys.executable, *command, "--memory", options.memory, url="sqlite://")
            manifest = json.loads((snapshot / f"rollup-{engine}/manifest.json").read_text())
            rows = [manifest["tables"][table]["rows"] for table in ("summaries", "co_cited")]
            print(
                f"| {engine} | {papers:,}, {citations:,} | {spent.seconds:.1f} | {spent.processor:.1f}"
                f" | {spent.memory:,.0f} MB | {rows[0]:,}, {rows[1]:,} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
