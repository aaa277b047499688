"""PDF files, turned into TEI full text by a GROBID server and read from that by ``tei.py``.

Owns the question to the server that the variable GROBID_URL names, and what its answers mean.
https://grobid.readthedocs.io/en/latest/Grobid-service/
"""

from __future__ import annotations

import io
import os
import time

import httpx2
import stamina

from papers import text
from papers.importers import tei
from papers.importers.source import BYTE_ORDER_MARK, MIB, Source
from papers.records import Identifiers, Items, UnreadableFile

MAX_PDF_BYTES = 128 * MIB
MAX_ANSWER_BYTES = 64 * MIB
# Seconds. A long paper takes the server a minute; a busy server answers 503 at once.
TIMEOUT = 300.0
LONGEST_ANSWER = 600.0
TRIES = 6
FIRST_WAIT = 2.0
LONGEST_WAIT = 30.0
# No look-ups elsewhere: what the server reads stays with it.
QUESTION = {"consolidateHeader": "0", "consolidateCitations": "0", "segmentSentences": "1"}


class _Busy(Exception):
    """All engines of the server are at work."""


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is that of a PDF."""
    return head.removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"%PDF-")


def read(source: Source, about: Identifiers) -> Items:
    """What GROBID finds in the file, one record; ``about`` is not needed.

    The file goes to the server, its name does not. Raises UnreadableFile without a server, for a
    file beyond MAX_PDF_BYTES or a damaged archive, and where the server cannot be reached or read the file.
    """
    server = os.environ.get("GROBID_URL", "").strip().rstrip("/")
    if not server:
        raise UnreadableFile(
            "a PDF is read by a GROBID server: set the variable GROBID_URL to its address, "
            "such as http://127.0.0.1:8070"
        )
    pdf = source.read(MAX_PDF_BYTES + 1)
    if len(pdf) > MAX_PDF_BYTES:
        raise UnreadableFile(f"the PDF is larger than {MAX_PDF_BYTES // MIB} MiB, which is the limit")
    if source.damage:
        raise UnreadableFile(f"{source.damage}: half a PDF is none")
    yield from tei.read(Source(io.BytesIO(_tei(server, pdf))), about)


def _tei(server: str, pdf: bytes) -> bytes:
    """The TEI that the server makes of a PDF. Raises UnreadableFile."""
    attempts = stamina.retry_context(
        on=_Busy, attempts=TRIES, timeout=None, wait_initial=FIRST_WAIT, wait_max=LONGEST_WAIT, wait_jitter=1
    )
    try:
        for attempt in attempts:
            with attempt:
                return _asked(server, pdf)
    except _Busy:
        raise UnreadableFile(f"the GROBID server is busy (503), {TRIES} times in a row: try again") from None
    except httpx2.TimeoutException:
        raise UnreadableFile(f"the GROBID server did not answer within {TIMEOUT:.0f} s") from None
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        reason = text.clean_line(str(error), 200) or type(error).__name__
        raise UnreadableFile(f"the GROBID server at GROBID_URL cannot be reached ({reason})") from None
    raise AssertionError("the attempts end with an answer or an error")


def _asked(server: str, pdf: bytes) -> bytes:
    with httpx2.stream(
        "POST",
        f"{server}/api/processFulltextDocument",
        files={"input": ("paper.pdf", pdf, "application/pdf")},
        data=QUESTION,
        headers={"Accept": "application/xml"},
        timeout=httpx2.Timeout(TIMEOUT, connect=10),
        follow_redirects=False,
    ) as response:
        if response.status_code == 503:
            raise _Busy
        answer, begun = bytearray(), time.monotonic()
        for chunk in response.iter_bytes():
            answer += chunk
            if len(answer) > MAX_ANSWER_BYTES or time.monotonic() - begun > LONGEST_ANSWER:
                raise UnreadableFile(
                    f"what the GROBID server answers exceeds {MAX_ANSWER_BYTES // MIB} MiB "
                    f"or {LONGEST_ANSWER:.0f} s, which are the limits"
                )
    if response.status_code == 204 or response.status_code == 200 and not answer.strip():
        raise UnreadableFile("GROBID finds no text in this PDF")
    if response.status_code != 200:
        said = text.clean_line(bytes(answer[:1000]).decode("utf-8", "replace"), 200)
        raise UnreadableFile(
            f"GROBID cannot read this PDF (HTTP {response.status_code}: {said or 'no reason'})"
        )
    if not tei.looks_like(bytes(answer[:4096]), ""):
        raise UnreadableFile("what answers at GROBID_URL is not TEI: is it the address of a GROBID server?")
    return bytes(answer)
