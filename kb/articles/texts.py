"""From foreign bytes and strings to harmless ones: decoding, normal form, dates, addresses.

What cannot be decoded without a guess is an error; what can be repaired without loss for a reader is repaired. Nothing
here knows a format.
"""

import codecs
import re
import unicodedata
from datetime import date
from itertools import chain

from kb.errors import InputError

#: How a file begins that is certainly no text, what it is, and what to do.
_SIGNATURES = (
    (b"%PDF-", "a PDF document", "extract its text first, for example with pdftotext"),
    (b"PK\x03\x04", "a ZIP archive or office document", "unpack it or save it as text"),
    (b"\x1f\x8b", "gzip data", "end its name in .gz, or unpack it"),
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

#: Character to what stands for it; see :func:`normalise`.
_HARMLESS: dict[int, str] = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " "),  # C0 and C1 controls
    **dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " "),  # Zs
    **dict.fromkeys((0x0D, 0x85, 0x2028, 0x2029), "\n"),
    **{0x09: "\t", 0x0A: "\n"},
    # Bidi_Control=Yes in https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt
    **dict.fromkeys((0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), ""),
    **dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF), ""),  # soft hyphen, zero-width space, joiner, byte order mark
    # "Char ::= … any Unicode character, excluding the surrogate blocks, FFFE, and FFFF", https://www.w3.org/TR/xml/#NT-Char
    **dict.fromkeys(chain(range(0xD800, 0xE000), (0xFFFE, 0xFFFF)), "\N{REPLACEMENT CHARACTER}"),
}

#: An ISO 8601 date as exact as it is known, or a date and a time.
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ][0-9]{2}:?[0-9]{2}.*)?)?)?", re.DOTALL)
_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x20]+", re.IGNORECASE)


def decode(data: bytes, where: str, *, declared: str | None = None) -> str:
    """The bytes as text: by their byte order mark, else UTF-8, else the encoding that the document declares.

    Args:
        data: the bytes.
        where: the source as an error names it.
        declared: a codec, tried if the bytes are not UTF-8.

    Raises:
        InputError: they are binary or in another encoding.
    """
    _refuse_binary(data, where)
    bom, codec = next(((bom, codec) for bom, codec in _BOMS if data.startswith(bom)), (b"", "utf-8"))
    try:
        text = data[len(bom) :].decode(codec)
    except UnicodeDecodeError as error:
        text = _decode_as(data[len(bom) :], None if bom else declared, where, error)
    if "\0" in text:
        raise _binary("a NUL character", where)
    return text


def normalise(text: str) -> str:
    r"""The text in NFC, with ``\n`` line ends, no spaces before them, without the characters that do harm downstream.

    Line and paragraph separators are line ends; other spaces and control characters are a space; bidirectional controls
    and invisible format characters are left out; surrogates and U+FFFE, U+FFFF are U+FFFD.
    """
    clean = text.replace("\r\n", "\n").translate(_HARMLESS)
    return unicodedata.normalize("NFC", "\n".join(line.rstrip() for line in clean.split("\n")))


def one_line(text: str) -> str:
    """The text normalised, each run of white space one space."""
    return " ".join(normalise(text).split())


def iso_date(text: str | None) -> str | None:
    """The date of an ISO 8601 date or date and time, as exact as it is given; None if it is no such thing.

    Example:
        >>> iso_date("2017-08-30T10:15:00Z"), iso_date("2017-08"), iso_date("2017-02-30")
        ('2017-08-30', '2017-08', None)
    """
    match = _DATE.fullmatch((text or "").strip())
    if not match:
        return None
    parts = [part for part in match.groups() if part]
    try:
        date(*(int(part) for part in [*parts, "1", "1"][:3]))
    except ValueError:
        return None
    return "-".join(parts)


def address(text: str | None) -> str | None:
    """An absolute http or https address that may stand in an IRI, or None."""
    found = _ADDRESS.fullmatch((text or "").strip())
    return found.group() if found and normalise(found.group()) == found.group() else None


def _refuse_binary(data: bytes, where: str) -> None:
    for start, what, hint in _SIGNATURES:
        if data.startswith(start):
            raise InputError(what, where=where, hint=hint)
    if b"\0" in data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _binary(f"a NUL byte at {data.index(0)}", where)


def _binary(sign: str, where: str) -> InputError:
    return InputError(f"binary, not text ({sign})", where=where, hint="give text, HTML, JSON or JSON Lines")


def _decode_as(data: bytes, codec: str | None, where: str, error: UnicodeDecodeError) -> str:
    """The bytes in the declared encoding; the error of the first attempt where there is none."""
    try:
        return data.decode(codec or error.encoding)
    except UnicodeDecodeError as last:
        what = f"not {(codec or error.encoding).upper()}, byte {last.start} does not decode"
        hint = "convert it, for example with iconv -f WINDOWS-1252 -t UTF-8"
        raise InputError(what, where=where, hint=hint) from last
