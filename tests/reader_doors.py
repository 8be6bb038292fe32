"""Every door by which a file of somebody else's comes in: real files for it, and what a command does with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import small_cases
import small_registers as small
import xarray as xr
import yaml
from made_up_exports import measures_xml
from small_release import make_release
from statbank_server import statbank_server

import sverige_did as sd
from sverige_did.api.results import Verdict
from sverige_did.bayes.sampling.store import FORMAT, open_draws
from sverige_did.disclosure.outside import earlier, keep
from sverige_did.disclosure.release import estimates_csv
from sverige_did.errors import Problem
from sverige_did.files import altered, hashes, read_model, read_models, record, write_model, write_models, write_text
from sverige_did.inference.simulated.planned import planned_design
from sverige_did.panel import read_panel, write_panel
from sverige_did.report import render
from sverige_did.report.problems import problems_table
from sverige_did.results.answers import StudyAnswers
from sverige_did.results.estimates import Finding
from sverige_did.results.sources import SourceFile
from sverige_did.sources.aggregates.crosswalk import no_changes, read_crosswalk
from sverige_did.sources.aggregates.plan import read_aggregate_plan
from sverige_did.sources.aggregates.read import read_aggregates
from sverige_did.sources.cases.delivery import read_cases
from sverige_did.sources.files.provenance import provenance_problems, read_provenance, write_provenance
from sverige_did.sources.files.read_parquet import refuse_larger
from sverige_did.sources.files.synthetic_mark import is_marked
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.sources.pseudonyms.key import new_key, read_key
from sverige_did.sources.registers.codes import read_measure_codes
from sverige_did.sources.statbank.cache import Cache
from sverige_did.sources.statbank.client import StatBank
from sverige_did.sources.statbank.fetch import _adopters
from sverige_did.sources.statbank.formats import read_jsonstat, read_separated
from sverige_did.sources.statbank.recipe import Adopters, read_recipe
from sverige_did.sources.statbank.tables import TableInfo, selection
from sverige_did.study.evaluations import read_evaluations
from sverige_did.study.study import PanelStudy, Study
from sverige_did.tasks import check, collect, compare, convert, plan, plan_design, power, pseudonymise, report
from sverige_did.workflow import discover

ROOT = Path(__file__).parents[1]
ANALYSES, DATA = ROOT / "analyses", ROOT / "data"
CODES = ROOT / "sverige_did" / "sources" / "registers" / "measure_codes.yaml"


@dataclass(frozen=True)
class Door:
    """``lay`` writes good files into an empty folder, ``read`` is what a command does with them; those named in
    ``files`` are spoilt (all where it is empty)."""

    lay: Callable[[Path], None]
    read: Callable[[Path], object]
    files: tuple[str, ...] = ()


def _written(place: Path, content: str | bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)


# Plans with their data, as `sverige-did check` and `run` read them


def _panel_study(folder: Path) -> None:
    tree = small.plan(registers={"measure_codes": "codes.yaml"})
    _written(folder / "study.yaml", yaml.safe_dump(tree, allow_unicode=True, sort_keys=False))
    (folder / "data").mkdir()
    small.write(folder / "data", {name: small.delivery()[name] for name in ("districts", "children", "placements")})
    _written(folder / "data" / "codes.yaml", CODES.read_bytes())
    _written(folder / "data" / "SYNTHETIC.txt", "synthetic\n")
    write_provenance(folder / "data", [SourceFile(file="children.csv", sha256="", made_by="nobody", licence="-")])
    _written(folder / "statements.csv", (
        "statement;question;source_group;direction;strength;source;place\n"
        "s1;all;caseworkers;better;some;interviews;p. 3\ns2;all;families;worse;one;interviews;p. 4\n"))  # fmt: skip


def _published_study(folder: Path) -> None:
    for path in sorted((ANALYSES / "herning").iterdir()):
        shutil.copy(path, folder / path.name)
    (folder / "data").mkdir()
    shutil.copy(DATA / "herning" / "published.csv", folder / "data")


def _lottery_study(folder: Path) -> None:
    folder.joinpath("data").mkdir()
    tree = small.plan(chosen="random")
    names = [f"Distrikt {letter}" for letter in "ABCDEF"]
    sets = [[one, two, three] for one in range(1, 5) for two in range(one + 1, 6) for three in range(two + 1, 7)]
    lottery = {"made_by": "nobody", "seed": 1, "looked_at": 20, "every": True, "balanced_on": ["children"],
               "limit": 1.0, "districts": names, "drawn": 1, "sets": sets}  # fmt: skip
    _written(folder / "study.yaml", yaml.safe_dump(tree, allow_unicode=True, sort_keys=False))
    _written(folder / "lottery.yaml", yaml.safe_dump(lottery))


def _case_study(folder: Path) -> None:
    shutil.copy(ANALYSES / "frikommuner" / "study.yaml", folder)
    (folder / "data").mkdir()
    for path in (DATA / "frikommuner").glob("*.csv"):
        head = path.read_text("utf-8-sig").splitlines()[:120]
        _written(folder / "data" / path.name, "\n".join(head) + "\n")


def _checked(folder: Path) -> tuple[Problem, ...]:
    problems, assumed = check.run(folder, "da", date(2026, 1, 1))
    for language in ("da", "en"):
        check.write(problems, folder / f"{language}.out.json", folder / f"{language}.out.html", language)
        problems_table(problems, language)
        assert all(one.assumption.say(language) for one in assumed)
    return problems


def _planned(folder: Path) -> object:
    (files,) = discover.find_studies(folder).values()
    discover.kind_of(folder, files)
    discover.asks_posteriors(folder, files)
    discover.input_of(folder, files)
    discover.registers_of(folder, files)
    discover.content_of(folder, discover.all_of(folder, files))
    found = plan.checked_plan(folder / files.plan)
    write_model(folder / "out.plan.json", found)
    return read_model(folder / "out.plan.json", type(found)).sha256


# Registers and tables by themselves, past the check


REGISTERS = ("districts", "children", "placements", "sdq_waves", "accounts", "cases")


def _registers(folder: Path) -> None:
    small.write(folder, {name: small.delivery()[name] for name in REGISTERS})


def _panel(folder: Path) -> object:
    study = small.study()
    assert isinstance(study, PanelStudy)
    return panel_of(folder, study).panel.sha256


def _cases(folder: Path) -> None:
    small_cases.write(folder, small_cases.delivery())
    for path in folder.glob("*.csv"):
        head, *rest = path.read_text("utf-8-sig").splitlines()
        _written(path, "\n".join([head, *rest[:: max(len(rest) // 150, 1)]]) + "\n")


def _tables(folder: Path) -> None:
    rows = [f"{area};{year};{place};{number}" for area in ("A", "B", "C", "D") for year in ("2011", "2012")
            for place, number in (("i", "4"), ("alle", "20"))]  # fmt: skip
    _written(folder / "t.csv", "\n".join(["område;år;sted;antal", *rows]) + "\n")
    _written(folder / "a.csv", "område;start\nA;2012\nD;sommeren 2013\n")
    _written(folder / "crosswalk.csv", "område;enhed;navn;første;sidste;grund;kilde\nC;B;C;2011;2012;lagt sammen;lov\n")
    tree = {
        "area": "område", "period": "år",
        "signs": [{"sign": "..", "meaning": "not_available"},
                  {"sign": "*", "meaning": "suppressed", "low": 1, "high": 4}],
        "series": [{"outcome": "homes", "file": "t.csv", "kind": "stock", "rows": {"sted": ["i"]}, "value": "antal",
                    "per": {"column": "antal", "rows": {"sted": ["alle"]}, "contains": True},
                    "first": 2011, "last": 2012}],
        "adoption": {"file": "a.csv", "area": "område", "date": "start", "use": "latest"},
    }  # fmt: skip
    _written(folder / "tables.yaml", yaml.safe_dump(tree, allow_unicode=True))


def _read_tables(folder: Path) -> object:
    asked = read_aggregate_plan(folder / "tables.yaml")
    return read_aggregates(folder, asked, read_crosswalk(folder / "crosswalk.csv")).sha256


def _districts(folder: Path) -> None:
    rows = [f"Distrikt {letter};{40 + at};by;{20 + at},5;25,0" for at, letter in enumerate("ABCDEFGHIJKL")]
    _written(folder / "distrikter.csv", "\n".join(["distrikt;børn;stratum;niveau_1;niveau_2", *rows]) + "\n")


# The first mile


def _exports(folder: Path) -> None:
    write = {
        "hændelser.csv": "barn;dato;hændelse;anbringelsessted\nSYN-1;01-02-2014;0;21\nSYN-1;31-12-2014;5;\n",
        "expected_cases_0.csv": "history_date,cpr_number,case_sbsys_id,lukket,distrikt\n"
                                "2014-03-01 09:30:00,SYN-1,27.12.06-G01-1-14,2014-09-30,Avlum\n",
        "posteringer.csv": "konto;beløb;dato;barn\n528221002;1,50;2018-02-01;SYN-1\n5.28.23.1.001;-2,00;2018-02-01;\n",
        "L201.xml": measures_xml([("SYN-2", "s1", "SEL 52.3.3", "2014-02-01", "2015-03-01")]),
        "børn.csv": "barn;fødselshalvår;køn;distrikt\nSYN-1;2008H1;pige;Avlum\n",
    }  # fmt: skip
    for name, text in write.items():
        _written(folder / "rå" / name, text)
    head = (ROOT / "sverige_did/sources/exports/l201_codes.csv").read_text("utf-8").splitlines()
    _written(folder / "koder.csv", "\n".join([line for line in head if not line.startswith("#")][:6]) + "\n")


def _converted(folder: Path) -> object:
    return [one.rows for one in convert.run(folder / "rå", folder / "ud", folder / "koder.csv")]


def _raw(folder: Path) -> None:
    numbers = ("610105-4002", "911204-4001")  # 60 added to the day: nobody has them
    _written(folder / "rå" / "børn.csv", f"CPR-nr;Navn;Distrikt\n{numbers[0]};Anna;Avlum\n{numbers[1]};Bo;Kibæk\n")
    _written(folder / "rå" / "anbringelser.csv", (
        "Personnummer;Foranstaltning;Startdato;Slutdato;Døgnpris;Note\n"
        f"{numbers[0]};SEL 66.1.6;01-02-2013;;1234,567;ringede\n"
        f"{numbers[1]};SEL 66.1.1;01-03-2013;01-09-2013;987,5;\n"))  # fmt: skip
    new_key(folder / "nøgle.txt")


def _pseudonymised(folder: Path) -> object:
    (folder / "nøgle.txt").chmod(0o600)
    return [one.rows for one in pseudonymise.run(folder / "rå", folder / "ud", folder / "nøgle.txt", make_key=False)]


def _key(folder: Path) -> object:
    (folder / "nøgle.txt").chmod(0o600)
    return len(read_key(folder / "nøgle.txt"))


# StatBank


ASKED = {"ADMKOM": ("657", "Frederiksberg"), "anbringelsessted": ("0", "9"), "tid": ("2013", "2014")}


@cache
def _answers() -> dict[str, bytes]:
    """What the bank answers on a good day."""
    with statbank_server() as bank, StatBank(bank.address, sleep=lambda _: None) as client:
        info = client.tableinfo("ANBAAR12")
        asked = {
            form.lower(): client.data(selection(info, ASKED), info, form)[0] for form in ("CSV", "BULK", "JSONSTAT")
        }
        body = {"table": "ANBAAR12", "lang": "da", "format": "JSON"}
        told = httpx.post(f"{bank.address}/tableinfo", json=body, trust_env=False).content
    return {
        "tableinfo.json": told,
        "answer.csv": asked["csv"],
        "bulk.csv": asked["bulk"],
        "stat.json": asked["jsonstat"],
    }


def _bank(folder: Path) -> None:
    for name, body in _answers().items():
        _written(folder / name, body)


def _client(folder: Path, **options: Any) -> StatBank:
    """A bank that answers with the files of the folder, and no network."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("tableinfo"):
            return httpx.Response(200, content=(folder / "tableinfo.json").read_bytes())
        form = json.loads(request.content)["format"]
        name = {"CSV": "answer.csv", "BULK": "bulk.csv", "JSONSTAT": "stat.json"}[form]
        return httpx.Response(200, content=(folder / name).read_bytes())

    bank = StatBank("http://bank.invalid", sleep=lambda _: None, **options)
    bank._client = httpx.Client(transport=httpx.MockTransport(answer))
    return bank


def _asked_bank(folder: Path) -> object:
    with _client(folder) as bank:
        info = bank.tableinfo("ANBAAR12")
        chosen = selection(info, ASKED)
        found = [read_separated(bank.data(chosen, info)[0], info, chosen),
                 read_separated(bank.data(chosen, info, "BULK")[0], info, chosen, complete=False),
                 read_jsonstat(bank.data(chosen, info, "JSONSTAT")[0], info, chosen)]  # fmt: skip
    return [len(frame) for frame in found]


def _each_answer(name: str) -> Callable[[Path], object]:
    def read(folder: Path) -> object:
        info = TableInfo.model_validate_json(_answers()["tableinfo.json"])
        chosen = selection(info, ASKED)
        body = (folder / name).read_bytes()
        if name == "stat.json":
            return len(read_jsonstat(body, info, chosen))
        return len(read_separated(body, info, chosen, complete=name == "answer.csv"))

    return read


def _kept_answer(folder: Path) -> None:
    Cache(folder / "cache").put("asked", _answers()["answer.csv"])


def _adopters_laid(folder: Path) -> None:
    adopters = (ANALYSES / "rollout" / "adopters.csv").read_text("utf-8").splitlines()
    known = [
        adopters[0],
        *(line for line in adopters[1:] if line.split(";")[0] in _answers()["tableinfo.json"].decode()),
    ]
    _written(folder / "adopters.csv", "\n".join(known) + "\n")
    asked = (ANALYSES / "rollout" / "statbank.yaml").read_text("utf-8")
    _written(folder / "statbank.yaml", asked.replace("variable: OMRÅDE\n", "variable: ADMKOM\n"))
    _bank(folder)


def _adopters_read(folder: Path) -> object:
    recipe = read_recipe(folder)
    asked = recipe.adopters
    assert asked is None or isinstance(asked, Adopters)
    if asked is None:
        return None
    (folder / "data").mkdir()
    with _client(folder) as bank:
        return _adopters(bank, asked, folder, folder / "data", date(2026, 1, 1), "nobody").file


# What the package wrote itself, and somebody has sent, kept or touched


def _released(folder: Path) -> None:
    release = make_release()
    for name in ("one", "two"):
        write_model(folder / name / "release.json", release)


def _collected_from(folder: Path) -> None:
    release = make_release()
    write_model(folder / "release.json", release)
    write_text(folder / "estimates.csv", estimates_csv(release))
    write_models(folder / "estimates.json", release.findings)
    write_text(folder / "small.da.html", render(release, "da"))


def _collected(folder: Path) -> object:
    named = [folder / name for name in ("release.json", "estimates.csv", "estimates.json")]
    return collect.run(*named, [folder / "small.da.html"], folder / "release")["files"]


def _told(folder: Path) -> object:
    paths = [[folder / f"{name}.{language}.out" for language in ("da", "en")] for name in "abcdef"]
    return report.run(folder / "one" / "release.json", *paths)


def _results(folder: Path) -> None:
    release = make_release()
    write_model(folder / "plan.json", release.study)
    write_models(folder / "findings.json", release.findings)
    write_model(folder / "answers.json", StudyAnswers.model_validate(_some_answers()))


def _some_answers() -> dict[str, Any]:
    return {"study": "small", "title": "t", "question": "q", "page": "small.da.html", "synthetic": True,
            "language": "da", "sentence": "s", "answers": []}  # fmt: skip


def _read_results(folder: Path) -> object:
    return (read_model(folder / "plan.json", Study).sha256, len(read_models(folder / "findings.json", Finding)))


def _area_panel(folder: Path) -> None:
    _tables(folder / "tables")
    asked = read_aggregate_plan(folder / "tables" / "tables.yaml")
    write_panel(folder / "panel.parquet", read_aggregates(folder / "tables", asked, no_changes()))
    shutil.rmtree(folder / "tables")


def _panel_of_areas(folder: Path) -> object:
    refuse_larger(folder / "panel.parquet")
    return read_panel(folder / "panel.parquet").sha256


def _kept_power(folder: Path) -> None:
    *_, _ = power.simulate(_asked_power(), 1000, 1, folder / "kept.json")


@cache
def _asked_power() -> power.Asked:
    design = planned_design(districts=12, treated=4, before=2, after=2, family="binomial", level=0.3, children=20,
                            shock=0.1)  # fmt: skip
    return power.Asked(design, -1, 1, 0.05)


def _gone_on(folder: Path) -> object:
    *_, (_, found) = power.simulate(_asked_power(), 1000, 1, folder / "kept.json")
    return power.told(found)


def _draws(folder: Path) -> None:
    made = xr.DataTree.from_dict({
        "one": xr.Dataset({"seed": ("fit", [1]), "data_sha256": ("fit", ["a"]), "diagnostics": ("fit", ["{}"])},
                          coords={"fit": ["x"]}),
        "one/posterior": xr.Dataset({"effect": (("fit", "chain", "draw"), np.zeros((1, 2, 5)))}),
        "one/sample_stats": xr.Dataset({"energy": (("fit", "chain", "draw"), np.zeros((1, 2, 5)))}),
    })  # fmt: skip
    made.attrs = {"format": FORMAT, "plan_sha256": "a" * 64, "versions": "{}"}
    made.to_netcdf(folder / "draws.nc", engine="h5netcdf")


def _kept_releases(folder: Path) -> None:
    keep(folder, make_release())


def _recorded(folder: Path) -> None:
    write_text(folder / "a.json", "{}\n")
    record(hashes([folder / "a.json"]))


def _verdict(folder: Path) -> None:
    frame = sd.datasets.simulate()
    study = sd.did(frame, unit="district", time="period", y="y", treated_from="start")
    _written(folder / "verdict.json", study.verdict().to_json())


DOORS: dict[str, Door] = {
    "check of a panel": Door(_panel_study, _checked),
    "check of published figures": Door(_published_study, _checked),
    "check of cases": Door(_case_study, _checked),
    "plan of a panel": Door(_panel_study, _planned, ("study.yaml",)),
    "plan of published figures": Door(_published_study, _planned, ("study.yaml", "readings.yaml", "areas.yaml")),
    "plan of cases": Door(_case_study, _planned, ("study.yaml",)),
    "plan with a lottery": Door(_lottery_study, _planned, ("lottery.yaml",)),
    "registers": Door(_registers, _panel),
    "cases": Door(_cases, lambda folder: read_cases(folder, small_cases.plan()).sha256),
    "tables": Door(_tables, _read_tables),
    "codes of measures": Door(
        lambda folder: _written(folder / "codes.yaml", CODES.read_bytes()),
        lambda folder: read_measure_codes(folder / "codes.yaml"),
    ),
    "evaluations": Door(
        lambda folder: _written(folder / "index.yaml", (ANALYSES / "index.yaml").read_bytes()),
        lambda folder: read_evaluations(folder / "index.yaml"),
    ),
    "districts of a plan": Door(
        _districts, lambda folder: plan_design.read_districts(folder / "distrikter.csv", "institution_share")
    ),
    "exports": Door(_exports, _converted),
    "pseudonyms": Door(_raw, _pseudonymised, ("rå/børn.csv", "rå/anbringelser.csv")),
    "key": Door(_raw, _key, ("nøgle.txt",)),
    "answers of StatBank": Door(_bank, _asked_bank),
    "an answer in CSV": Door(_bank, _each_answer("answer.csv"), ("answer.csv",)),
    "an answer in bulk": Door(_bank, _each_answer("bulk.csv"), ("bulk.csv",)),
    "an answer in JSON-stat": Door(_bank, _each_answer("stat.json"), ("stat.json",)),
    "an answer that was kept": Door(_kept_answer, lambda folder: Cache(folder / "cache").get("asked")),
    "what StatBank is asked": Door(_adopters_laid, _adopters_read, ("statbank.yaml", "adopters.csv")),
    "releases": Door(
        _released, lambda folder: compare.run(folder / "one", folder / "two", "da"), ("one/release.json",)
    ),
    "a release that is told": Door(_released, _told, ("one/release.json",)),
    "a release that is collected": Door(_collected_from, _collected),
    "earlier releases": Door(_kept_releases, lambda folder: len(earlier(folder))),
    "results": Door(_results, _read_results, ("plan.json", "findings.json")),
    "a panel": Door(
        _area_panel,
        _panel_of_areas,
    ),
    "power that was kept": Door(_kept_power, _gone_on),
    "draws": Door(_draws, lambda folder: open_draws(folder / "draws.nc", "a" * 64)),
    "hashes": Door(_recorded, lambda folder: altered(hashes([folder / "a.json"]))),
    "where files are from": Door(
        _panel_study,
        lambda folder: list(provenance_problems(read_provenance(folder / "data"))),
        ("data/provenance.json",),
    ),
    "the mark": Door(_registers, lambda folder: is_marked(folder)),
    "a result in JSON": Door(
        _verdict, lambda folder: Verdict.from_json((folder / "verdict.json").read_text("utf-8", "replace"))
    ),
}
