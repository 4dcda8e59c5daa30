"""The maker's side: run the chapters, keep what did not change, print the book.

The learner's side never imports this part.

| module | what it does |
|---|---|
| `project` | finds the clone of the course and its chapters |
| `notebooks` | notebooks as data: parameter, outputs, comparison |
| `environment` | what a run is made on and with, and settings that are the same for everybody |
| `fingerprint` | what a chapter depends on, as one digest |
| `stored_runs` | good runs of chapters: which hold, where they are, new ones |
| `execute` | runs notebooks by papermill, several at a time |
| `book` | puts the pages together, renders them, swaps the finished site in |
| `substitutions` | what pages ask for about chapters: times, pictures, the map, the terms |
| `postprocess` | makes the rendered pages light |
| `record`, `pretraining` | what full runs and several seeds measured; the small base |
| `copies` | a learner's own copy of the chapters, and handouts |
| `classroom` | class tests for a class, and their marks |
| `sync` | files that repeat what `pyproject.toml` says |
| `cli` | the command `cnn-course` |
"""

import sys

# nbformat imports jsonschema, which spends more than a second on a grammar of web addresses that no
# notebook is checked against. To jsonschema that grammar is optional: let it not be there.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
