# A study of registers, or of public tables by area.
# in:  {plan} (study.yaml), every table in data/<study>/
# out: results/<study>/*, reports/<study>.<language>.html (rules plan, design and report are those of published.smk)


rule registers:
    """Check every register (or table) against its schema, the others and the plan; an error stops here."""
    input:
        plan=rules.plan.output.plan,
        data=lambda wildcards: registers_of(ROOT, STUDIES[wildcards.study]),
    output:
        problems="results/{study}/problems.json",
    params:
        code=step("check"),
        data=lambda wildcards: content_of(ROOT, data_of(ROOT, STUDIES[wildcards.study])),
        folder=lambda wildcards: STUDIES[wildcards.study].data,
    log:
        "results/{study}/logs/registers.log",
    benchmark:
        "results/{study}/benchmarks/registers.tsv"
    resources:
        **asks("registers"),
    wildcard_constraints:
        study=one_of(PANELS),
    shell:
        "{COMMAND} registers --plan {input.plan} --data {params.folder} --out {output.problems} 2>&1 | tee {log}"


rule panel:
    """Count the registers into the panel, and read off which of them covers whom and when."""
    input:
        plan=rules.plan.output.plan,
        problems=rules.registers.output.problems,
        data=lambda wildcards: registers_of(ROOT, STUDIES[wildcards.study]),
    output:
        panel="results/{study}/panel.parquet",
        coverage="results/{study}/coverage.json",
        left_out="results/{study}/left_out.json",
        sources="results/{study}/sources.json",
    params:
        code=step("panel"),
        data=lambda wildcards: content_of(ROOT, data_of(ROOT, STUDIES[wildcards.study])),
        folder=lambda wildcards: STUDIES[wildcards.study].data,
    log:
        "results/{study}/logs/panel.log",
    benchmark:
        "results/{study}/benchmarks/panel.tsv"
    resources:
        **asks("panel"),
    wildcard_constraints:
        study=one_of(PANELS),
    shell:
        "{COMMAND} panel --plan {input.plan} --data {params.folder} --out {output.panel}"
        " --coverage {output.coverage} --left-out {output.left_out} --sources {output.sources} 2>&1 | tee {log}"


rule panel_size:
    """Simulate every outcome's own design without an effect: how often would the verdict be supported?"""
    input:
        plan=rules.plan.output.plan,
        panel=rules.panel.output.panel,
        designs=rules.design.output.designs,
    output:
        sizes="results/{study}/size.json",
    params:
        code=step("panel_size"),
    log:
        "results/{study}/logs/panel_size.log",
    benchmark:
        "results/{study}/benchmarks/panel_size.tsv"
    # The longest way through a study begins here: of what can run, it goes first.
    priority: 1
    resources:
        **asks("panel_size"),
    wildcard_constraints:
        study=one_of(PANELS),
    shell:
        "{COMMAND} panel-size --plan {input.plan} --panel {input.panel} --designs {input.designs}"
        " --out {output.sizes} 2>&1 | tee {log}"


rule panel_estimate:
    """Estimate every outcome in the class that its design allows, with every method side by side."""
    input:
        plan=rules.plan.output.plan,
        panel=rules.panel.output.panel,
        designs=rules.design.output.designs,
        sizes=rules.panel_size.output.sizes,
    output:
        findings="results/{study}/findings.json",
        methods_tables="results/{study}/methods_tables.json",
        doses="results/{study}/doses.json",
    params:
        code=step("panel_estimate"),
    log:
        "results/{study}/logs/panel_estimate.log",
    benchmark:
        "results/{study}/benchmarks/panel_estimate.tsv"
    priority: 1
    resources:
        **asks("panel_estimate"),
    wildcard_constraints:
        study=one_of(PANELS),
    shell:
        "{COMMAND} panel-estimate --plan {input.plan} --panel {input.panel} --designs {input.designs}"
        " --sizes {input.sizes} --out {output.findings} --methods-tables {output.methods_tables}"
        " --doses {output.doses} 2>&1 | tee {log}"


rule panel_posterior:
    """Sample the posteriors of the outcomes that share a likelihood, which is compiled once for them all."""
    input:
        plan=rules.plan.output.plan,
        panel=rules.panel.output.panel,
        designs=rules.design.output.designs,
        data=lambda wildcards: registers_of(ROOT, STUDIES[wildcards.study]),
    output:
        records="results/{study}/posteriors/{likelihood}.posterior.json",
        diagnostics="results/{study}/posteriors/{likelihood}.diagnostics.json",
        draws="results/{study}/posteriors/{likelihood}.nc",
    params:
        code=step("panel_posterior"),
        data=lambda wildcards: content_of(ROOT, data_of(ROOT, STUDIES[wildcards.study])),
        folder=lambda wildcards: STUDIES[wildcards.study].data,
    # It draws on two cores, for the last of them may be alone; while others run they share.
    threads: 1
    log:
        "results/{study}/logs/panel_posterior.{likelihood}.log",
    benchmark:
        "results/{study}/benchmarks/panel_posterior.{likelihood}.tsv"
    resources:
        **asks("panel_posterior"),
    wildcard_constraints:
        study=one_of(PANELS),
        likelihood=one_of(LIKELIHOODS),
    shell:
        "{COMMAND} panel-posterior --plan {input.plan} --panel {input.panel} --designs {input.designs}"
        " --data {params.folder} --likelihood {wildcards.likelihood} --out {output.records} --diagnostics {output.diagnostics}"
        " --draws {output.draws} --cores 2 2>&1 | tee {log}"


rule panel_sensitivity:
    """Look for what would overturn each finding; children are also counted where they live on each day."""
    input:
        plan=rules.plan.output.plan,
        panel=rules.panel.output.panel,
        designs=rules.design.output.designs,
        data=lambda wildcards: registers_of(ROOT, STUDIES[wildcards.study]),
    output:
        checks="results/{study}/checks.json",
    params:
        code=step("panel_sensitivity"),
        data=lambda wildcards: content_of(ROOT, data_of(ROOT, STUDIES[wildcards.study])),
        folder=lambda wildcards: STUDIES[wildcards.study].data,
    log:
        "results/{study}/logs/panel_sensitivity.log",
    benchmark:
        "results/{study}/benchmarks/panel_sensitivity.tsv"
    resources:
        **asks("panel_sensitivity"),
    wildcard_constraints:
        study=one_of(PANELS),
    shell:
        "{COMMAND} panel-sensitivity --plan {input.plan} --panel {input.panel} --designs {input.designs}"
        " --data {params.folder} --out {output.checks} 2>&1 | tee {log}"


rule panel_economy:
    """Work out the net benefit a year from the children's prices and from the accounts."""
    input:
        plan=rules.plan.output.plan,
        panel=rules.panel.output.panel,
    output:
        economy="results/{study}/economy.json",
    params:
        code=step("economy"),
    log:
        "results/{study}/logs/panel_economy.log",
    benchmark:
        "results/{study}/benchmarks/panel_economy.tsv"
    resources:
        **asks("panel_economy"),
    wildcard_constraints:
        study=one_of(PANELS),
    shell:
        "{COMMAND} panel-economy --plan {input.plan} --panel {input.panel}"
        " --out {output.economy} 2>&1 | tee {log}"


rule panel_targets:
    """Hold the plan's targets against the registers at each evaluation."""
    input:
        plan=rules.plan.output.plan,
        panel=rules.panel.output.panel,
        data=lambda wildcards: registers_of(ROOT, STUDIES[wildcards.study]),
    output:
        targets="results/{study}/targets.json",
    params:
        code=step("targets"),
        data=lambda wildcards: content_of(ROOT, data_of(ROOT, STUDIES[wildcards.study])),
        folder=lambda wildcards: STUDIES[wildcards.study].data,
    log:
        "results/{study}/logs/panel_targets.log",
    benchmark:
        "results/{study}/benchmarks/panel_targets.tsv"
    resources:
        **asks("panel_targets"),
    wildcard_constraints:
        study=one_of(PANELS),
    shell:
        "{COMMAND} panel-targets --plan {input.plan} --panel {input.panel} --data {params.folder}"
        " --out {output.targets} 2>&1 | tee {log}"


rule panel_ladder:
    """Follow every child on the ladder: where those of each rung go, how long they stay, and who arrives."""
    input:
        plan=rules.plan.output.plan,
        problems=rules.registers.output.problems,
        data=lambda wildcards: registers_of(ROOT, STUDIES[wildcards.study]),
    output:
        ladder="results/{study}/ladder.json",
    params:
        code=step("panel_ladder"),
        data=lambda wildcards: content_of(ROOT, data_of(ROOT, STUDIES[wildcards.study])),
        folder=lambda wildcards: STUDIES[wildcards.study].data,
    log:
        "results/{study}/logs/panel_ladder.log",
    benchmark:
        "results/{study}/benchmarks/panel_ladder.tsv"
    resources:
        **asks("panel_ladder"),
    wildcard_constraints:
        study=one_of(PANELS),
    shell:
        "{COMMAND} panel-ladder --plan {input.plan} --data {params.folder} --out {output.ladder} 2>&1 | tee {log}"


rule panel_release:
    """Let out what may leave: small numbers of children and what would give them away stay inside."""
    input:
        plan=rules.plan.output.plan,
        panel=rules.panel.output.panel,
        coverage=rules.panel.output.coverage,
        left_out=rules.panel.output.left_out,
        sources=rules.panel.output.sources,
        designs=rules.design.output.designs,
        findings=rules.panel_estimate.output.findings,
        methods_tables=rules.panel_estimate.output.methods_tables,
        doses=rules.panel_estimate.output.doses,
        checks=rules.panel_sensitivity.output.checks,
        economy=rules.panel_economy.output.economy,
        targets=rules.panel_targets.output.targets,
        ladder=rules.panel_ladder.output.ladder,
        statements=rules.statements.output.statements,
        posteriors=lambda wildcards: expand(
            [*rules.panel_posterior.output[:2]],
            study=wildcards.study,
            likelihood=LIKELIHOODS if asks_posteriors(ROOT, STUDIES[wildcards.study]) else [],
        ),
    output:
        release="results/{study}/release.json",
        csv="results/{study}/estimates.csv",
        json="results/{study}/estimates.json",
    params:
        code=step("release"),
        folder=lambda wildcards, input: str(Path(input.plan).parent),
    log:
        "results/{study}/logs/panel_release.log",
    benchmark:
        "results/{study}/benchmarks/panel_release.tsv"
    resources:
        **asks("panel_release"),
    wildcard_constraints:
        study=one_of(PANELS),
    shell:
        "{COMMAND} panel-release --folder {params.folder} --out {output.release}"
        " --csv {output.csv} --json {output.json} 2>&1 | tee {log}"
