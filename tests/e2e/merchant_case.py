"""What every merchant of these tests has: keys, what the platform posts for it, how it verifies, how it answers.

A case is one merchant of one provider. The rules in its `verify` are written from the providers' documents, not from
the profiles that ackd reads: two readings of one rule that agree are worth more than one reading used twice.
"""

import codecs
import collections

from arrived import read_pairs
from proof import hex_digest, require, same_text

Answer = collections.namedtuple("Answer", "status body")
Key = collections.namedtuple("Key", "secret pair")  # a secret that both know, and a pair of the platform's own

FORM = "application/x-www-form-urlencoded"


class Case:
    provider = ""
    variant = ""  # tells the cases of one provider apart
    key_kinds = ("secret",)  # of each key: secret, pair
    key_count = 1
    key_algorithm = "rsa"  # of the pair
    options = {}
    own_query = ""  # what the merchant's URL already has
    renewed = ()  # the headers that the protocol makes anew for each attempt
    notification_type = None
    acknowledgement = Answer(200, "success")
    refusals = (Answer(500, ""),)  # answers that are none; the first attempt gets the first one
    probed_first = False  # the address must acknowledge a simulated notification before it gets real ones

    def __init__(self, maker, wrong_kind=None):
        self.wrong_kind = wrong_kind
        self.maker = maker
        self.id = "-".join(filter(None, [self.provider, self.variant, wrong_kind and "wrong-" + wrong_kind]))
        self.order = "T2026" + "".join(maker.random.choices("0123456789", k=14))
        self.known = [self.make_key() for _ in range(self.key_count)]
        # A daemon with another key than the merchant's: its every request must look wrong to the merchant.
        self.used = [self.changed(key) for key in self.known] if wrong_kind else self.known
        self.posted = self.notification()

    # What a protocol says by overriding.

    def make_secret(self):
        return self.maker.text()

    def private_text(self, pair):
        return pair.private_text()

    def notification(self):
        """`fields` and `body` of the ingest request."""
        raise NotImplementedError

    def verify(self, arrived):
        """Sets arrived.values; raises WrongSignature or NotTheProtocol."""
        raise NotImplementedError

    def check_content(self, arrived):
        """What arrived is what the platform posted."""
        raise NotImplementedError

    def order_in(self, arrived):
        """Tells a probe, which carries an example, from what was posted."""
        raise NotImplementedError

    def changed_by_stranger(self, arrived):
        """(target, body) with one signed byte changed and nothing else."""
        other = self.order[:-1] + ("1" if self.order[-1] == "0" else "0")
        return arrived.target.replace(self.order, other), arrived.body.replace(self.order.encode(), other.encode())

    # The same for all.

    def make_key(self):
        return Key("secret" in self.key_kinds and self.make_secret(), "pair" in self.key_kinds and self.make_pair())

    def make_pair(self, but=None):
        return self.maker.ed25519() if self.key_algorithm == "ed25519" else self.maker.rsa(but)

    def changed(self, key):
        if self.wrong_kind == "secret":
            return key._replace(secret=self.make_secret())
        return key._replace(pair=self.make_pair(but=key.pair))

    @property
    def secret(self):
        return self.known[0].secret

    @property
    def public_file(self):
        return self.known[0].pair.public_file

    def judge(self, arrived):
        """Verifies as the merchant would, then compares with what was posted."""
        self.verify(arrived)
        arrived.is_probe = self.order_in(arrived) != self.order
        if not arrived.is_probe:
            self.check_content(arrived)


class PairsCase(Case):
    """Names and values in a query, a form or a raw body."""

    method = "POST"
    media_type = FORM
    charset = "utf-8"
    charset_is_named = True  # in the content type
    wire_order = None  # of every name there may be, where the document has an order
    sends_empty = False
    unsent = ()  # signed or asked for, never transmitted
    order_field = ""
    fields = {}

    def notification(self):
        return {"fields": {**self.fields, self.order_field: self.order}}

    def verify(self, arrived):
        arrived.values = read_pairs(self.protocol_text(arrived), self.charset)
        self.verify_values(arrived.values)

    def verify_values(self, values):
        raise NotImplementedError

    def protocol_text(self, arrived):
        require(arrived.method == self.method, f"the method is {arrived.method}")
        if self.method == "GET":
            require(arrived.body == b"", "a GET has a body")
            return arrived.protocol_query(self.own_query)
        self.check_content_type(arrived.header("Content-Type"))
        require(arrived.query() == self.own_query.encode(), "the URL's own query was touched")
        return arrived.body

    def check_content_type(self, text):
        media_type, _, parameter = text.partition(";")
        require(media_type == self.media_type, f"the content type is {text}")
        require(bool(parameter) == self.charset_is_named, f"whether {text} names a charset")
        if parameter:
            named = parameter.strip().removeprefix("charset=")
            require(codecs.lookup(named) == codecs.lookup(self.charset), f"{text} names another charset")

    def check_content(self, arrived):
        values = arrived.values
        for name, value in self.posted["fields"].items():
            if name in self.unsent or self.is_left_out(value):
                require(name not in values, f"{name} is on the wire")
            else:
                require(values.get(name) == value, f"{name} is {values.get(name)!r}, posted was {value!r}")
        if self.wire_order is not None:
            in_order = [name for name in self.wire_order if name in values]
            require(list(values) == in_order, f"on the wire are {list(values)}")

    def is_left_out(self, value):
        return value == "" and not self.sends_empty

    def order_in(self, arrived):
        return arrived.values.get(self.order_field)

    def encoded(self, text):
        return text.encode(self.charset)

    def same_digest(self, algorithm, signed, got, upper=True):
        expected = hex_digest(algorithm, self.encoded(signed))
        shown = signed.replace(self.secret, "***")
        same_text(got, expected.upper() if upper else expected, f"the {algorithm} of {shown}")


def joined(values, names, keep_empty=False):
    """name=value&name=value of those names that have a value."""
    return "&".join(f"{name}={values.get(name, '')}" for name in names if keep_empty or values.get(name, "") != "")


def sorted_pairs(values, without):
    """The same of all names but some, in the order of their bytes."""
    return joined(values, sorted(name for name in values if name not in without))


def every_case(case_classes, maker):
    """Each case, and beside it one for each kind of key that may be the wrong one."""
    for case_class in case_classes:
        yield case_class(maker)
        for kind in case_class.key_kinds:
            yield case_class(maker, wrong_kind=kind)
