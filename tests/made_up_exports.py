"""A made-up municipality as its systems would export it: civil registration numbers that nobody has, in six formats.

Days of birth have 60 added, as replacement numbers have, which the civil register gives to nobody; every file says that
it is made up.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import pandas as pd

from sverige_did.sources.exports.l201_xml import NAMESPACE, ROOT
from sverige_did.tasks.synthesize import run as synthesize

MADE_UP = "<!-- syntetisk / synthetic: made up, about nobody -->"
ENVELOPE = "http://rep.oio.dk/dst.dk/xml/schemas/2002/06/28/"
PLACES = {"SEL 66.1.1": "21", "SEL 66.1.2": "22", "SEL 66.1.3": "1", "SEL 66.1.4": "6", "SEL 66.1.5": "27",
          "SEL 66.1.6": "9", "SEL 66.1.7": "11"}  # fmt: skip
"""The kinds of place by the codes of Statistics Denmark."""

GROUPING = {"5.28.20": "528201003", "5.28.21": "528211003", "5.28.23": "528231002"}


def number(index: int, born: str, sex: str) -> str:
    """A civil registration number that nobody has: the day of birth with 60 added, and a series of its own."""
    month = {"1": 3, "2": 9}[born[-1]]
    series = 4000 if int(born[:4]) >= 2000 else 3000
    last = 2 * (index % 450) + (sex == "dreng")
    return f"{61 + index // 450:02}{month:02}{born[2:4]}-{series + last:04}"


def measures_xml(rows: list[tuple[str, str, str, str, str | None]]) -> str:
    """An L201 delivery of (number, id, code, start, end), with a guardian that nobody has in each measure."""
    body = "".join(
        "<ForanstaltningStruktur>"
        f"<UdsatBarnCPRidentifikator>{cpr}</UdsatBarnCPRidentifikator>"
        "<FormynderCPRidentifikator>6101702222</FormynderCPRidentifikator>"
        f"<ForanstaltningId>{escape(key)}</ForanstaltningId><ForanstaltningKode>{escape(code)}</ForanstaltningKode>"
        f"<ForanstaltningStartDato>{start}</ForanstaltningStartDato>"
        + (f"<ForanstaltningSlutDato>{end}</ForanstaltningSlutDato>" if end else "")
        + "</ForanstaltningStruktur>\n"
        for cpr, key, code, start, end in rows
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{MADE_UP}\n<{ROOT} xmlns="{NAMESPACE}">\n'
        f'<DeliveryMetadataNewStructure><e:Envelope xmlns:e="{ENVELOPE}"><e:SurveyID>D280600</e:SurveyID>'
        "<e:FormID>T201</e:FormID></e:Envelope></DeliveryMetadataNewStructure>\n"
        f"<ForanstaltningStrukturSamling>\n{body}</ForanstaltningStrukturSamling></{ROOT}>\n"
    )


def events(spells: pd.DataFrame, number_of: dict[str, str]) -> pd.DataFrame:
    """Spells that follow each other as starts, changes of place and ends; overlapping ones of a child are passed."""
    rows: list[tuple[str, str, str, str, str]] = []
    for child, mine in spells.groupby("barn", sort=False):
        until, last = pd.Timestamp.min, None
        for _, one in mine.sort_values("startdato").iterrows():
            if one["startdato"] <= until or last is not None:
                continue
            place, start = PLACES[one["foranstaltning"]], one["startdato"]
            rows.append((number_of[str(child)], f"{start:%d-%m-%Y}", "0", place, "SEL 52.3.7"))
            if pd.isna(one["slutdato"]):
                last = start
            else:
                until = one["slutdato"]
                rows.append((number_of[str(child)], f"{until:%d-%m-%Y}", "5", "", ""))
    return pd.DataFrame(rows, columns=["CPR-nr", "Hændelsesdato", "Hændelse", "Anbringelsessted", "Hjemmel"])


def postings(accounts: pd.DataFrame, side_of: dict[str, list[str]]) -> pd.DataFrame:
    """Each account of a group as twelve postings about its children, one without a child, and a credit note."""
    rows: list[tuple[str, str, str, str, str]] = []
    for at, one in accounts.reset_index(drop=True).iterrows():
        children, amount = side_of[one["gruppe"]], int(one["brutto"])
        for month in range(1, 13):
            child = children[(int(str(at)) * 12 + month) % len(children)]
            account = f"01005-{GROUPING[one['funktion']]}-015031-529CPR---"
            rows.append((account, f"{amount // 12},50", f"28-{month:02}-{one['år']}", "015031", child))
    rows += [("01005-528231002-015007-529---", "10.000,00", "15-06-2014", "015007", ""),
             ("01005-528231002-015007-529---", "-2.500,00", "20-06-2014", "015007", "")]  # fmt: skip
    return pd.DataFrame(rows, columns=["Kontostreng", "Beløb", "Posteringsdato", "Aktivitet", "Cpr-nummer"])


def municipality(folder: Path, beside: Path, *, seed: int = 5, districts: int = 8) -> set[str]:
    """Write the exports into ``folder`` by way of ``beside``, and return every number that stands in them."""
    synthesize(beside, seed, districts)
    read = {file: pd.read_csv(beside / f"{file}.csv", sep=";", dtype=str) for file in
            ("distrikter", "boern", "anbringelser", "regnskab")}  # fmt: skip
    children = read["boern"]
    numbers = [number(at, born, sex if isinstance(sex, str) else "pige") for at, (born, sex) in
               enumerate(zip(children["fødselshalvår"], children["køn"], strict=True))]  # fmt: skip
    number_of = dict(zip(children["barn"], numbers, strict=True))
    folder.mkdir(parents=True)
    (folder / "SYNTHETIC.txt").write_text("made up / syntetisk\n", "utf-8")
    text = read["distrikter"].to_csv(sep=";", index=False)
    (folder / "distrikter.csv").write_bytes(text.encode("cp1252"))
    book = openpyxl.Workbook()
    book.active.append(["syntetisk", "CPR-nr", "Navn", "Bopæl", "Distrikt"])
    for cpr, district in zip(numbers, children["distrikt"], strict=True):
        book.active.append(["ja", cpr, "Opdigtet Barn", "Opdigtet Vej 1", district])
    book.save(folder / "børn.xlsx")
    spells = read["anbringelser"].assign(
        **{day: pd.to_datetime(read["anbringelser"][day], format="%d-%m-%Y") for day in ("startdato", "slutdato")}
    )
    placed = spells[spells["foranstaltning"].isin(list(PLACES))]
    own = events(placed, number_of).assign(syntetisk="ja")
    own.to_csv(folder / "hændelser.csv", sep=";", index=False, encoding="utf-8-sig")
    early = spells[spells["foranstaltning"] == "SEL 11.3.2"]
    rows = [
        (number_of[one["barn"]].replace("-", ""), f"27.12.06-G01-{at}-13",
         "401" if one["startdato"].year > 2014 else "SEL 11.3.2", f"{one['startdato']:%Y-%m-%d}",
         None if pd.isna(one["slutdato"]) else f"{one['slutdato']:%Y-%m-%d}")
        for at, one in early.drop_duplicates(["barn", "startdato"]).iterrows()
    ]  # fmt: skip
    (folder / "L201_2015.xml").write_text(measures_xml(rows), "utf-8")
    treated = set(read["distrikter"].dropna(subset=["indsats_fra"])["distrikt"])
    ours = children["distrikt"].isin(treated)
    side_of = {"indsats": [n for n, yes in zip(numbers, ours, strict=True) if yes],
               "øvrige": [n for n, yes in zip(numbers, ours, strict=True) if not yes]}  # fmt: skip
    booked = postings(read["regnskab"].dropna(subset=["brutto"]), side_of).assign(syntetisk="ja")
    booked.to_csv(folder / "posteringer.csv", sep=";", index=False, encoding="utf-8")
    return set(numbers)
