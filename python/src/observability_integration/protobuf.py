"""The few pieces of protobuf's wire format that the two encoders need: varints, zigzag, length-delimited fields.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct

_ONE_BYTE = [bytes([value]) for value in range(0x80)]
_DOUBLE = struct.Struct("<d")


def varint(value: int) -> bytes:
    """An unsigned integer below 2**64, seven bits a byte, lowest first."""
    if value < 0x80:
        return _ONE_BYTE[value]
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def int64(value: int) -> bytes:
    """A signed integer as `int64` has it: two's complement, so a negative one takes ten bytes."""
    return varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def zigzag(value: int) -> bytes:
    """A signed integer as `sint32` and `sint64` have it: small either side of zero is short."""
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def varint_field(number: int, value: int) -> bytes:
    """A field of wire type 0 that holds an unsigned integer."""
    return varint(number << 3) + varint(value)


def double_field(number: int, value: float) -> bytes:
    """A field of wire type 1 that holds a double."""
    return varint(number << 3 | 1) + _DOUBLE.pack(value)


def bytes_field(number: int, payload: bytes) -> bytes:
    """A field of wire type 2: bytes, a message, or packed numbers."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def text_field(number: int, text: str) -> bytes:
    """A field of wire type 2 that holds text. Lone surrogates, which UTF-8 has no bytes for, become question marks."""
    return bytes_field(number, text.encode("utf-8", "replace"))
