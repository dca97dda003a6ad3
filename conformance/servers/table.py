"""Writes the table of results into a page, between its markers: table.py FOLDER PAGE SERVER…"""

import datetime
import json
import pathlib
import sys

BEGIN, END = "<!-- servers -->", "<!-- /servers -->"


def is_rejected(case):
    """Rejected, as it must be, for whichever reason."""
    return case["must"] == "reject" and case["result"] in ("passed", "failed") and case["got"].startswith("reject")


def cell(cases):
    """As expected, of those with a result."""
    passed = sum(case["result"] == "passed" or is_rejected(case) for case in cases)
    counted = sum(case["result"] in ("passed", "failed") for case in cases)
    return f"{passed} of {counted}" if counted else "–"


def reasons(cases, has_map):
    """Rejections for the expected reason, for another one, and without a known one."""
    if not has_map:
        return "–", "–", "–"
    rejected = [case for case in cases if is_rejected(case)]
    other = sum(case["result"] == "failed" for case in rejected)
    unknown = sum(case["result"] == "passed" and not case.get("reason") for case in rejected)
    return f"{len(rejected) - other - unknown} of {len(rejected)}", str(other), str(unknown)


def main(folder, page, *servers):
    reports, names = {}, []
    for name in servers:
        file = pathlib.Path(folder, f"{name}.json")
        if file.exists():
            names.append(name)
            title = file.with_suffix(".title").read_text()
            reports[title] = json.loads(file.read_text())["cases"]
    groups = list(dict.fromkeys(case["group"] for cases in reports.values() for case in cases))
    rows = [["group", *reports], ["---", *["--:" for _ in reports]]]
    for group in groups:
        cells = [cell([case for case in cases if case["group"] == group]) for cases in reports.values()]
        if any(text != "–" for text in cells):
            rows.append([group, *cells])
    rows.append(["all", *[cell(cases) for cases in reports.values()]])
    for title, wanted in (("not counted", "unproven"), ("not expressible", "not-expressible")):
        rows.append([title, *[str(sum(case["result"] == wanted for case in cases)) for cases in reports.values()]])
    titles = ("rejected for the expected reason", "rejected for another reason", "rejected without a known reason")
    # The messages of rp begin with codes.
    maps = [name == "rp" or pathlib.Path(__file__).parent.joinpath("reasons", name).exists() for name in names]
    figures = [reasons(cases, has_map) for cases, has_map in zip(reports.values(), maps)]
    rows += [[title, *row] for title, row in zip(titles, zip(*figures))]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    date = f"Written on {datetime.date.today().isoformat()}."
    path = pathlib.Path(page)
    before, rest = path.read_text().split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n{date}\n\n{table}\n\n{END}{after}")


main(*sys.argv[1:])
