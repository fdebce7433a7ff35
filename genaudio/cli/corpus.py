"""``genaudio corpus``: the training works."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from genaudio.cli.state import state_of

commands = typer.Typer(help="The works that the melody model is trained on.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="corpus", epilog="Example: genaudio corpus info")


@commands.command(epilog="Example: genaudio corpus build --config configs/corpus.yaml --rejects rejects.txt")
def build(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.", show_default=False)] = Path(
        "outputs/corpus/works.jsonl.gz"
    ),
    rejects: Annotated[Path | None, typer.Option(help="Also write every tune left out, with its reason.")] = None,
) -> None:
    """Build the training works from the public-domain collections that music21 carries (takes a minute or two)."""
    from genaudio.corpus import CorpusRecipe, build_corpus
    from genaudio.production.files import check_writable, write_text

    state, output = state_of(ctx), state_of(ctx).output
    for path in filter(None, (out, rejects)):
        check_writable(path)
    with output.progress("Reading") as tell:
        report = build_corpus(
            out,
            lambda stage, done, total: tell(done / max(1, total), stage.capitalize()),
            recipe=CorpusRecipe.load(state.config) if state.config else CorpusRecipe(),
        )
    if rejects is not None:
        lines = [f"{r.source}\t{r.file}\t{r.number}\t{r.title}\t{r.reason}\t{r.detail}" for r in report.rejects]
        write_text(rejects, "\n".join(lines) + "\n")
    counts = report.as_dict()
    output.result({"file": str(out), **counts}, f"{out}\n{_tables(counts)}", bare=str(out))


@commands.command(epilog="Example: genaudio corpus info --json")
def info(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A file of training works; the shipped one if missing.")] = None,
) -> None:
    """Show how many training works there are, of which kinds and under which licences."""
    from genaudio.corpus import load_works

    works = load_works(path=file)
    counts: dict[str, Any] = {
        "works": len(works),
        "notes": sum(len(work.melody) for work in works),
        "families": len({work.family for work in works}),
    }
    for name, values in {
        "splits": (work.split for work in works),
        "styles": (work.style for work in works),
        "metres": (str(work.melody.metre) for work in works),
        "sources": (work.source for work in works),
        "licences": (work.licence for work in works),
    }.items():
        counts[name] = dict(Counter(values).most_common())
    state_of(ctx).output.result(counts, _tables(counts), bare=str(len(works)))


def _tables(counts: dict[str, Any]) -> str:
    """Write counts for people, tables indented below their names."""
    lines = []
    for name, value in counts.items():
        if not isinstance(value, dict):
            lines.append(f"{name:<16} {value:,}" if isinstance(value, int) else f"{name:<16} {value}")
            continue
        lines.append(name.replace("_", " "))
        for key, inner in value.items():
            shown = ", ".join(f"{k} {v}" for k, v in inner.items() if v) if isinstance(inner, dict) else f"{inner:,}"
            lines.append(f"  {key:<28} {shown}")
    return "\n".join(lines)
