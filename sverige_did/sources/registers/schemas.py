"""The registers a municipality can deliver, each described once.

The pandera schemas, the messages about a bad file and docs/schemas.md are all made from these values.
"""

from __future__ import annotations

from sverige_did.sources.registers.register import Column, Register, Value

SEX = (Value("girl", "pige", ("p", "k", "kvinde", "female", "f")), Value("boy", "dreng", ("d", "mand", "male", "m")))
INFORMANT = (
    Value("parent", "forælder", ("forældre", "parents", "mor", "far")),
    Value("foster_parent", "plejeforælder", ("plejeforældre", "plejemor", "plejefar")),
    Value("staff", "personale", ("kontaktpædagog", "pædagog", "kontaktperson")),
    Value("teacher", "lærer", ("skole", "klasselærer")),
    Value("self", "selv", ("barnet", "den unge", "selvbesvaret")),
)
END_REASON = (
    Value("planned", "planlagt", ("som planlagt", "afsluttet efter plan", "hjemgivelse")),
    Value("moved", "flyttet", ("skift af anbringelsessted", "ny anbringelse")),
    Value("breakdown", "sammenbrud", ("brudt sammen",)),
    Value("aged_out", "fyldt 18", ("18 år", "myndig")),
    Value("left_area", "fraflyttet", ("flyttet fra kommunen",)),
    Value("other", "andet", ()),
)
GROUP = (
    Value("treated", "indsats", ("sverigesdistrikter", "sverigesdistrikt", "sverige")),
    Value("control", "øvrige", ("øvrige distrikter", "kontrol")),
    Value("whole", "hele", ("hele kommunen", "i alt")),
)
YES_NO = (Value("yes", "ja", ("j", "1", "true")), Value("no", "nej", ("n", "0", "false")))

CHILD = Column("child", "barn", "identifier", aliases=("barn id", "barnets id", "child id", "løbenummer", "pseudonym"))
DISTRICT = Column("district", "distrikt", "text", aliases=("skoledistrikt", "district id"))
PERIOD = Column("period", "periode", "period", aliases=("halvår", "half year", "måned", "month"))
MEASURE = Column(
    "measure", "foranstaltning", "code", aliases=("foranstaltningskode", "indsats", "measure code", "kode")
)
TEAM = Column("team", "team", "text", aliases=("afdeling",))
START = Column("start", "startdato", "date", aliases=("start", "fra", "fra dato", "start date", "iværksat"))
END = Column(
    "end", "slutdato", "date", "still_open", aliases=("slut", "til", "til dato", "end date", "ophørt", "ophør")
)

DISTRICTS = Register(
    "districts",
    "distrikter",
    (
        DISTRICT,
        PERIOD,
        Column("pupils", "elever", "count", unit="children", low=0, aliases=("antal elever", "skoleelever")),
        Column(
            "residents_0_17", "indbyggere_0_17", "count", unit="children", low=0, aliases=("børn 0-17", "antal 0-17")
        ),
        Column("background", "baggrund", "number", "unknown", "percent", low=0, high=100, optional=True),
        Column("stratum", "stratum", "text", "not_recorded", optional=True, aliases=("lag", "type")),
        Column("treated_from", "indsats_fra", "date", "never", aliases=("go live", "startdato for indsats")),
    ),
    key=("district", "period"),
)
CHILDREN = Register(
    "children",
    "børn",
    (
        CHILD,
        Column("birth_half_year", "fødselshalvår", "half_year", aliases=("født", "født halvår", "fødselsår halvår")),
        Column("sex", "køn", "text", "unknown", allowed=SEX),
        DISTRICT,
    ),
    key=("child",),
)
RESIDENCES = Register("residences", "bopæle", (CHILD, DISTRICT, START, END), key=("child", "start"))
PLACEMENTS = Register(
    "placements",
    "anbringelser",
    (
        CHILD,
        MEASURE,
        START,
        END,
        Column("end_reason", "ophørsårsag", "text", "unknown", allowed=END_REASON, optional=True, aliases=("årsag",)),
        Column("price", "døgnpris", "money", "unknown", "dkk_day", low=0, optional=True, aliases=("takst", "pris")),
    ),
    key=("child", "measure", "start"),
    aliases=("foranstaltninger", "indsatser", "spells", "forløb"),
)
CASES = Register(
    "cases",
    "sager",
    (
        Column("case", "sag", "identifier", aliases=("sagsnummer", "sags id", "case id")),
        CHILD,
        DISTRICT,
        Column("opened", "åbnet", "date", aliases=("oprettet", "sag åbnet")),
        Column("closed", "lukket", "date", "still_open", aliases=("afsluttet", "sag lukket")),
    ),
    key=("case",),
)
CASEWORKERS = Register(
    "caseworkers",
    "sagsbehandlere",
    (
        TEAM,
        PERIOD,
        Column("open_cases", "åbne_sager", "count", unit="cases", low=0, aliases=("sager", "antal sager")),
        Column("fte", "årsværk", "number", unit="fte", low=0, aliases=("fuldtid", "fuldtidsstillinger")),
    ),
    key=("team", "period"),
    aliases=("socialrådgivere", "sagstal"),
)
FOLLOW_UPS = Register(
    "follow_ups",
    "opfølgninger",
    (
        CHILD,
        MEASURE,
        Column("due", "frist", "date", "not_recorded", optional=True, aliases=("senest",)),
        Column("done", "udført", "date", "not_done", aliases=("dato", "opfølgningsdato")),
    ),
)
BREAKDOWNS = Register(
    "breakdowns",
    "sammenbrud",
    (
        CHILD,
        MEASURE,
        Column("date", "dato", "date", aliases=("sammenbrudsdato",)),
        Column("definition", "definition", "text", aliases=("definition version",)),
    ),
    key=("child", "date"),
)
COMPLAINTS = Register(
    "complaints",
    "klager",
    (
        TEAM,
        Column("date", "dato", "date", aliases=("modtaget", "klagedato")),
        Column("case", "sag", "identifier", "not_recorded", optional=True, aliases=("sagsnummer",)),
        Column("upheld", "medhold", "text", "unknown", allowed=YES_NO, optional=True),
    ),
)
_ITEMS = tuple(
    Column(f"q{item}", f"spm{item}", "count", "not_answered", "points", low=0, high=2, optional=True, note="item")
    for item in range(1, 26)
)
_SCALES = tuple(
    Column(name, da, "count", "not_answered", "points", low=0, high=10, optional=True, note="scale")
    for name, da in (
        ("emotion", "emotionel"), ("conduct", "adfærd"), ("hyper", "hyperaktivitet"), ("peer", "kammerater"),
        ("prosocial", "prosocial"),
    )
)  # fmt: skip
SDQ_WAVES = Register(
    "sdq_waves",
    "sdq",
    (
        CHILD,
        Column("date", "dato", "date", aliases=("udfyldt", "målt")),
        Column("informant", "informant", "text", allowed=INFORMANT, aliases=("besvaret af", "udfyldt af")),
        Column("age", "alder", "count", "unknown", "years", low=2, high=22, optional=True),
        *_ITEMS,
        *_SCALES,
        Column("impact", "belastning", "count", "not_answered", "points", low=0, high=10, optional=True),
    ),
    key=("child", "date", "informant"),
    aliases=("sdq målinger",),
)
SDQ_NORMS = Register(
    "sdq_norms",
    "sdq_normer",
    (
        Column("country", "land", "code"),
        Column("informant", "informant", "text", allowed=INFORMANT),
        Column("age", "alder", "text"),
        Column("sex", "køn", "text", allowed=(*SEX, Value("both", "begge", ()))),
        Column("scale", "skala", "text"),
        Column("borderline_from", "grænse_fra", "count", unit="points", low=0, high=40),
        Column("abnormal_from", "over_fra", "count", unit="points", low=0, high=40),
        Column("source", "kilde", "text"),
    ),
    key=("country", "informant", "age", "sex", "scale"),
)
ACCOUNTS = Register(
    "accounts",
    "regnskab",
    (
        Column("year", "år", "year", low=1990, high=2100, aliases=("regnskabsår",)),
        Column("function", "funktion", "code", aliases=("kontoplan", "konto")),
        Column("group", "gruppe", "text", allowed=GROUP, aliases=("distriktsgruppe",)),
        Column("gross", "brutto", "money", unit="dkk", low=0, aliases=("bruttoudgift", "udgift")),
        Column("refusion", "refusion", "money", "not_recorded", "dkk", low=0, optional=True),
        Column("investment", "investering", "money", "not_recorded", "dkk", low=0, optional=True),
    ),
    key=("year", "function", "group"),
)

REGISTERS: tuple[Register, ...] = (
    DISTRICTS, CHILDREN, RESIDENCES, PLACEMENTS, CASES, CASEWORKERS, FOLLOW_UPS, BREAKDOWNS, COMPLAINTS, SDQ_WAVES,
    SDQ_NORMS, ACCOUNTS,
)  # fmt: skip
