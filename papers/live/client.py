"""A polite client of outside services: it asks, waits when told to, and keeps each answer on disk.

Owns how a request is made and how an answer is kept. What to ask is the business of the
modules beside this one, what an answer means that of ``papers/importers/``. No setting and no
table is known here: the caller names folder, contact and services.
"""

from __future__ import annotations

import math
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from pathlib import Path
from typing import Generic, TypeVar

import httpx2
import msgspec

from papers import text
from papers.importers.json_items import decode_json
from papers.importers.source import MIB
from papers.live.retrying import Later, tried

TRIES = 5
# Seconds. The waits between tries double from FIRST_WAIT to LONGEST_BACKOFF, each with up to
# JITTER more, so that those who were refused together do not come back together.
FIRST_WAIT = 2.0
LONGEST_BACKOFF = 60.0
JITTER = 1.0
# What a service may ask for by Retry-After; beyond this it is better to run the command later.
LONGEST_WAIT = 120.0
TIMEOUT = 30.0
LONGEST_ANSWER = 300.0  # a service that drips is given up
MAX_ANSWER_BYTES = 64 * MIB
MAX_REASON_BYTES = 4096
MAX_REDIRECTS = 3

Shape = TypeVar("Shape")

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.]+")


class SourceError(Exception):
    """A service gave no usable answer; the message says why, for a person, and holds no key."""


class NotKnown(SourceError):
    """The service does not know what was asked for."""


class SourceDown(SourceError):
    """The service does not answer, or not now: asking it for other papers is of no use either."""


@dataclass(frozen=True, slots=True)
class Service:
    """An outside service: where it is, how often it may be asked, what it is given of a key.

    ``interval`` is the least number of seconds between two requests. ``key_headers`` and
    ``key_parameters`` carry the key and go to the host of ``url`` alone; ``key_name`` is the
    variable that holds it.
    """

    name: str
    url: str
    interval: float
    key_name: str
    key: str = field(default="", repr=False)
    key_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_parameters: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Answer(Generic[Shape]):
    """An answer that is kept: its file, for a reader, and the part of it that says what to ask next."""

    path: Path
    value: Shape


class Client:
    """Asks services and keeps what they answer in ``folder``, one file a request.

    ``contact`` is a mail address for the User-Agent, or "". An answer younger than ``days`` is
    not asked for again, unless ``fresh``. ``on_wait(sentence)`` is told of each wait. ``asked``
    and ``kept`` count, by name of service, the requests sent and the answers found on disk.
    """

    def __init__(
        self,
        folder: Path,
        *,
        contact: str = "",
        days: float = 7,
        fresh: bool = False,
        on_wait: Callable[[str], object] | None = None,
    ):
        self.asked: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()
        self._folder = folder
        self._seconds = days * 86400
        self._fresh = fresh
        self._on_wait = on_wait
        self._last: dict[str, float] = {}
        whom = f" (mailto:{contact})" if contact else ""
        self._http = httpx2.Client(
            headers={"User-Agent": f"citation-hub{whom}", "Accept": "application/json"},
            timeout=TIMEOUT,
            follow_redirects=False,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error) -> None:
        self._http.close()

    def get(self, service: Service, path: str, parameters: Mapping[str, str], shape: type[Shape]) -> Answer:
        """The answer to ``path`` below the service's address, from disk or asked for.

        ``shape`` is the type that the answer must fit, a struct of what is needed here; only
        an answer that does is kept. Raises NotKnown, SourceDown or SourceError.
        """
        address = httpx2.URL(f"{service.url}/{path}", params=dict(parameters))
        file = self._file(service, path, address)
        if not self._fresh:
            try:
                if time.time() - file.stat().st_mtime < self._seconds:
                    answer = Answer(file, _decoded(service, file.read_bytes(), shape))
                    self.kept[service.name] += 1
                    return answer
            except (OSError, SourceError):
                pass  # not there, or no longer as it was written: ask
        data = self._ask(service, address)
        value = _decoded(service, data, shape)
        _write(file, data)
        return Answer(file, value)

    def _file(self, service: Service, path: str, address: httpx2.URL) -> Path:
        """Where the answer is kept: a readable name, told apart by a digest of the address."""
        digest = blake2b(str(address).encode(), digest_size=8).hexdigest()
        readable = _NOT_IN_NAMES.sub("-", path).strip("-.")[:80]
        return self._folder / service.name / f"{readable}-{digest}.json"

    # -- asking --------------------------------------------------------------------------

    def _ask(self, service: Service, address: httpx2.URL) -> bytes:
        try:
            return tried(
                lambda: self._once(service, address),
                name=service.name,
                on_wait=self._on_wait,
                tries=TRIES,
                first_wait=FIRST_WAIT,
                longest_wait=LONGEST_BACKOFF,
                jitter=JITTER,
            )
        except Later as error:
            raise SourceDown(f"no answer after {TRIES} tries, the last time: {error}") from None

    def _once(self, service: Service, address: httpx2.URL) -> bytes:
        for _hop in range(MAX_REDIRECTS + 1):
            self._pause(service)
            self.asked[service.name] += 1
            try:
                with self._http.stream(
                    "GET",
                    address.copy_merge_params(dict(service.key_parameters)),
                    headers=dict(service.key_headers),
                ) as response:
                    if not response.has_redirect_location:
                        return _body(service, response)
                    address = _redirected(address, response.headers["Location"])
            except httpx2.TimeoutException:
                raise Later(f"nothing came within {TIMEOUT:.0f} s") from None
            except httpx2.TransportError as error:
                raise Later(_without_key(service, str(error)) or type(error).__name__) from None
            except httpx2.DecodingError:
                raise SourceError("its answer is packed in a way that cannot be unpacked") from None
        raise SourceError(f"it redirects more than {MAX_REDIRECTS} times")

    def _pause(self, service: Service) -> None:
        left = self._last.get(service.name, -math.inf) + service.interval - time.monotonic()
        if left > 0:
            time.sleep(left)
        self._last[service.name] = time.monotonic()


def _redirected(address: httpx2.URL, location: str) -> httpx2.URL:
    """The address that ``location`` names; SourceError where it leads to another scheme, host or port."""
    try:
        new = address.join(location)
    except httpx2.InvalidURL:
        raise SourceError("it redirects to what is no address") from None
    if (new.scheme, new.host, new.port) != (address.scheme, address.host, address.port):
        raise SourceError(f"it redirects to {new.scheme}://{new.host}, which is not followed")
    return new


def _body(service: Service, response: httpx2.Response) -> bytes:
    """The bytes of a good answer; what any other answer means as an exception."""
    status = response.status_code
    if status == 200:
        return _bounded(response)
    if status in (404, 410):
        raise NotKnown("it does not know this paper")
    said = _reason(service, response)
    if status in (401, 403):
        about_key = f"check {service.key_name}" if service.key else f"{service.key_name} is not set"
        raise SourceDown(f"it refuses to answer ({said}); {about_key}")
    if status in (408, 425, 429) or status >= 500:
        wait = retry_after(response.headers.get("Retry-After", ""))
        if wait is not None and wait > LONGEST_WAIT:
            raise SourceDown(
                f"it asks to wait {wait:,.0f} s ({said}), and more than {LONGEST_WAIT:.0f} s are not waited: "
                "run the same command later"
            )
        if status == 429 and not service.key:
            said += f"; {service.key_name} is not set"
        raise Later(said, wait)
    raise SourceError(f"it refuses the question ({said})")


def _bounded(response: httpx2.Response) -> bytes:
    data, begun = bytearray(), time.monotonic()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > MAX_ANSWER_BYTES:
            raise SourceError(f"its answer is larger than {MAX_ANSWER_BYTES // MIB} MiB, which is the limit")
        if time.monotonic() - begun > LONGEST_ANSWER:
            raise SourceDown(f"its answer takes longer than {LONGEST_ANSWER:.0f} s, which is the limit")
    return bytes(data)


def _reason(service: Service, response: httpx2.Response) -> str:
    """ "HTTP 429: Too Many Requests": the status and what the answer says of it, in one short line."""
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > MAX_REASON_BYTES:
            break
    try:
        value = msgspec.json.decode(bytes(data))
    except (ValueError, RecursionError):
        value = None
    said = []
    if isinstance(value, dict):
        said = [value[name] for name in ("error", "message") if isinstance(value.get(name), str)]
    sentence = text.clean_line(_without_key(service, " – ".join(said)), 200)
    return f"HTTP {response.status_code}" + (f": {sentence}" if sentence else "")


def _without_key(service: Service, sentence: str) -> str:
    """``sentence`` without the key: a service may well repeat what it was sent."""
    return sentence.replace(service.key, "…") if service.key else sentence


def retry_after(value: str) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or as a date; None for neither.

    RFC 9110, section 10.2.3.
    """
    value = value.strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


# -- keeping -----------------------------------------------------------------------------


def _decoded(service: Service, data: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.convert(decode_json(data), shape)
    except msgspec.ValidationError as error:
        raise SourceError(f"its answer is JSON, but not of the shape that is known here: {error}") from None
    except (ValueError, RecursionError):
        what = "HTML" if data.lstrip()[:1] == b"<" else "something that is not whole JSON"
        raise SourceError(f"it answered {what}") from None


def _write(file: Path, data: bytes) -> None:
    """``data`` as ``file``, whole or not at all. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        draft.write_bytes(data)
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)
