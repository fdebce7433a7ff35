"""Four-part settings for tests, in as much MusicXML as the corpus reads: a soprano and a bass."""

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def _note(text: str) -> str:
    """Return a note of a name, octave and length in quavers such as ``G4:2``; ``r:2`` is a rest."""
    name, length = text.split(":")
    kind = "<rest/>" if name == "r" else (
        f"<pitch><step>{name[0]}</step><alter>{name.count('#')}</alter><octave>{name[-1]}</octave></pitch>"
    )  # fmt: skip
    return f"<note>{kind}<duration>{length}</duration></note>"


def _part(name: str, measures: list[str], metres: dict[int, str], fifths: int) -> str:
    written = []
    for number, measure in enumerate(measures):
        metre = ""
        if number in metres:
            beats, unit = metres[number].split("/")
            metre = f"<time><beats>{beats}</beats><beat-type>{unit}</beat-type></time>"
        head = f"<divisions>2</divisions><key><fifths>{fifths}</fifths></key>" if number == 0 else ""
        attributes = f"<attributes>{head}{metre}</attributes>" if head or metre else ""
        notes = "".join(map(_note, measure.split()))
        written.append(f'<measure number="{number}">{attributes}{notes}</measure>')
    return f'<part id="{name}">{"".join(written)}</part>'


def setting(
    soprano: list[str],
    last_bass: str = "G2:8",
    metre: str = "4/4",
    fifths: int = 1,
    change: dict[int, str] | None = None,
) -> str:
    """Return a setting as MusicXML; the bass sounds in the last measure alone."""
    parts = {"Horn": ["r:8"], "Soprano": soprano, "Bass": [*["r:8"] * (len(soprano) - 1), last_bass]}
    listed = "".join(f'<score-part id="{name}"><part-name>{name}</part-name></score-part>' for name in parts)
    metres = {0: "4/4", **(change or {})}
    music = "".join(_part(name, measures, metres, fifths) for name, measures in parts.items())
    return f'<score-partwise version="3.1"><part-list>{listed}</part-list>{music}</score-partwise>'
