"""Makes a batch with doubles in a process that can be killed: ``python -m tests.production.batch.crash``."""

import json
import sys
from pathlib import Path

from genaudio.production.batch import read_plan, run_batch
from tests.production.batch.doubles import Choir, crew_of


def main(works, plan, out, pause):
    crew = crew_of(Path(works), renderer=Choir(pause=float(pause)))
    result = run_batch(read_plan(plan), out, workers=2, crew=crew)
    print(json.dumps(result.as_json()))


if __name__ == "__main__":
    main(*sys.argv[1:])
