"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Catalogues = Annotated[
    list[Path] | None,
    typer.Option("--catalogue", help="A catalogue to screen against, beside the training works; may be repeated."),
]
Style = Annotated[
    str | None, typer.Option(help="Tune type, such as reel, jig or waltz, or a blend such as reel:0.6,air:0.4.")
]
KeyName = Annotated[str | None, typer.Option("--key", help="Tonic or key, such as D, Bb or 'E minor'.")]
Mode = Annotated[str | None, typer.Option(help="major, minor, dorian or mixolydian.")]
Meter = Annotated[str | None, typer.Option("--meter", "--metre", help="Time signature, such as 4/4 or 6/8.")]
Bars = Annotated[int | None, typer.Option(help="Number of bars, the pickup not counted.")]
Tempo = Annotated[float | None, typer.Option(help="Quarter notes a minute.")]
Temperature = Annotated[float, typer.Option(help="Boldness: 1 as learnt, less is tamer.")]
TopP = Annotated[float, typer.Option("--top-p", help="Only the likeliest symbols that make up this share.")]
MinP = Annotated[float, typer.Option("--min-p", help="Only symbols at least this share as likely as the likeliest.")]
Guidance = Annotated[float, typer.Option(help="How much more the style and mode count; 1 is by themselves.")]
CopyGuard = Annotated[
    float,
    typer.Option("--guard", help="How strongly rare turns of the training works are avoided, 0 to 10."),
]
Form = Annotated[
    str | None, typer.Option(help="A letter for each section, such as AABB or AABA: the same letter, the same notes.")
]
Range = Annotated[str | None, typer.Option("--range", help="Lowest and highest pitch, such as D4-B5; C4 is middle C.")]
Lowest = Annotated[str | None, typer.Option(help="Lowest pitch alone, such as D4.")]
Highest = Annotated[str | None, typer.Option(help="Highest pitch alone, such as B5.")]
Density = Annotated[float | None, typer.Option(help="Notes a bar on average.")]
Instrument = Annotated[str, typer.Option(help="Such as violin, flute, piano or guitar; genaudio models lists all.")]
Model = Annotated[
    Path | None,
    typer.Option("--model", help="Melody weights of your own (genaudio train melody); the shipped ones if missing."),
]
Renderer = Annotated[
    Path | None,
    typer.Option("--renderer", help="Renderer weights of your own (genaudio train renderer); the shipped if missing."),
]
Codec = Annotated[
    Path | None,
    typer.Option("--codec", help="Weights of the codec that --renderer was trained for, if not the shipped one."),
]
Loudness = Annotated[
    float, typer.Option(help="Loudness of the master in LUFS; a true peak of -1 dBTP is never exceeded.")
]
SignCertificate = Annotated[
    Path | None,
    typer.Option("--sign-certificate", help="Sign the audio by C2PA: PEM file with your certificate and its chain."),
]
SignKey = Annotated[
    Path | None, typer.Option("--sign-key", help="PEM file with the private key; it is copied nowhere.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what genaudio wrote there before.")]
