"""JavaScript modules as one piece: neither a widget nor a page that is a file can load a second."""

import re
from pathlib import Path

_IMPORT = re.compile(r'(?m)^import .* from "(\.[\w./]+\.mjs)";\n')
#: lines that are comments, and what lines begin with: no text in a module goes over a line's end
_FOR_MAKERS = re.compile(r"(?m)^ *(?://.*|/\*\*(?:[^*]|\*(?!/))*\*/)\n|^ +")


def one_piece(module: Path) -> str:
    """Return a module and those that it imports, in the order in which they can stand together.

    Comments and indentation, which only makers read, are left out.
    """
    return "\n".join(_in_order(module.resolve(), []))


def shortened(code: str) -> str:
    """Return code without comments and indentation, which only makers read."""
    return _FOR_MAKERS.sub("", code)


def without_exports(code: str, default: str) -> str:
    """Return the code of a module as a script; `default` is what its default export is called."""
    code = code.replace("export default", f"const {default} =")
    return re.sub(r"(?m)^export ", "", code)


def _in_order(module: Path, before: list[Path]) -> list[str]:
    code = module.read_text(encoding="utf-8")
    found: list[str] = []
    for name in _IMPORT.findall(code):
        if (other := (module.parent / name).resolve()) not in before:
            found += _in_order(other, before)
    before.append(module)
    return [*found, shortened(_IMPORT.sub("", code))]
