"""Writes the table of results into a page, between its markers: table.py FOLDER PAGE."""

import json
import pathlib
import sys

SERVERS = {
    "rp": "`rp`",
    "simplewebauthn": "SimpleWebAuthn 14.0.3",
    "fido2-lib": "fido2-lib 3.5.9",
    "py_webauthn": "py_webauthn 3.0.1",
    "python-fido2": "python-fido2 2.2.1",
}
BEGIN, END = "<!-- servers -->", "<!-- /servers -->"


def cell(cases):
    """As expected, of those with a result."""
    passed = sum(case["result"] == "passed" for case in cases)
    counted = passed + sum(case["result"] == "failed" for case in cases)
    return f"{passed} of {counted}" if counted else "–"


def main(folder, page):
    reports = {}
    for name, title in SERVERS.items():
        file = pathlib.Path(folder, f"{name}.json")
        if file.exists():
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
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    path = pathlib.Path(page)
    before, rest = path.read_text().split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")


main(*sys.argv[1:])
