"""make golden: rewrites the transcripts and the generated reference. Read the diff."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.golden import documents
from tests.golden.pages import ROOT, pages, rewritten
from tests.golden.reference import PAGES


def main() -> None:
    (ROOT / "docs" / "reference").mkdir(parents=True, exist_ok=True)
    for name, made in PAGES.items():
        (ROOT / "docs" / "reference" / name).write_text(made(), encoding="utf-8")
    documents.FOLDER.mkdir(exist_ok=True)
    for name in documents.COMMANDS:
        (documents.FOLDER / f"{name}.json").write_text(documents.text(name), encoding="utf-8")
    for page in pages():
        with tempfile.TemporaryDirectory() as folder:
            text = rewritten(page, Path(folder))
        if text != page.read_text(encoding="utf-8"):
            page.write_text(text, encoding="utf-8")
            print("rewrote", page.relative_to(ROOT))


if __name__ == "__main__":
    main()
