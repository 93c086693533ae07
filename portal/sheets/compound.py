"""The container of old Office files (OLE2): a small file system in a file, of which one stream is wanted."""

from __future__ import annotations

import struct
from array import array

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR = 0xFFFFFFFA  # larger numbers mean none
_HEAD_FAT = 109  # of the table's sectors are named in the head


class Container:
    """The streams of a file's content, by name. Raises ValueError, IndexError or struct.error for a broken one."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        shift, mini_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise ValueError("odd sectors")
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        first, self._cutoff, mini_first = struct.unpack_from("<I4xII", content, 48)
        self._next = self._read_fat()
        self._streams: dict[str, tuple[int, int]] = {}
        root = (0, 0)
        directory = self._chain(first)
        for at in range(0, len(directory) - 127, 128):
            length, kind = struct.unpack_from("<HB", directory, at + 64)
            start, size = struct.unpack_from("<II", directory, at + 116)
            if kind == 5:
                root = start, size
            elif kind == 2 and length <= 64:
                self._streams[directory[at : at + length].decode("utf-16-le").rstrip("\0")] = start, size
        self._mini_next = array("I", b"")
        if mini_first < _LAST_SECTOR:
            table = self._chain(mini_first)
            self._mini_next = array("I", table[: len(table) // 4 * 4])
        self._mini = self._chain(root[0])[: root[1]] if root[0] < _LAST_SECTOR and root[1] else b""

    def __contains__(self, name: str) -> bool:
        return name in self._streams

    def read(self, name: str) -> bytes:
        """A stream's bytes; no more than the file has."""
        start, size = self._streams[name]
        if size >= self._cutoff:
            return self._chain(start)[:size]
        parts: list[bytes] = []
        while start < _LAST_SECTOR and len(parts) * self._mini_size < size:
            parts.append(self._mini[start * self._mini_size :][: self._mini_size])
            start = self._mini_next[start]
        return b"".join(parts)[:size]

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        found = self._content[at : at + self._size]
        if not found:
            raise ValueError("a sector beyond the end")
        return found

    def _read_fat(self) -> array[int]:
        """Which sector comes after each."""
        count, extra = struct.unpack_from("<I", self._content, 44)[0], struct.unpack_from("<I", self._content, 68)[0]
        most = len(self._content) // self._size + 1
        if count > most:
            raise ValueError("more sectors than the file has")
        named = list(struct.unpack_from(f"<{_HEAD_FAT}I", self._content, 76))
        per = self._size // 4 - 1
        for _ in range(most):
            if extra >= _LAST_SECTOR:
                break
            *more, extra = struct.unpack(f"<{per + 1}I", self._sector(extra))
            named += more
        table = array("I", b"".join(self._sector(number) for number in named[:count] if number < _LAST_SECTOR))
        return table

    def _chain(self, number: int) -> bytes:
        parts: list[bytes] = []
        while number < _LAST_SECTOR:
            if len(parts) > len(self._next):
                raise ValueError("a chain that bites its tail")
            parts.append(self._sector(number))
            number = self._next[number]
        return b"".join(parts)
