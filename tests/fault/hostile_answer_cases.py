"""Every answer that no honest server gives, with what ackd must make of it: rows J1 to J9 and H4 of the fault matrix.

Honest answers stand between the tricks: a test that refused everything would fail on them.
"""

import gzip
from dataclasses import dataclass

from hostile_receiver import (CHUNKED, HONEST, OK, bomb, drips, endless, never_reads, redirect, says, says_and_closes,
                              says_and_hangs, says_and_resets)

FORGED = OK + b"Content-Length: 2\r\n\r\nOK"
LAST = b"0\r\n\r\n"


@dataclass
class Case:
    name: str
    trick: object
    outcome: str
    end: str
    reused: bool = False  # whether the next request may come on the same connection
    early: bool = False  # the trick does not wait for the request
    body: int = 0  # bytes of the request's body, 0 for a few
    provider: str = "shop"
    excerpt: str = None  # what people are shown of the body
    delay: int = None  # seconds to the next attempt
    pause: float = 0  # before the next request


def plain(body, head=b"Content-Type: text/plain\r\n", status=b"200 OK"):
    return b"HTTP/1.1 " + status + b"\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def rejected(name, trick, end="bad_http", **more):
    return Case(name, trick, "rejected", end, **more)


def unknown(name, trick, end, **more):
    return Case(name, trick, "unknown", end, **more)


def acknowledged(name, trick, **more):
    return Case(name, trick, "acknowledged", "complete", **{"reused": True, **more})


HONESTLY = [
    acknowledged("honest: a length", says(HONEST)),
    acknowledged("honest: head and body apart", says(OK + b"Content-Length: 2\r\n\r\n", 0.05, b"OK")),
    acknowledged("honest: chunks", says(CHUNKED + b"1\r\nO\r\n1\r\nK\r\n" + LAST)),
    acknowledged("honest: extension, trailer", says(CHUNKED + b"2;a=b\r\nOK\r\n0\r\nX: y\r\n\r\n")),
    # What the request itself takes, which some tricks share.
    acknowledged("honest: asked with 200 KiB", says(HONEST), body=200_000),
    acknowledged("honest: until close", says_and_closes(OK + b"\r\nOK"), reused=False),
    acknowledged("honest: HTTP/1.0", says_and_closes(b"HTTP/1.0 200 OK\r\n\r\nOK"), reused=False),
    acknowledged("honest: 103, then 200", says(b"HTTP/1.1 103 Early\r\nLink: <x>\r\n\r\n" + HONEST)),
    acknowledged("honest: 204", says(b"HTTP/1.1 204 X\r\n\r\n"), provider="ping"),
    acknowledged("honest: no body", says(OK + b"Content-Length: 0\r\n\r\n"), provider="ping"),
]

ENDLESS = [  # J1
    rejected("endless body", endless(OK + b"\r\n", b"x" * 1000), "body_cap"),
    rejected("endless body, huge length", endless(OK + b"Content-Length: 999999999999\r\n\r\n", b"x"), "body_cap"),
    rejected("endless chunks", endless(CHUNKED, b"4\r\nxxxx\r\n"), "body_cap"),
    rejected("one endless chunk", endless(CHUNKED + b"fffffff\r\n", b"x"), "body_cap"),
    rejected("endless headers", endless(OK, b"A: b\r\n"), "header_cap"),
    rejected("one endless header", endless(OK + b"A: ", b"x"), "header_cap"),
    rejected("endless status line", endless(b"HTTP/1.1 200 ", b"x"), "header_cap"),
    rejected("endless trailers", endless(CHUNKED + b"2\r\nOK\r\n0\r\n", b"T: x\r\n"), "header_cap"),
    rejected("one endless trailer", endless(CHUNKED + b"2\r\nOK\r\n0\r\nT: ", b"x"), "header_cap"),
    rejected("endless 1xx", endless(b"", b"HTTP/1.1 103 Early\r\n\r\n"), "header_cap"),
    rejected("endless 100", endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "header_cap"),
    rejected("endless chunk extension", endless(CHUNKED + b"2;", b"x"), "header_cap"),
    rejected("endless digits of a size", endless(CHUNKED, b"0")),
    rejected("endless garbage", endless(b"", b"\x16\x03\x01\xff")),
]

SLOW = [  # J2, H4
    unknown("no byte", says_and_hangs(), "timeout"),
    unknown("dripping status line", drips(b"HTTP/1.1 200 "), "timeout"),
    unknown("dripping headers", drips(OK, b"A: b\r\n"), "timeout"),
    unknown("dripping body", drips(OK + b"Content-Length: 9999\r\n\r\n"), "timeout"),
    unknown("dripping chunks", drips(CHUNKED, b"1\r\nx\r\n"), "timeout"),
    unknown("200, then nothing", says_and_hangs(OK + b"Content-Length: 2\r\n\r\n"), "timeout"),
    unknown("200 OK, and no end", says_and_hangs(OK + b"\r\nOK"), "timeout"),
    unknown("chunks without the last", says_and_hangs(CHUNKED + b"2\r\nOK\r\n"), "timeout"),
    acknowledged("200 decides, then nothing", says_and_hangs(OK + b"Content-Length: 2\r\n\r\n"), provider="ping",
                 reused=False),
    unknown("never reads 200 KiB", never_reads, "timeout", early=True, body=200_000),
]

CHUNKS = [  # J3
    rejected(name, says(CHUNKED + body))
    for name, body in {
        "chunk: not a number": b"ZZ\r\nOK\r\n" + LAST,
        "chunk: LF behind the size": b"2\nOK\r\n" + LAST,
        "chunk: junk behind the size": b"2 junk\r\nOK\r\n" + LAST,
        "chunk: blank behind the size": b"2 \r\nOK\r\n" + LAST,
        "chunk: blank before the size": b" 2\r\nOK\r\n" + LAST,
        "chunk: plus": b"+2\r\nOK\r\n" + LAST,
        "chunk: minus": b"-2\r\nOK\r\n" + LAST,
        "chunk: 0x": b"0x2\r\nOK\r\n" + LAST,
        "chunk: 16 digits": b"0000000000000002\r\nOK\r\n" + LAST,
        "chunk: 17 digits": b"00000000000000002\r\nOK\r\n" + LAST,
        "chunk: 2^64 + 2": b"10000000000000002\r\nOK\r\n" + LAST,
        "chunk: no line end": b"2\r\nOK" + LAST,
        "chunk: LF behind the data": b"2\r\nOK\n" + LAST,
        "chunk: CR CR LF": b"2\r\nOK\r\r\n" + LAST,
        "chunk: longer than its size": b"2\r\nOKOK\r\n" + LAST,
        "chunk: CR in an extension": b"2;a\rb\r\nOK\r\n" + LAST,
        "chunk: NUL in an extension": b"2;a\0b\r\nOK\r\n" + LAST,
        "chunk: last line LF": b"2\r\nOK\r\n0\r\n\n",
        "chunk: folded trailer": b"2\r\nOK\r\n0\r\nX: y\r\n z\r\n\r\n",
        "chunk: trailer without colon": b"2\r\nOK\r\n0\r\nXy\r\n\r\n",
    }.items()
] + [
    unknown("chunk: short, then close", says_and_closes(CHUNKED + b"5\r\nOK"), "broken"),
    acknowledged("chunk: more behind the last", says(CHUNKED + b"2\r\nOK\r\n" + LAST + FORGED), reused=False),
]

FRAMING = [  # J3
    rejected("status 20", says(b"HTTP/1.1 20 X\r\n\r\n")),
    rejected("status 099", says(b"HTTP/1.1 099 X\r\nContent-Length: 2\r\n\r\nOK")),
    rejected("status 600", says(b"HTTP/1.1 600 X\r\nContent-Length: 2\r\n\r\nOK")),
    rejected("status 999", says(b"HTTP/1.1 999 X\r\nContent-Length: 2\r\n\r\nOK")),
    rejected("status 2000", says(b"HTTP/1.1 2000 X\r\nContent-Length: 2\r\n\r\nOK")),
    rejected("HTTP/2 in words", says(b"HTTP/2 200\r\nContent-Length: 2\r\n\r\nOK")),
    rejected("ICY 200", says(b"ICY 200 OK\r\nContent-Length: 2\r\n\r\nOK")),
    rejected("HTTP/0.9", says_and_closes(b"OK\n")),
    rejected("101", says(b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + HONEST)),
    unknown("100 only", says_and_closes(b"HTTP/1.1 100 Continue\r\n\r\n"), "broken"),
    rejected("LF only", says(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nOK")),
    rejected("blank before the colon", says(OK + b"Content-Length : 2\r\n\r\nOK")),
    rejected("folded header", says(OK + b"A: b\r\n c\r\nContent-Length: 2\r\n\r\nOK")),
    rejected("no colon", says(OK + b"A b\r\nContent-Length: 2\r\n\r\nOK")),
    rejected("NUL in a header", says(OK + b"A: b\0c\r\nContent-Length: 2\r\n\r\nOK")),
    acknowledged("a line that begins with NUL", says(OK + b"\0hidden\r\n", 0.1, b"Content-Length: 2\r\n\r\nOK"),
                 reused=False),
    rejected("CR in a header", says(OK + b"A: b\rC: d\r\nContent-Length: 2\r\n\r\nOK")),
    rejected("negative length", says(OK + b"Content-Length: -2\r\n\r\nOK")),
    rejected("huge length", says(OK + b"Content-Length: 99999999999999999999\r\n\r\nOK")),
    rejected("length and unit", says(OK + b"Content-Length: 2 bytes\r\n\r\nOK")),
    rejected("two equal lengths", says(OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nOK")),
    rejected("two lengths", says(OK + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\nOK")),
    rejected("a list of lengths", says(OK + b"Content-Length: 2, 2\r\n\r\nOK")),
    rejected("CL and TE", says(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n" + LAST)),
    rejected("TE and CL", says(OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nOK\r\n" + LAST)),
    rejected("TE twice", says(OK + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n2\r\nOK\r\n" + LAST)),
    rejected("TE identity", says(OK + b"Transfer-Encoding: identity\r\n\r\nOK")),
    rejected("TE xchunked", says(OK + b"Transfer-Encoding: xchunked\r\n\r\n2\r\nOK\r\n" + LAST)),
    rejected("TE in HTTP/1.0", says(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n" + LAST)),
    unknown("short body, then close", says_and_closes(OK + b"Content-Length: 10\r\n\r\nOK"), "broken"),
]

BEYOND = [
    acknowledged("more than the length", says(HONEST + FORGED), reused=False),
    acknowledged("more behind a body apart", says(OK + b"Content-Length: 2\r\n\r\n", 0.05, b"OK" + FORGED),
                 reused=False),
    acknowledged("more on the idle connection", says(HONEST, 0.15, FORGED), reused=False, pause=0.5),
    acknowledged("204 with a body", says(b"HTTP/1.1 204 X\r\n\r\n" + FORGED), provider="ping", reused=False),
    acknowledged("204 with a length", says(b"HTTP/1.1 204 X\r\nContent-Length: 5\r\n\r\n"), provider="ping",
                 reused=False),
    rejected("304 with a body", says(b"HTTP/1.1 304 X\r\n\r\n" + FORGED), "complete", provider="ping"),
    acknowledged("length 0 and a body", says(OK + b"Content-Length: 0\r\n\r\n" + FORGED), provider="ping",
                 reused=False),
]

RESETS = [  # H2
    unknown(f"reset {where}", says_and_resets(said), "broken")
    for where, said in {
        "before the answer": b"",
        "inside the status line": HONEST[:5],
        "behind the status line": HONEST[:17],
        "inside the headers": HONEST[:25],
        "inside the blank line": HONEST[:-3],
        "before the body": HONEST[:-2],
        "before the last byte": HONEST[:-1],
        "inside a chunk": CHUNKED + b"2\r\nO",
        "before the last chunk": CHUNKED + b"2\r\nOK\r\n",
    }.items()
]

REDIRECTS = [  # J4
    rejected(f"{status} to {where}", redirect(status, target), "complete", reused=True)
    for status, where, target in (
        (301, "file:", "file:///etc/passwd"),
        (302, "metadata", "http://169.254.169.254/latest/meta-data/"),
        (303, "self", lambda port: f"http://127.0.0.1:{port}/again"),
        (307, "self", lambda port: f"http://127.0.0.1:{port}/again"),
        (308, "other host", "//127.0.0.2:1/"),
        (302, "gopher:", "gopher://127.0.0.1:1/_x"),
    )
]

TEXTS = [  # J5
    rejected(f"text: {name}", says(plain(body)), "complete", reused=True)
    for name, body in {
        "wrong case": b"ok",
        "fail": b"fail",
        "nothing": b"",
        "byte order mark": b"\xef\xbb\xbfOK",
        "newline behind": b"OK\n",
        "blanks around": b" OK ",
        "4 KiB of blanks": b" " * 4000 + b"OK",
        "quotes": b'"OK"',
        "HTML around": b"<html>OK</html>",
        "NUL behind": b"OK\0",
        "UTF-16": "OK".encode("utf-16"),
        "full-width": "ＯＫ".encode(),
    }.items()
]

# The profile waits 20 s, honours Retry-After and clamps it to 60 s.
RETRY_AFTER = [  # J6
    rejected(f"Retry-After: {value[:32]}",
             says(b"HTTP/1.1 503 X\r\nRetry-After: " + value.encode() + b"\r\nContent-Length: 0\r\n\r\n"), "complete",
             reused=True, delay=delay)
    for value, delay in {
        "25": 25,
        "0": 20,
        "-5": 20,
        "100000000000000000000": 60,
        "9" * 1000: 60,
        "Thu, 01 Jan 1970 00:00:00 GMT": 20,
        "Fri, 31 Dec 9999 23:59:59 GMT": 60,
        "soon": 20,
        "NaN": 20,
    }.items()
]

ENCODINGS = [  # J7
    rejected("gzip bomb", says(plain(bomb(), b"Content-Encoding: gzip\r\n")), "body_cap"),
    rejected("gzip bomb in chunks",
             says(CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + b"%x\r\n" % len(bomb()) + bomb()
                  + b"\r\n" + LAST), "body_cap"),
    rejected("gzip of OK", says(plain(gzip.compress(b"OK"), b"Content-Encoding: gzip\r\n")), "complete", reused=True),
    rejected("gzip twice", says(plain(gzip.compress(gzip.compress(b"OK")), b"Content-Encoding: gzip, gzip\r\n")),
             "complete", reused=True),
    acknowledged("br, and OK all the same", says(plain(b"OK", b"Content-Encoding: br\r\n"))),
    rejected("TE gzip, chunked", says(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nOK\r\n" + LAST)),
]

MEMORY = [  # J8
    acknowledged("answer before the request is read", says(HONEST, 0.5), early=True, body=200_000, reused=False),
    acknowledged("cookies, Alt-Svc, HSTS", says(plain(
        b"OK", b"Set-Cookie: sid=evil; Path=/\r\nAlt-Svc: h2=\":443\"; ma=86400\r\n"
        b"Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"))),
]

WORDS = [  # J9
    rejected("ANSI and CR LF in the body", says(plain(b"\x1b[2J\x1b]0;evil\x07\r\nforged: line\r\n")), "complete",
             reused=True, excerpt="\x1b[2J\x1b]0;evil\x07\r\nforged: line\r\n"),
    rejected("C1, bidi, zero width", says(plain("\x9b31m\u202eKO\u200b\u2066\ufeff".encode())), "complete",
             reused=True, excerpt="\x9b31m\u202eKO\u200b\u2066\ufeff"),
    rejected("invalid UTF-8", says(plain(b"\x80\xfd\xc0\xafOK\xff")), "complete", reused=True,
             excerpt="\\x80\\xFD\\xC0\\xAFOK\\xFF"),
    rejected("GBK that says so", says(plain("失败".encode("gbk"), b"Content-Type: text/html; charset=GBK\r\n")),
             "complete", reused=True, excerpt="失败"),
    rejected("GBK that says nothing", says(plain("失败".encode("gbk"))), "complete", reused=True,
             provider="payindex", excerpt="失败"),
    rejected("ANSI in the content type", says(plain(b"no", b"Content-Type: \x1b[31m\xff\xc2\x9b\r\n")), "complete",
             reused=True),
    rejected("1 MB reason phrase", says(b"HTTP/1.1 200 " + b"\x1b[2J" * 250_000 + b"\r\nContent-Length: 2\r\n\r\nOK"),
             "header_cap"),
]

CASES = (HONESTLY + ENDLESS + SLOW + CHUNKS + FRAMING + BEYOND + RESETS + REDIRECTS + TEXTS + RETRY_AFTER + ENCODINGS
         + MEMORY + WORDS)
