# A study of published figures.
# in:  {plan} (study.yaml, and readings.yaml beside it where tables are damaged), data/<study>/<input>
# out: results/<study>/*, reports/<study>.<language>.html


rule plan:
    """Check the analysis plan and hash it."""
    input:
        source=lambda wildcards: plan_of(ROOT, STUDIES[wildcards.study]),
    output:
        plan="results/{study}/plan.json",
    params:
        code=step("plan"),
        data=lambda wildcards: content_of(ROOT, plan_of(ROOT, STUDIES[wildcards.study])),
    log:
        "results/{study}/logs/plan.log",
    benchmark:
        "results/{study}/benchmarks/plan.tsv"
    resources:
        **asks("plan"),
    shell:
        "{COMMAND} plan {wildcards.study} --source {input.source[0]} --out {output.plan} 2>&1 | tee {log}"


rule statements:
    """Read the coded statements of interviews, where a study has any."""
    input:
        plan=rules.plan.output.plan,
        source=lambda wildcards: statements_of(ROOT, STUDIES[wildcards.study]),
    output:
        statements="results/{study}/statements.json",
    params:
        code=step("statements"),
        data=lambda wildcards: content_of(ROOT, statements_of(ROOT, STUDIES[wildcards.study])),
        source=lambda wildcards, input: f"--source {shlex.quote(str(input.source))}" if input.get("source") else "",
    log:
        "results/{study}/logs/statements.log",
    benchmark:
        "results/{study}/benchmarks/statements.tsv"
    resources:
        **asks("statements"),
    shell:
        "{COMMAND} statements --plan {input.plan} {params.source} --out {output.statements} 2>&1 | tee {log}"


rule figures:
    """Read the published figures and lay them in the panel."""
    input:
        plan=rules.plan.output.plan,
        source=lambda wildcards: input_of(ROOT, STUDIES[wildcards.study]),
    output:
        reported="results/{study}/reported.json",
        panel="results/{study}/panel.parquet",
    params:
        code=step("figures"),
        data=lambda wildcards: content_of(ROOT, input_of(ROOT, STUDIES[wildcards.study])),
    log:
        "results/{study}/logs/figures.log",
    benchmark:
        "results/{study}/benchmarks/figures.tsv"
    resources:
        **asks("figures"),
    wildcard_constraints:
        study=one_of(PUBLISHED),
    shell:
        "{COMMAND} figures --plan {input.plan} --source {input.source}"
        " --reported {output.reported} --panel {output.panel} 2>&1 | tee {log}"


rule design:
    """Derive what the data can identify, before any estimate."""
    input:
        plan=rules.plan.output.plan,
        panel=rules.figures.output.panel,
    output:
        designs="results/{study}/designs.json",
    params:
        code=step("design"),
    log:
        "results/{study}/logs/design.log",
    benchmark:
        "results/{study}/benchmarks/design.tsv"
    resources:
        **asks("design"),
    shell:
        "{COMMAND} design --plan {input.plan} --panel {input.panel} --out {output.designs} 2>&1 | tee {log}"


rule tables:
    """Enumerate every table that fits the published figures at once, reading by reading."""
    input:
        plan=rules.plan.output.plan,
        reported=rules.figures.output.reported,
    output:
        feasible="results/{study}/feasible.json",
        tables="results/{study}/tables.json",
    params:
        code=step("tables"),
    log:
        "results/{study}/logs/tables.log",
    benchmark:
        "results/{study}/benchmarks/tables.tsv"
    resources:
        **asks("tables"),
    wildcard_constraints:
        study=one_of(PUBLISHED),
    shell:
        "{COMMAND} tables --plan {input.plan} --reported {input.reported}"
        " --feasible {output.feasible} --out {output.tables} 2>&1 | tee {log}"


rule estimate:
    """Estimate every outcome without a prior, in the class that its design allows."""
    input:
        plan=rules.plan.output.plan,
        reported=rules.figures.output.reported,
        designs=rules.design.output.designs,
        tables=rules.tables.output.tables,
        feasible=rules.tables.output.feasible,
    output:
        findings="results/{study}/findings.json",
    params:
        code=step("estimate"),
    log:
        "results/{study}/logs/estimate.log",
    benchmark:
        "results/{study}/benchmarks/estimate.tsv"
    resources:
        **asks("estimate"),
    wildcard_constraints:
        study=one_of(PUBLISHED),
    shell:
        "{COMMAND} estimate --plan {input.plan} --reported {input.reported} --designs {input.designs}"
        " --tables {input.tables} --feasible {input.feasible} --out {output.findings} 2>&1 | tee {log}"


rule posterior:
    """Sample the posterior of every outcome that two group totals can carry."""
    input:
        plan=rules.plan.output.plan,
        reported=rules.figures.output.reported,
        designs=rules.design.output.designs,
        tables=rules.tables.output.tables,
        feasible=rules.tables.output.feasible,
    output:
        findings="results/{study}/posterior.json",
        diagnostics="results/{study}/diagnostics.json",
        draws="results/{study}/posterior.nc",
    params:
        code=step("posterior"),
    # It draws on two cores, but most of its time goes to reading and compiling on one: the others need not wait.
    threads: 1
    # The pages wait for this one longest.
    priority: 1
    log:
        "results/{study}/logs/posterior.log",
    benchmark:
        "results/{study}/benchmarks/posterior.tsv"
    resources:
        **asks("posterior"),
    wildcard_constraints:
        study=one_of(PUBLISHED),
    shell:
        "{COMMAND} posterior --plan {input.plan} --reported {input.reported}"
        " --designs {input.designs} --tables {input.tables} --feasible {input.feasible}"
        " --out {output.findings} --diagnostics {output.diagnostics} --draws {output.draws}"
        " --cores 2 2>&1 | tee {log}"


rule sensitivity:
    """Look for what would overturn each finding."""
    input:
        plan=rules.plan.output.plan,
        reported=rules.figures.output.reported,
        designs=rules.design.output.designs,
        tables=rules.tables.output.tables,
        feasible=rules.tables.output.feasible,
    output:
        checks="results/{study}/checks.json",
    params:
        code=step("sensitivity"),
    log:
        "results/{study}/logs/sensitivity.log",
    benchmark:
        "results/{study}/benchmarks/sensitivity.tsv"
    resources:
        **asks("sensitivity"),
    wildcard_constraints:
        study=one_of(PUBLISHED),
    shell:
        "{COMMAND} sensitivity --plan {input.plan} --reported {input.reported} --designs {input.designs}"
        " --tables {input.tables} --feasible {input.feasible} --out {output.checks} 2>&1 | tee {log}"


rule economy:
    """Work out the net benefit a year that the printed figures can carry."""
    input:
        plan=rules.plan.output.plan,
        reported=rules.figures.output.reported,
        designs=rules.design.output.designs,
        tables=rules.tables.output.tables,
        feasible=rules.tables.output.feasible,
    output:
        economy="results/{study}/economy.json",
    params:
        code=step("economy"),
    log:
        "results/{study}/logs/economy.log",
    benchmark:
        "results/{study}/benchmarks/economy.tsv"
    resources:
        **asks("economy"),
    wildcard_constraints:
        study=one_of(PUBLISHED),
    shell:
        "{COMMAND} economy --plan {input.plan} --reported {input.reported} --designs {input.designs}"
        " --tables {input.tables} --feasible {input.feasible}"
        " --out {output.economy} 2>&1 | tee {log}"


rule targets:
    """Hold the plan's targets against the figures of each evaluation."""
    input:
        plan=rules.plan.output.plan,
        reported=rules.figures.output.reported,
        designs=rules.design.output.designs,
        tables=rules.tables.output.tables,
        feasible=rules.tables.output.feasible,
    output:
        targets="results/{study}/targets.json",
    params:
        code=step("targets"),
    log:
        "results/{study}/logs/targets.log",
    benchmark:
        "results/{study}/benchmarks/targets.tsv"
    resources:
        **asks("targets"),
    wildcard_constraints:
        study=one_of(PUBLISHED),
    shell:
        "{COMMAND} targets --plan {input.plan} --reported {input.reported} --designs {input.designs}"
        " --tables {input.tables} --feasible {input.feasible}"
        " --out {output.targets} 2>&1 | tee {log}"


rule ladder:
    """Say what the printed stocks and moves allow of leaving each rung of the ladder."""
    input:
        plan=rules.plan.output.plan,
        reported=rules.figures.output.reported,
        designs=rules.design.output.designs,
        tables=rules.tables.output.tables,
        feasible=rules.tables.output.feasible,
    output:
        ladder="results/{study}/ladder.json",
    params:
        code=step("ladder"),
    log:
        "results/{study}/logs/ladder.log",
    benchmark:
        "results/{study}/benchmarks/ladder.tsv"
    resources:
        **asks("ladder"),
    wildcard_constraints:
        study=one_of(PUBLISHED),
    shell:
        "{COMMAND} ladder --plan {input.plan} --reported {input.reported} --designs {input.designs}"
        " --tables {input.tables} --feasible {input.feasible} --out {output.ladder} 2>&1 | tee {log}"


rule release:
    """Let out what may leave, as one release for the pages and as tables for machines."""
    input:
        plan=rules.plan.output.plan,
        panel=rules.figures.output.panel,
        reported=rules.figures.output.reported,
        designs=rules.design.output.designs,
        feasible=rules.tables.output.feasible,
        findings=rules.estimate.output.findings,
        posterior=rules.posterior.output.findings,
        diagnostics=rules.posterior.output.diagnostics,
        checks=rules.sensitivity.output.checks,
        economy=rules.economy.output.economy,
        targets=rules.targets.output.targets,
        ladder=rules.ladder.output.ladder,
        statements=rules.statements.output.statements,
    output:
        release="results/{study}/release.json",
        csv="results/{study}/estimates.csv",
        json="results/{study}/estimates.json",
    params:
        code=step("release"),
        folder=lambda wildcards, input: str(Path(input.plan).parent),
    log:
        "results/{study}/logs/release.log",
    benchmark:
        "results/{study}/benchmarks/release.tsv"
    resources:
        **asks("release"),
    wildcard_constraints:
        study=one_of(PUBLISHED),
    shell:
        "{COMMAND} release --folder {params.folder} --out {output.release}"
        " --csv {output.csv} --json {output.json} 2>&1 | tee {log}"


rule report:
    """Tell the release in each language: answer, annex, what could overturn it, and what the next office takes over."""
    input:
        release=rules.release.output.release,
    output:
        pages=expand("reports/{{study}}.{language}.html", language=LANGUAGES),
        annexes=expand("reports/{{study}}.annex.{language}.html", language=LANGUAGES),
        doubts=expand("reports/{{study}}.doubt.{language}.html", language=LANGUAGES),
        answers=expand("results/{{study}}/answers.{language}.json", language=LANGUAGES),
        sheets=expand("results/{{study}}/investment.{language}.csv", language=LANGUAGES),
        declarations=expand("results/{{study}}/declaration.{language}.md", language=LANGUAGES),
    params:
        code=step("report"),
        pages=lambda wildcards, output: each("--out", output.pages),
        annexes=lambda wildcards, output: each("--annex", output.annexes),
        doubts=lambda wildcards, output: each("--doubt", output.doubts),
        answers=lambda wildcards, output: each("--answers", output.answers),
        sheets=lambda wildcards, output: each("--sheet", output.sheets),
        declarations=lambda wildcards, output: each("--declaration", output.declarations),
    log:
        "results/{study}/logs/report.log",
    benchmark:
        "results/{study}/benchmarks/report.tsv"
    resources:
        **asks("report"),
    wildcard_constraints:
        study=one_of([*PUBLISHED, *PANELS]),
    shell:
        "{COMMAND} report --release {input.release} {params.pages} {params.annexes} {params.doubts}"
        " {params.answers} {params.sheets} {params.declarations} 2>&1 | tee {log}"
