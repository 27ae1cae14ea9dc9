"""The rarer contents of TensorBoard's summaries: tensors, text, hyperparameters."""

from __future__ import annotations

import struct

from sixdays.logs.series import Scalar
from sixdays.readers._wire import as_double, as_text, fields, parts, signed, varint

# TensorProto: dtype → (format of tensor_content, field of single values)
_TYPES = {
    1: ("<f", 5), 2: ("<d", 6), 3: ("<i", 7), 4: ("<B", 7), 5: ("<h", 7), 6: ("<b", 7), 9: ("<q", 10), 10: ("<?", 11),
    14: ("", 13), 17: ("<H", 7), 19: ("<e", 13), 22: ("<I", 16), 23: ("<Q", 17),
}  # fmt: skip
_STRING = 7


def tensor(message: bytes) -> float | None:
    """The number in a tensor of one element; None where it is no such tensor. Raises ValueError: it is damaged."""
    found = parts(message)
    kind = found.get(1, [0])[0]
    if kind not in _TYPES or not isinstance(kind, int):
        return None
    form, single = _TYPES[kind]
    content = found.get(4, [b""])[0]
    if isinstance(content, bytes) and content:
        if kind == 14:
            return _brain(int.from_bytes(content, "little")) if len(content) == 2 else None
        return float(struct.unpack(form, content)[0]) if len(content) == struct.calcsize(form) else None
    values = found.get(single, [])
    if len(values) != 1:
        return 0.0 if not values and _is_one(found) else None
    return _single(values[0], kind, single)


def _is_one(found: dict[int, list[int | bytes]]) -> bool:
    """Whether the shape is that of one element: its value 0 may then be left out."""
    shape = found.get(2, [b""])[0]
    return 2 in found and isinstance(shape, bytes) and not [n for n, _, _ in fields(shape) if n in (2, 3)]


def _single(value: int | bytes, kind: int, single: int) -> float | None:
    """A single value of a repeated field, packed or not."""
    if isinstance(value, bytes):
        packed = value
        if single in (5, 6):
            form = "<f" if single == 5 else "<d"
            return float(struct.unpack(form, value)[0]) if len(value) == struct.calcsize(form) else None
        value, end = varint(value, 0)
        if end != len(packed):
            return None  # several
    if single == 5:
        return float(struct.unpack("<f", (value & 0xFFFFFFFF).to_bytes(4, "little"))[0])
    if single == 6:
        return as_double(value)
    if single == 13:
        return _brain(value) if kind == 14 else float(struct.unpack("<e", (value & 0xFFFF).to_bytes(2, "little"))[0])
    return float(value if single in (16, 17) else signed(value))


def _brain(bits: int) -> float:
    """A bfloat16: the upper half of a float."""
    return float(struct.unpack("<f", ((bits & 0xFFFF) << 16).to_bytes(4, "little"))[0])


def text_of(message: bytes) -> dict[str, Scalar]:
    """The rows of a Markdown table `|param|value|`, as CleanRL writes its arguments."""
    from sixdays.readers._flat import scalar

    found = parts(message)
    out: dict[str, Scalar] = {}
    if found.get(1) != [_STRING]:
        return out
    for text in found.get(8, []):
        for line in as_text(text)[:100_000].splitlines():
            cells = line.strip().strip("|").split("|", 1)
            if len(cells) == 2 and cells[0] not in ("param", "-", "") and line.strip().startswith("|"):
                out[cells[0].strip()] = scalar(cells[1])
    return out


def hyperparameters(metadata: bytes) -> dict[str, Scalar]:
    """What the hparams plug-in keeps of a session: SummaryMetadata { plugin_data { content } }."""
    out: dict[str, Scalar] = {}
    for plugin in parts(metadata).get(1, []):
        for content in parts(plugin).get(2, []) if isinstance(plugin, bytes) else ():
            for start in parts(content).get(3, []) if isinstance(content, bytes) else ():
                for pair in parts(start).get(1, []) if isinstance(start, bytes) else ():
                    if isinstance(pair, bytes):
                        _pair(pair, out)
    return out


def _pair(pair: bytes, out: dict[str, Scalar]) -> None:
    """One entry of a map from names to google.protobuf.Value."""
    found = parts(pair)
    value = found.get(2, [b""])[0]
    for number, _, held in fields(value) if isinstance(value, bytes) else ():
        name = as_text(found.get(1, [b""])[0])
        if number == 2 and isinstance(held, int):
            x = as_double(held)
            out[name] = int(x) if x.is_integer() and abs(x) < 1e15 else x
        elif number == 3:
            out[name] = as_text(held)
        elif number == 4:
            out[name] = bool(held)
