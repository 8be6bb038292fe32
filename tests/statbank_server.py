"""A small StatBank on 127.0.0.1: the documented protocol with its refusals and quirks, and ways to be ill on request.

Numbers are made by a rule, so that a test can say what every cell must be.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from math import prod
from typing import Any

AREAS = {
    "000": "Hele landet", "084": "Region Hovedstaden", "101": "København", "147": "Frederiksberg", "167": "Hvidovre",
    "510": "Haderslev", "657": "Herning", "751": "Aarhus", "860": "Hjørring", "710": "Favrskov", "420": "Assens",
    "530": "Billund", "240": "Egedal", "440": "Kerteminde", "482": "Langeland", "157": "Gentofte",
    "390": "Vordingborg", "607": "Fredericia", "910": "Bykommuner",
}  # fmt: skip
YEARS = {str(year): str(year) for year in range(2009, 2021)}
TABLES: dict[str, dict[str, dict[str, str]]] = {
    "ANBAAR12": {
        "ADMKOM": {code: text for code, text in AREAS.items() if code not in {"084", "482", "910"}}
        | {"998": "Uoplyst kommune"},
        "ANBRINGELSE": {
            "0": "I alt", "1": "Netværksplejefamilie", "21": "Almindelig plejefamilie", "9": "Døgninstitution",
            "7": "Delvis lukket døgninstitution", "8": "Sikret afdeling", "27": "Opholdssted for børn og unge",
        },
        "Tid": YEARS,
    },
    "ANBAAR9": {
        "ADMKOM": {code: text for code, text in AREAS.items() if code not in {"084", "482", "910"}},
        "ALERAMS": {"0": "I alt", "9917": "0-17 år", "1822": "18-22 år", "999": "Uoplyst alder"},
        "Tid": YEARS,
    },
    "FOLK1A": {
        "OMRÅDE": AREAS,
        "KØN": {"TOT": "I alt", "1": "Mænd", "2": "Kvinder"},
        "ALDER": {"IALT": "I alt"} | {str(age): f"{age} år" for age in range(126)},
        "CIVILSTAND": {"TOT": "I alt", "U": "Ugift"},
        "Tid": {f"{year}K{quarter}": f"{year}K{quarter}" for year in range(2008, 2022) for quarter in range(1, 5)},
    },
    "REGK31": {
        "OMRÅDE": AREAS,
        "FUNKTION": {
            code: f"5.28.{code[-2:]} Funktion" for code in ("52820", "52821", "52822", "52823", "52824")
        },
        "DRANST": {"1": "1 Driftskonti", "3": "3 Anlægskonti"},
        "ART": {"TOT": "I alt", "UE": "Udgifter", "I": "Indtægter"},
        "PRISENHED": {"LOBM": "Løbende priser (1.000 kr.)", "INDL": "Pr. indbygger, løbende priser (kr.)"},
        "Tid": YEARS,
    },
    "PRIS8": {"TYPE": {"INDEKS": "Indeks", "AARLIG": "Årlig stigning"}, "Tid": YEARS},
}  # fmt: skip
TEXTS = {"ADMKOM": "administrationskommune", "OMRÅDE": "område", "Tid": "tid", "ANBRINGELSE": "anbringelsessted"}
UPDATED = "2026-09-30T08:00:00"


def number(table: str, codes: tuple[str, ...]) -> str:
    """What stands in a cell: a number in Danish, or one of the signs."""
    if table == "ANBAAR12" and codes[0] == "147" and codes[2] == "2014":
        return ".."
    if table == "PRIS8":
        return f"{7000 + 70.5 * (int(codes[1]) - 2011):.1f}".replace(".", ",")
    at = sum((place + 1) * sum(map(ord, code)) for place, code in enumerate(codes))
    if table == "ANBAAR12":
        total = 300 + at % 97
        return str(total if codes[1] == "0" else 20 + at % 23 if codes[1] != "8" else 0)
    return "-" if table == "REGK31" and codes[1] == "52824" and codes[0] == "860" else str(200 + at % 801)


@dataclass
class Bank:
    """What the server is asked and how it behaves. ``ill`` takes the place of the next answers to ``/data`` in turn;
    ``updated`` gives the stamp at each question for a table.
    """

    address: str = ""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ill: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    ill_info: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    updated: Iterator[str] | None = None
    tables: dict[str, dict[str, dict[str, str]]] = field(default_factory=lambda: dict(TABLES))
    limit: int = 1_000_000
    change: Callable[[str], str] = lambda text: text

    def requests(self, path: str = "data") -> list[dict[str, Any]]:
        return [body for where, body in self.asked if where == path]


def send(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    status: int = 200,
    kind: str = "text/csv; charset=utf-8",
    length: int | None = None,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.send_header("StatbankAPI-Request-Id", "test")
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = True


def refusal(kind: str, message: str, status: int = 400) -> Callable[[BaseHTTPRequestHandler], None]:
    body = json.dumps({"errorTypeCode": kind, "message": message}, ensure_ascii=False).encode()
    return lambda handler: send(handler, body, status, "application/json; charset=utf-8")


def answers(body: bytes, **how: Any) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: send(handler, body, **how)


def silence(seconds: float) -> Callable[[BaseHTTPRequestHandler], None]:
    stop = threading.Event()
    return lambda handler: stop.wait(seconds) and None


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


class _Handler(BaseHTTPRequestHandler):
    bank: Bank

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.rsplit("/", 1)[-1]
        self.bank.asked.append((path, body))
        ill = self.bank.ill_info if path == "tableinfo" else self.bank.ill
        if ill:
            ill.pop(0)(self)
        elif body["table"].upper() not in self.bank.tables:
            refusal("EXTRACT-NOTFOUND", f"Tabel findes ikke: {body['table']}")(self)
        else:
            {"tableinfo": self._info, "data": self._data}[path](body["table"].upper(), body)

    def _info(self, table: str, _: dict[str, Any]) -> None:
        variables = [
            {
                "id": name,
                "text": TEXTS.get(name, name.lower()),
                "elimination": name not in {"Tid", "FUNKTION"},
                "time": name == "Tid",
                "values": [{"id": code, "text": text} for code, text in values.items()],
            }
            for name, values in self.bank.tables[table].items()
        ]
        info = {
            "id": table, "text": f"Tabel {table}", "description": f"{table} efter område og tid", "unit": "Antal",
            "suppressedDataValue": "0", "updated": next(self.bank.updated) if self.bank.updated else UPDATED,
            "active": True, "contacts": [], "documentation": None, "footnote": None, "variables": variables,
        }  # fmt: skip
        send(self, json.dumps(info, ensure_ascii=False).encode(), kind="text/json; charset=utf-8")

    def _data(self, table: str, body: dict[str, Any]) -> None:
        variables, asked = self.bank.tables[table], {one["code"]: one["values"] for one in body["variables"]}
        for name, values in asked.items():
            unknown = [code for code in values if code not in variables.get(name, {})]
            if unknown:
                refusal("EXTRACT-NOTFOUND", f"Kan ikke finde værdi: {unknown[0]} ({name})")(self)
                return
        lacking = [name for name in variables if name not in asked]
        if lacking:
            refusal("EXTRACT-NOTALLOWED", f"Der skal vælges værdier for variabel: {lacking[0]}")(self)
            return
        cells = prod(len(asked[name]) for name in variables)
        if body["format"] != "BULK" and cells > self.bank.limit:
            message = f"Udtrækket har {cells} celler og er over begrænsningen på 1.000.000 celler"
            refusal("REQUEST-LIMIT", message)(self)
            return
        rows = list(product(*(asked[name] for name in variables)))
        if body["format"] == "JSONSTAT":
            send(self, self._jsonstat(table, asked, rows), kind="application/json; charset=utf-8")
            return
        send(self, self.bank.change(self._separated(table, rows, texts=body["format"] == "BULK")).encode("utf-8-sig"))

    def _separated(self, table: str, rows: list[tuple[str, ...]], *, texts: bool) -> str:
        variables = self.bank.tables[table]
        lines = [";".join([*(name.upper() for name in variables), "INDHOLD"])]
        for codes in rows:
            cells = [variables[name][code] if texts else code for name, code in zip(variables, codes, strict=True)]
            lines.append(";".join([*cells, number(table, codes)]))
        return "".join(f"{line}\r\n" for line in lines)

    def _jsonstat(self, table: str, asked: dict[str, list[str]], rows: list[tuple[str, ...]]) -> bytes:
        variables = self.bank.tables[table]
        dimension: dict[str, Any] = {
            name: {"label": name, "category": {"index": {code: at for at, code in enumerate(asked[name])}}}
            for name in variables
        }
        dimension["ContentsCode"] = {"label": "Indhold", "category": {"index": {table: 0}}}
        dimension |= {"id": [*variables, "ContentsCode"], "size": [*(len(asked[name]) for name in variables), 1]}
        said = [number(table, codes) for codes in rows]
        values = [None if one == ".." else 0 if one == "-" else float(one.replace(",", ".")) for one in said]
        return json.dumps({"dataset": {"dimension": dimension, "label": table, "value": values}}).encode()


@contextmanager
def statbank_server() -> Iterator[Bank]:
    """A running server; its ``address`` is that of the API."""
    bank = Bank()
    handler = type("Handler", (_Handler,), {"bank": bank})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    bank.address = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield bank
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
