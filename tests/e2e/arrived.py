"""One request as it arrived, and the reading of it by Python's own libraries, charsets strictly."""

import re
import time
import urllib.parse
import xml.etree.ElementTree

from proof import NotTheProtocol, require

# How values stand in a query or a form: letters, digits and -_. as they are, a space as '+', the rest as %XX. '*' is
# left alone by Java's encoder, so receivers know it too.
WIRE = re.compile(rb"(?:[A-Za-z0-9\-_.*+]|%[0-9A-F]{2})*")

# What the HTTP client adds by itself.
TRANSPORT_HEADERS = {"host", "user-agent", "accept", "content-length", "connection"}


class Arrived:
    def __init__(self, method, target, headers, body):
        self.method = method
        self.target = target  # as on the request line
        self.headers = headers  # [(name, value)] in order
        self.body = body
        self.at = time.monotonic()
        self.verdict = None  # "verified", "wrong signature", or what else is wrong
        self.is_probe = False
        self.values = {}

    def header(self, name):
        found = [value for known, value in self.headers if known.lower() == name.lower()]
        require(len(found) == 1, f"{len(found)} headers {name}")
        return found[0]

    def own_headers(self):
        """Those that the protocol sent, not the HTTP client."""
        return [(name, value) for name, value in self.headers if name.lower() not in TRANSPORT_HEADERS]

    def query(self):
        return self.target.partition("?")[2].encode("ascii")

    def protocol_query(self, own):
        """The query without the pairs `own` that the merchant's URL brought, which must stand in front, unchanged."""
        query = self.query()
        front = own.encode() + b"&" if own else b""
        require(query.startswith(front), f"the merchant's own {own} does not stand in front of {query!r}")
        return query[len(front) :]

    def read_xml(self):
        """A flat <xml> whose values are all CDATA."""
        root = xml.etree.ElementTree.fromstring(self.body)
        require(root.tag == "xml" and not root.attrib, "the root is not a plain <xml>")
        require(all(len(element) == 0 for element in root), "the XML is not flat")
        for element in root:
            require(f"<{element.tag}><![CDATA[".encode() in self.body, f"{element.tag} is not CDATA")
        return unique([(element.tag, element.text or "") for element in root])


def read_pairs(text, charset):
    """Decodes `name=value&...` strictly and refuses what no receiver could read in the same way."""
    pairs = []
    for part in text.split(b"&"):
        name, equals, value = part.partition(b"=")
        require(equals, f"the pair {part!r} has no '='")
        require(WIRE.fullmatch(name) and WIRE.fullmatch(value), f"the pair {part!r} is not encoded as on a form")
        try:
            pairs.append(tuple(urllib.parse.unquote_to_bytes(half.replace(b"+", b" ")).decode(charset)
                               for half in (name, value)))
        except UnicodeDecodeError as trouble:
            raise NotTheProtocol(f"the pair {part!r} is not {charset}") from trouble
    return unique(pairs)


def unique(pairs):
    values = dict(pairs)
    require(len(values) == len(pairs), "a name stands there twice")
    return values
