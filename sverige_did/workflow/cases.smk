# A study of cases begun before and during a trial.
# in:  {plan} (study.yaml), the registers sager and, where caseworkers were asked, spørgeskema in data/<study>/
# out: results/<study>/*, reports/<study>.<language>.html (rule plan is that of published.smk)


rule case_registers:
    """Check the registers against their schemas, each other and the plan; an error stops here."""
    input:
        plan=rules.plan.output.plan,
        data=lambda wildcards: registers_of(ROOT, STUDIES[wildcards.study]),
    output:
        problems="results/{study}/problems.json",
    params:
        code=step("case_registers"),
        data=lambda wildcards: content_of(ROOT, data_of(ROOT, STUDIES[wildcards.study])),
        folder=lambda wildcards: STUDIES[wildcards.study].data,
    log:
        "results/{study}/logs/case_registers.log",
    benchmark:
        "results/{study}/benchmarks/case_registers.tsv"
    resources:
        **asks("case_registers"),
    wildcard_constraints:
        study=one_of(CASES),
    shell:
        "{COMMAND} case-registers --plan {input.plan} --data {params.folder} --out {output.problems} 2>&1 | tee {log}"


rule case_estimate:
    """Estimate every wait by municipality and together, with its checks, and count the answers."""
    input:
        plan=rules.plan.output.plan,
        problems=rules.case_registers.output.problems,
        data=lambda wildcards: registers_of(ROOT, STUDIES[wildcards.study]),
    output:
        estimates="results/{study}/case_estimates.json",
        survey="results/{study}/survey.json",
    params:
        code=step("case_estimate"),
        data=lambda wildcards: content_of(ROOT, data_of(ROOT, STUDIES[wildcards.study])),
        folder=lambda wildcards: STUDIES[wildcards.study].data,
    log:
        "results/{study}/logs/case_estimate.log",
    benchmark:
        "results/{study}/benchmarks/case_estimate.tsv"
    resources:
        **asks("case_estimate"),
    wildcard_constraints:
        study=one_of(CASES),
    shell:
        "{COMMAND} case-estimate --plan {input.plan} --data {params.folder} --out {output.estimates}"
        " --survey {output.survey} 2>&1 | tee {log}"


rule case_posterior:
    """Sample one posterior: of the waits week by week, or of the answers of caseworkers."""
    input:
        plan=rules.plan.output.plan,
        problems=rules.case_registers.output.problems,
        data=lambda wildcards: registers_of(ROOT, STUDIES[wildcards.study]),
    output:
        record="results/{study}/posteriors/{model}.posterior.json",
        draws="results/{study}/posteriors/{model}.nc",
    params:
        code=step("case_posterior"),
        data=lambda wildcards: content_of(ROOT, data_of(ROOT, STUDIES[wildcards.study])),
        folder=lambda wildcards: STUDIES[wildcards.study].data,
    log:
        "results/{study}/logs/case_posterior.{model}.log",
    benchmark:
        "results/{study}/benchmarks/case_posterior.{model}.tsv"
    resources:
        **asks("case_posterior"),
    wildcard_constraints:
        study=one_of(CASES),
        model="waits|survey",
    shell:
        "{COMMAND} case-posterior --plan {input.plan} --data {params.folder} --model {wildcards.model}"
        " --out {output.record} --draws {output.draws} --cores 2 2>&1 | tee {log}"


rule case_release:
    """Let out what may leave: few cases, few answers and single dates stay inside."""
    input:
        plan=rules.plan.output.plan,
        estimates=rules.case_estimate.output.estimates,
        survey=rules.case_estimate.output.survey,
        waits="results/{study}/posteriors/waits.posterior.json",
        answers="results/{study}/posteriors/survey.posterior.json",
    output:
        release="results/{study}/release.json",
        csv="results/{study}/estimates.csv",
        json="results/{study}/estimates.json",
    params:
        code=step("case_release"),
    log:
        "results/{study}/logs/case_release.log",
    benchmark:
        "results/{study}/benchmarks/case_release.tsv"
    resources:
        **asks("case_release"),
    wildcard_constraints:
        study=one_of(CASES),
    shell:
        "{COMMAND} case-release --plan {input.plan} --estimates {input.estimates} --survey {input.survey}"
        " --waits {input.waits} --answers {input.answers} --out {output.release}"
        " --csv {output.csv} --json {output.json} 2>&1 | tee {log}"


rule case_report:
    """Tell the release as one page in each language."""
    input:
        release=rules.case_release.output.release,
    output:
        pages=expand("reports/{{study}}.{language}.html", language=LANGUAGES),
        answers=expand("results/{{study}}/answers.{language}.json", language=LANGUAGES),
    params:
        code=step("case_report"),
        pages=lambda wildcards, output: each("--out", output.pages),
        answers=lambda wildcards, output: each("--answers", output.answers),
    log:
        "results/{study}/logs/case_report.log",
    benchmark:
        "results/{study}/benchmarks/case_report.tsv"
    resources:
        **asks("case_report"),
    wildcard_constraints:
        study=one_of(CASES),
    shell:
        "{COMMAND} case-report --release {input.release} {params.pages} {params.answers}"
        " 2>&1 | tee {log}"
