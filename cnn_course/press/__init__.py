"""The maker's side: run the chapters, keep what did not change, print the book.

The learner's side never imports this room.

| module | what it does |
|---|---|
| `project` | finds the clone of the course and its chapters |
| `notebooks` | notebooks as data: parameter, outputs, comparison |
| `fingerprint` | what a chapter depends on, as one digest |
| `worker` | runs one chapter, in a process of its own |
| `execute` | runs the chapters that need it, several at a time |
| `store` | the last good run of every chapter |
| `stage` | puts together what Jupyter Book reads |
| `filling` | fills in what pages take from chapters; `chapter_map` draws the map |
| `measured` | says how long a chapter takes |
| `lean` | makes the rendered pages light |
| `render` | the finished site: renders, swaps, recovers |
| `record` | keeps what a full run measured |
| `sync` | files that repeat what `pyproject.toml` says |
| `own_copy` | a learner's own chapters, which updates keep |
| `cli` | the command `cnn-course` |
"""

import sys

# nbformat imports jsonschema, which spends more than a second on a grammar of web addresses that no
# notebook is checked against. To jsonschema that grammar is optional: let it not be there.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
