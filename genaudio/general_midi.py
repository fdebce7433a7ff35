"""The names of the General MIDI level 1 programs, and who plays each here. Needs no torch.

MIDI Manufacturers Association, "General MIDI System Level 1" (RP-003). Programs are numbered from 0; many programs and
devices count them from 1.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from genaudio.instruments import family_of
from genaudio.percussion import DRUMS

PROGRAMS: tuple[str, ...] = (
    "Acoustic Grand Piano", "Bright Acoustic Piano", "Electric Grand Piano", "Honky-tonk Piano",
    "Electric Piano 1", "Electric Piano 2", "Harpsichord", "Clavi",
    "Celesta", "Glockenspiel", "Music Box", "Vibraphone", "Marimba", "Xylophone", "Tubular Bells", "Dulcimer",
    "Drawbar Organ", "Percussive Organ", "Rock Organ", "Church Organ",
    "Reed Organ", "Accordion", "Harmonica", "Tango Accordion",
    "Acoustic Guitar (nylon)", "Acoustic Guitar (steel)", "Electric Guitar (jazz)", "Electric Guitar (clean)",
    "Electric Guitar (muted)", "Overdriven Guitar", "Distortion Guitar", "Guitar harmonics",
    "Acoustic Bass", "Electric Bass (finger)", "Electric Bass (pick)", "Fretless Bass",
    "Slap Bass 1", "Slap Bass 2", "Synth Bass 1", "Synth Bass 2",
    "Violin", "Viola", "Cello", "Contrabass", "Tremolo Strings", "Pizzicato Strings", "Orchestral Harp", "Timpani",
    "String Ensemble 1", "String Ensemble 2", "SynthStrings 1", "SynthStrings 2",
    "Choir Aahs", "Voice Oohs", "Synth Voice", "Orchestra Hit",
    "Trumpet", "Trombone", "Tuba", "Muted Trumpet", "French Horn", "Brass Section", "SynthBrass 1", "SynthBrass 2",
    "Soprano Sax", "Alto Sax", "Tenor Sax", "Baritone Sax", "Oboe", "English Horn", "Bassoon", "Clarinet",
    "Piccolo", "Flute", "Recorder", "Pan Flute", "Blown Bottle", "Shakuhachi", "Whistle", "Ocarina",
    "Lead 1 (square)", "Lead 2 (sawtooth)", "Lead 3 (calliope)", "Lead 4 (chiff)",
    "Lead 5 (charang)", "Lead 6 (voice)", "Lead 7 (fifths)", "Lead 8 (bass + lead)",
    "Pad 1 (new age)", "Pad 2 (warm)", "Pad 3 (polysynth)", "Pad 4 (choir)",
    "Pad 5 (bowed)", "Pad 6 (metallic)", "Pad 7 (halo)", "Pad 8 (sweep)",
    "FX 1 (rain)", "FX 2 (soundtrack)", "FX 3 (crystal)", "FX 4 (atmosphere)",
    "FX 5 (brightness)", "FX 6 (goblins)", "FX 7 (echoes)", "FX 8 (sci-fi)",
    "Sitar", "Banjo", "Shamisen", "Koto", "Kalimba", "Bag pipe", "Fiddle", "Shanai",
    "Tinkle Bell", "Agogo", "Steel Drums", "Woodblock", "Taiko Drum", "Melodic Tom", "Synth Drum", "Reverse Cymbal",
    "Guitar Fret Noise", "Breath Noise", "Seashore", "Bird Tweet",
    "Telephone Ring", "Helicopter", "Applause", "Gunshot",
)  # fmt: skip
"""In the order of their numbers."""


class Programs(NamedTuple):
    """Neighbouring programs that one family plays, first and last included."""

    first: int
    last: int
    family: str

    @property
    def names(self) -> str:
        """The first and the last program's name."""
        names = PROGRAMS[self.first], PROGRAMS[self.last]
        return names[0] if self.first == self.last else " to ".join(names)

    @property
    def numbers(self) -> str:
        """Such as ``8-14`` or ``15``."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def program_ranges() -> list[Programs]:
    """Return who plays which programs, from 0 to 127 without a gap."""
    found = []
    for family, group in groupby(range(len(PROGRAMS)), key=lambda program: family_of(program).name):
        programs = list(group)
        found.append(Programs(programs[0], programs[-1], family))
    return found


def program_list() -> list[dict[str, object]]:
    """Return every program with its number, its name and the family that plays it."""
    return [{"program": number, "name": name, "family": family_of(number).name} for number, name in enumerate(PROGRAMS)]


def drum_list() -> list[dict[str, object]]:
    """Return every key of the drum kit with its drum and the kind of drum."""
    return [{"key": key, "name": drum.name, "kind": drum.kind} for key, drum in sorted(DRUMS.items())]


def drum_kinds() -> dict[str, list[int]]:
    """Return the keys of each kind of drum."""
    kinds: dict[str, list[int]] = {}
    for key, drum in sorted(DRUMS.items()):
        kinds.setdefault(drum.kind, []).append(key)
    return kinds


def as_markdown() -> str:
    """Return the table of programs and that of drums, as docs/usage.md has them."""
    lines = ["| programs | General MIDI names | played by |", "|---|---|---|"]
    lines += [f"| {found.numbers} | {found.names} | {found.family} |" for found in program_ranges()]
    lines += ["", "| drums | keys |", "|---|---|"]
    lines += [f"| {kind} | {', '.join(map(str, keys))} |" for kind, keys in drum_kinds().items()]
    return "\n".join(lines) + "\n"
