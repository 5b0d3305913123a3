"""The report's Table 2 of runs, read back from each form by other hands."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cifar_studio.config.presets import PRESETS
from cifar_studio.config.report import REPORT_ODDITIES, REPORT_RESULTS
from cifar_studio.errors import BadInputError
from cifar_studio.export.tables import latex, markdown
from cifar_studio.export.tables.report_columns import SELECTED
from cifar_studio.export.tables.report_table import MIXED, report_table
from cifar_studio.export.tables.sheet import Entry, Sheet, letters
from cifar_studio.export.tables.write_tables import write_table_file
from cifar_studio.plain_text import printable
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.folder import run_folder as folders
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.folder.run_folder import Notes, Status
from latex_reader import notes_of, rows_of, text_of
from report_runs import report_rows
from support import make_environment, make_row

NASTY = [
    r"a | b \| c \\",
    "**bold** _it_ `code` [x](http://evil) ![y](z) <script>alert(1)</script> &amp; ~~no~~",
    "www.example.org https://example.org a@b.org :smile: #1 $x^2$",
    r"\input{/etc/passwd} \\ & # % _ ^^5c ~ {x} }{ \end{tabular}",
    "-- --- `` '' ,, ?` !` << \"q\" [0] *",
    "two\nlines\r\x1b[31m \u202e\0",
    "Ünïcødé 猫 — – … · × −1",
]
texts = st.text(min_size=1, max_size=70) | st.text("\\|&%$#_{}~^`*[]<>-'\"!. :a", max_size=60)


def run_of(
    preset: str,
    rows: Sequence[EpochRow] | None = None,
    *,
    data: str = "CIFAR-100",
    name: str = "",
    folder: str = "20240425_202833_run",
) -> Run:
    made = make_environment(data)
    facts = msgspec.structs.replace(made.data, complete=True)
    if rows is None:
        rows = report_rows(REPORT_RESULTS[preset])
    return Run(
        Path(folder),
        PRESETS[preset].config,
        msgspec.structs.replace(made, data=facts),
        Status(state="finished"),
        tuple(rows),
        Notes(name=name),
    )


def demo(name: str = "") -> Run:
    rows = [make_row(epoch) for epoch in range(1, 11)]
    return run_of("quick-look", rows, data="demo", name=name)


def records_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_markdown(text: str) -> tuple[list[list[str]], list[str]]:
    """Cells of the table, and the paragraphs; anything but text and our own marks fails."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    rows: list[list[str]] = []
    paragraphs: list[str] = []
    for before, token in itertools.pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline" and token.content:
            words = ""
            for child in token.children or ():
                known = ("text", "text_special", "html_inline", "strong_open", "strong_close")
                assert child.type in known, child
                assert child.type != "html_inline" or child.content in ("<sup>", "</sup>")
                words += {"<sup>": "[", "</sup>": "]"}.get(child.content, child.content)
            (paragraphs if before.type == "paragraph_open" else rows[-1]).append(words)
        elif token.type == "inline":
            rows[-1].append("")
    return rows, paragraphs


def test_that_an_epochs_csv_with_the_reports_figures_gives_its_row(tmp_path: Path) -> None:
    folder = folders.create(tmp_path, "densenet161")
    folder.write_config(PRESETS["report-densenet161-dropout"].config)
    environment = run_of("report-densenet161-dropout").environment
    assert environment is not None
    folder.write_environment(environment)
    folder.write_status(Status(state="finished", epoch=40, epochs=40))
    for row in report_rows(REPORT_RESULTS["report-densenet161-dropout"]):
        folder.append_epoch(row)
    path = tmp_path / "table.csv"
    write_table_file(path, report_table([load(folder.path)]))
    (record,) = records_of(path)
    printed = {  # the column of the report, with the studio's digits
        "Epochs run": "40",
        "Epochs to convergence": "30",
        "Time an epoch, s": "69.93",
        "Standard deviation of it, s": "1.02",
        "Time to convergence, s": "2097.90",
        "Total training time, s": "2797.33",
        "Maximum training accuracy, %": "83.44",
        "Minimum training loss": "0.5398",
        "Maximum top-1 test accuracy, %": "56.17",
        "Maximum top-5 test accuracy, %": "82.83",
        "Minimum test loss": "1.7476",
    }
    assert {title: record[title] for title in printed} == printed
    for title, value in printed.items():
        about = ", about" if "to convergence" in title else ""
        assert float(record[f"{title} (report, as printed{about})"]) == float(value)
        assert float(record[f"{title} (difference)"]) == 0
    assert record["Beside the report"] == "repeats the report within 0.0 points"
    assert record["Folder"] == folder.path.name


def test_that_the_three_forms_say_the_same(tmp_path: Path) -> None:
    runs = [run_of(name) for name in REPORT_RESULTS] + [demo()]
    table = report_table(runs)
    for suffix in ("csv", "md", "tex"):
        write_table_file(tmp_path / f"table.{suffix}", table)
    from_latex = rows_of((tmp_path / "table.tex").read_text("utf-8"))
    from_markdown, _ = read_markdown((tmp_path / "table.md").read_text("utf-8"))
    assert from_latex == from_markdown
    records = records_of(tmp_path / "table.csv")
    lines = {re.sub(r"\[.*", "", row[0]): row[1:] for row in from_markdown}
    for title in ("Total training time, s", "Minimum test loss", "Data", "Seed"):
        assert lines[title] == [record[title] for record in records]
    widths = {len(row) for row in from_latex}
    assert widths == {8}


def test_that_differences_have_signs_and_the_measures_digits() -> None:
    rows = [
        msgspec.structs.replace(row, test_top1=min(row.test_top1, 50.0), test_top5=79.14 - 1e-4)
        for row in report_rows(REPORT_RESULTS["report-resnet18"])
    ]
    table = report_table([run_of("report-resnet18", rows)])
    record = dict(zip(table.header, table.rows[0], strict=True))
    assert record["Maximum top-1 test accuracy, % (difference)"] == "-1.62"
    assert record["Maximum top-5 test accuracy, % (difference)"] == "0.00"
    assert record["Total training time, s (difference)"] == "-0.36"
    lines = rows_of(latex.to_latex(table.sheet()))
    place = next(i for i, row in enumerate(lines) if row[0].startswith("Maximum top-1"))
    assert [row[1] for row in lines[place : place + 3]] == ["50.00", "51.62", "−1.62"]


def test_that_what_does_not_compare_has_nothing_beside() -> None:
    table = report_table([demo()])
    record = dict(zip(table.header, table.rows[0], strict=True))
    assert str(record["Beside the report"]).startswith("not comparable: demo, 10 epochs, 100 ")
    assert all(value is None for title, value in record.items() if "(" in title)
    rows = rows_of(latex.to_latex(table.sheet()))
    assert not {"report, as printed", "difference"} & {row[0] for row in rows}
    assert ["Beside the report", "not comparable: demo, 10 epochs, …[a]"] in rows
    both = rows_of(latex.to_latex(report_table([demo(), run_of("report-vgg11")]).sheet()))
    assert ["report, as printed", "", "57.4"] in both


def test_that_footnotes_say_rule_selection_and_oddities() -> None:
    rule = ConvergenceRule(2.0, 1)
    runs = [run_of("report-resnet18-dropout"), run_of("report-mobilenet_v2")]
    sheet = report_table(runs, rule).sheet()
    assert any(rule.describe() in words for words in sheet.notes)
    assert SELECTED in sheet.notes
    marked = {entry: row[0].text for row in sheet.rows for entry in row if entry.marks}
    shared = next(i for i, words in enumerate(sheet.notes) if "34.46 s (0.94)" in words)
    assert [entry.text for row in sheet.rows for entry in row if shared in entry.marks] == [
        *("34.46", "34.46", "0.94", "0.94")
    ]
    for text, words in [("1981.23", "2412.20 s"), ("3.5891", "do not fit"), ("3.95", "do not fit")]:
        entry = next(entry for entry in marked if entry.text == text)
        assert any(words in sheet.notes[mark] for mark in entry.marks)
    for row in sheet.rows:
        if row[0].text.startswith(("Maximum top", "Minimum test")):
            assert sheet.notes.index(SELECTED) in row[0].marks
    assert 'dropout "0.5; 0.5"' in sheet.notes[sheet.header[2].marks[0]]
    every = {mark for row in (sheet.header, *sheet.rows) for entry in row for mark in entry.marks}
    assert every == set(range(len(sheet.notes)))
    record = report_table(runs, rule).rows[0]
    assert rule.describe() in str(record[-1])
    assert "Minimum test loss: Best over all epochs" in str(record[-1])


def test_that_oddities_quote_what_is_printed() -> None:
    for oddity in REPORT_ODDITIES:
        printed = [REPORT_RESULTS[preset] for preset in oddity.presets]
        for result in printed:
            for figure in oddity.figures:
                value = f"{getattr(result, figure):.10g}"
                by_product = f"{result.epochs} epochs of {result.epoch_seconds:g} s"
                assert value in oddity.words or by_product in oddity.words
                if by_product in oddity.words:
                    seconds = re.search(r"would be ([\d.]+) s", oddity.words)
                    assert seconds is not None
                    product = result.epochs * result.epoch_seconds
                    assert float(seconds[1]) == pytest.approx(product)
                    assert abs(product - result.total_seconds) > 0.01 * product


def test_that_different_data_are_said() -> None:
    assert MIXED in report_table([demo(), run_of("report-vgg11")]).sheet().notes
    assert MIXED not in report_table([demo(), demo()]).sheet().notes


def test_that_the_honest_figure_stands_where_there_is_a_validation_split() -> None:
    rows = [
        msgspec.structs.replace(make_row(epoch, top1), val_top1=val)
        for epoch, top1, val in [(1, 20.0, 30.0), (2, 25.0, 10.0)]
    ]
    lines = rows_of(latex.to_latex(report_table([run_of("report-vgg11", rows), demo()]).sheet()))
    honest = next(row for row in lines if row[0].startswith("Test top-1 chosen on validation"))
    assert honest[1:] == ["20.00", "—"]


@pytest.mark.parametrize("rows", [[], [make_row(1)], [make_row(3)]])
def test_that_runs_with_next_to_nothing_have_a_table(rows: list[EpochRow], tmp_path: Path) -> None:
    table = report_table([run_of("report-vgg11", rows)])
    for suffix in ("csv", "tsv", "md", "tex"):
        write_table_file(tmp_path / f"table.{suffix}", table)
    assert len(rows_of((tmp_path / "table.tex").read_text("utf-8"))) == 1 + 6 + 14
    assert ("lost" in str(table.rows[0][-1])) == (rows == [make_row(3)])


def test_that_no_run_is_a_table_too(tmp_path: Path) -> None:
    table = report_table([])
    for suffix in ("csv", "md", "tex"):
        write_table_file(tmp_path / f"table.{suffix}", table)
    assert records_of(tmp_path / "table.csv") == []


def test_that_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"End its name in \.csv, \.md, \.tex or \.tsv"):
        write_table_file(tmp_path / "table.docx", report_table([]))


@pytest.mark.parametrize("name", NASTY)
def test_that_a_strangers_name_stays_text(name: str, tmp_path: Path) -> None:
    runs = [demo(name), run_of("report-vgg11", data=name, folder=f"runs/{name.replace('/', '')}")]
    table = report_table(runs)
    title = table.columns[0].title
    assert title == printable(name)[: len(title) - 1] + title[-1]
    assert len(title) <= 80
    text = markdown.to_markdown(table.sheet())
    rows, paragraphs = read_markdown(text)
    assert rows == rows_of(latex.to_latex(table.sheet()))
    assert rows[0][1] == title.strip()
    assert all(len(row) == 3 for row in rows)
    assert paragraphs[1:] == notes_of(latex.to_latex(table.sheet()))
    write_table_file(tmp_path / "table.csv", table)
    assert records_of(tmp_path / "table.csv")[0]["Run"].removeprefix("'") == title


@given(texts)
@settings(max_examples=300)
def test_that_any_text_comes_back_from_markdown_and_latex(text: str) -> None:
    sheet = Sheet(text, (Entry("x"), Entry(text, (0,))), ((Entry("y"), Entry(text)),), (text,))
    line = printable(text)
    rows, paragraphs = read_markdown(markdown.to_markdown(sheet))
    assert rows == [["x", f"{line}[a]".lstrip()], ["y", line.strip()]]
    assert paragraphs[-1].strip() == f"[a] {line}".strip()
    assert text_of(latex.escape(text)) == line
    made = latex.to_latex(sheet)
    assert rows_of(made) == [["x", f"{line}[a]".lstrip()], ["y", line.strip()]]
    assert not re.search(r"--|``|''|,,|[?!]`", made)


def test_that_addresses_and_pictures_by_name_are_taken_apart() -> None:
    assert markdown.escape("www.a.org 0.5: x") == r"www\.a\.org 0.5: x"
    assert markdown.escape("https://a :cat: @me #1") == r"https\://a \:cat: \@me \#1"


def test_that_letters_go_on_after_z() -> None:
    assert [letters(place) for place in (0, 25, 26, 27, 51, 52, 701, 702)] == [
        *("a", "z", "aa", "ab", "az", "ba", "zz", "aaa")
    ]


def test_that_letters_that_pdflatex_lacks_are_said() -> None:
    assert "LuaLaTeX" not in latex.to_latex(report_table([demo("Ünïcødé — −1")]).sheet())
    assert "LuaLaTeX" in latex.to_latex(report_table([demo("猫")]).sheet())
