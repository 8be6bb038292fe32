"""StatBank asked over HTTPS: one question at a time, patient where it is ill, and told in our words where it refuses.

Only time-outs and answers of 500 and above are tried again: whatever else is wrong stays wrong. A body that broke off,
is of another length than was said, or is no answer to the question is never used.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Literal, Self

import httpx
from pydantic import ValidationError

from sverige_did import __version__
from sverige_did.errors import InputError, Problem, option
from sverige_did.sources.statbank.cache import Cache
from sverige_did.sources.statbank.tables import CELL_LIMIT, Selection, TableInfo

ADDRESS = "https://api.statbank.dk/v1"
LICENCE = "CC BY 4.0"
PUBLISHER = "Danmarks Statistik"

Form = Literal["CSV", "BULK", "JSONSTAT"]
"""BULK has no limit of cells, but leaves out what it has no number of; the others give a row for every combination."""

TRIES = 4
FIRST_WAIT = 1.0
"""Seconds before the second try; each further one waits twice as long."""

BETWEEN = 0.25
"""Seconds between two requests: at most four a second."""

SHOWN = 200
"""Characters of an answer that are shown in a message."""

KNOWN = {
    "EXTRACT-NOTFOUND": "sb_not_found",
    "EXTRACT-NOTALLOWED": "sb_not_allowed",
    "REQUEST-LIMIT": "sb_limit",
}
"""StatBank's own kinds of refusal that have a sentence of their own here."""

SERVER_ERROR = 500


class StatBank:
    """A connection to StatBank; a context manager that closes it.

    ``cache`` keeps answers on disk; ``sleep`` is what waits (tests hand in one that does not), ``timeout`` in seconds
    for connecting and for each pause within an answer, ``told`` hears of every wait in a sentence's key and values.
    """

    def __init__(
        self,
        address: str = ADDRESS,
        *,
        cache: Cache | None = None,
        timeout: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        told: Callable[..., None] = lambda *_args, **_values: None,
    ) -> None:
        self.address = address.rstrip("/")
        self._cache, self._sleep, self._told, self._timeout = cache, sleep, told, timeout
        self._asked = False
        headers = {"User-Agent": f"sverige-did/{__version__}"}
        self._client = httpx.Client(timeout=timeout, headers=headers, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def tableinfo(self, table: str) -> TableInfo:
        """The variables of a table and when it was last updated; never from the cache.

        Raises InputError where there is no such table, no network, or no usable answer.
        """
        body = self._post("tableinfo", {"table": table, "lang": "da", "format": "JSON"}, table)
        try:
            return TableInfo.model_validate_json(body)
        except ValidationError as error:
            raise _unexpected(table, body) from error

    def data(self, chosen: Selection, info: TableInfo, form: Form = "CSV") -> tuple[bytes, ...]:
        """The answers to a selection, in as many parts as the limit of cells makes it; BULK is always one.

        An answer is kept under the table's stamp of its last update, so that one of an older table is never used.
        """
        option("form", form, Form)
        parts = (chosen,) if form == "BULK" else chosen.within(CELL_LIMIT)
        return tuple(self._part(part, info, form) for part in parts)

    def forget(self, part: Selection, info: TableInfo, form: Form = "CSV") -> None:
        """Do not keep the answer to a part: its rows could not be used, and the same question must be asked again."""
        if self._cache:
            self._cache.drop(self._key(part.body(form), info))

    def _key(self, body: dict[str, Any], info: TableInfo) -> str:
        return json.dumps([self.address, body, info.updated], ensure_ascii=False, sort_keys=True)

    def _part(self, part: Selection, info: TableInfo, form: Form) -> bytes:
        body = part.body(form)
        key = self._key(body, info)
        kept = self._cache.get(key) if self._cache else None
        if kept is not None:
            return kept
        answer = self._post("data", body, part.table)
        if self._cache:
            self._cache.put(key, answer)
        return answer

    def _post(self, path: str, body: dict[str, Any], table: str) -> bytes:
        """The body of a good answer; waits between questions, and longer before each further try."""
        for tried in range(1, TRIES + 1):
            if self._asked:
                self._sleep(BETWEEN)
            self._asked = True
            try:
                reply = self._client.post(f"{self.address}/{path}", json=body)
            except httpx.TimeoutException as error:
                last = Problem("sb_timeout", file=table, values={"seconds": f"{self._timeout:g}", "tries": tried})
                cause: Exception | None = error
            except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
                raise InputError(Problem("sb_broken_off", file=table, found=str(error)[:SHOWN])) from error
            except (httpx.TransportError, httpx.InvalidURL) as error:
                found = f"{self.address}: {error}"[:SHOWN]
                raise InputError(Problem("sb_no_network", file=table, found=found)) from error
            else:
                if reply.status_code < SERVER_ERROR:
                    return _checked(reply, table)
                last = Problem("sb_server", file=table, found=str(reply.status_code), values={"tries": tried})
                cause = None
            if tried < TRIES:
                wait = FIRST_WAIT * 2 ** (tried - 1)
                self._told("statbank.again", table=table, wait=f"{wait:g}", tried=tried, tries=TRIES)
                self._sleep(wait)
        raise InputError(last) from cause


def _checked(reply: httpx.Response, table: str) -> bytes:
    """The body, unless it is a refusal, of another length than was said, or a page for people."""
    body = reply.content
    if not reply.is_success:
        raise _refusal(reply, table)
    said = reply.headers.get("content-length")
    if said is not None and "content-encoding" not in reply.headers and said != str(len(body)):
        raise InputError(Problem("sb_length", file=table, found=str(len(body)), expected=said))
    if not body.strip():
        raise InputError(Problem("sb_empty", file=table))
    if "html" in reply.headers.get("content-type", "") or body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        raise InputError(Problem("sb_page", file=table, found=_shown(body)))
    return body


def _refusal(reply: httpx.Response, table: str) -> InputError:
    """StatBank's own refusal with its words, or what came instead of one."""
    try:
        said = reply.json()
        kind, message = str(said["errorTypeCode"]), str(said["message"])
    except (ValueError, KeyError, TypeError):
        return InputError(
            Problem("sb_status", file=table, found=_shown(reply.content), values={"status": reply.status_code})
        )
    key = KNOWN.get(kind, "sb_refused")
    return InputError(Problem(key, file=table, found=f"{kind}: {message}"[:SHOWN]))


def _unexpected(table: str, body: bytes) -> InputError:
    return InputError(Problem("sb_unreadable", file=table, found=_shown(body)))


def _shown(body: bytes) -> str:
    """The beginning of a body on one line."""
    return " ".join(body[: 4 * SHOWN].decode("utf-8", "replace").split())[:SHOWN]
