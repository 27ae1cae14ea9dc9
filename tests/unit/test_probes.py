"""What a probe is made of: the copy, the first line of a script, what a command is, what it prints."""

from __future__ import annotations

import ast

import pytest

from sixdays.faster.preload import with_first_line


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("x = 1\n", "import f\nx = 1\n"),
        ("", "import f\n"),
        ("#!/usr/bin/env python\n# -*- coding: latin-1 -*-\nx = 1\n", "#!/usr/bin/env python\n# -*- coding: latin-1 -*-\nimport f\nx = 1\n"),
        ('"""Doc\nstring."""\n\nx = 1\n', '"""Doc\nstring."""\nimport f\n\nx = 1\n'),
        ("'doc'\nfrom __future__ import annotations\nfrom __future__ import division\nx = 1\n", "'doc'\nfrom __future__ import annotations\nfrom __future__ import division\nimport f\nx = 1\n"),
        ("'doc'; x = 1\n", "'doc'\nimport f\nx = 1\n"),
        ("from __future__ import annotations", "from __future__ import annotations\nimport f\n"),
        ("x = 1\r\ny = 2\r\n", "import f\r\nx = 1\r\ny = 2\r\n"),
        ("\x0c\n'doc'\n\x0c\nx = 1\n", "\x0c\n'doc'\nimport f\n\x0c\nx = 1\n"),
        ("#!/bin/python\nthis is not Python\n", "#!/bin/python\nimport f\nthis is not Python\n"),
        ("f'not a {1} docstring'\n", "import f\nf'not a {1} docstring'\n"),
        ("'é'; from __future__ import annotations; x = 'ü'\n", "'é'; from __future__ import annotations\nimport f\nx = 'ü'\n"),
    ],
)  # fmt: skip
def test_the_line_comes_after_what_must_stand_first_and_changes_nothing_else(source: str, wanted: str) -> None:
    assert with_first_line(source, "import f") == wanted
    if "not Python" not in source:
        ast.parse(wanted)
