"""Making keys and checking signatures with hashlib, hmac and the openssl command, without a line of ackd."""

import base64
import hashlib
import hmac
import os
import string
import subprocess
import tempfile
import time

TOLERANCE_SECONDS = 300  # of a signed timestamp: what receivers of webhooks allow


class WrongSignature(Exception):
    """The request is well formed, and was not signed with the key that this merchant knows."""


class NotTheProtocol(Exception):
    """Something else is wrong with the request; the sentence says what."""


def require(condition, sentence):
    if not condition:
        raise NotTheProtocol(sentence)


def same_text(got, expected, what):
    """Compares a digest that arrived with the one computed here; upper and lower case are different."""
    if not hmac.compare_digest(got.encode(), expected.encode()):
        raise WrongSignature(f"{what} is {got}, computed here {expected}")


def hex_digest(algorithm, signed):
    return hashlib.new(algorithm, signed).hexdigest()


def base64_hmac(key, signed):
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def recent(text, what):
    """A timestamp in seconds, as old as a receiver lets it be."""
    require(text.isdigit(), f"{what} is {text!r}, not seconds")
    require(abs(time.time() - int(text)) <= TOLERANCE_SECONDS, f"{what} {text} is too far from now")


def openssl(arguments, given=b""):
    """Returns (exit code, standard output); the reason of a failure is in the output that it ends with."""
    done = subprocess.run(["openssl", *arguments], input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    return done.returncode, done.stdout


def must(arguments, given=b""):
    code, output = openssl(arguments, given)
    assert code == 0, f"openssl {' '.join(arguments)}: {output.decode()}"
    return output


def _verdict(output, good, bad):
    if good in output:
        return
    if bad in output:
        raise WrongSignature("openssl says: " + bad.decode())
    raise AssertionError("openssl did not judge: " + output.decode())


def verify_rsa(digest, public_file, signed, signature):
    """RSA PKCS#1 v1.5 over `signed`; `signature` is base64 text."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(base64.b64decode(signature, validate=True))
        file.flush()
        _, output = openssl(["dgst", "-" + digest, "-verify", public_file, "-signature", file.name], signed)
    _verdict(output, b"Verified OK", b"Verification failure")


def verify_ed25519(public_file, signed, signature):
    with tempfile.NamedTemporaryFile() as file, tempfile.NamedTemporaryFile() as message:
        file.write(base64.b64decode(signature, validate=True))
        file.flush()
        message.write(signed)  # pkeyutl cannot take a raw message from a pipe
        message.flush()
        _, output = openssl(["pkeyutl", "-verify", "-pubin", "-inkey", public_file, "-rawin", "-in", message.name,
                             "-sigfile", file.name])
    _verdict(output, b"Signature Verified Successfully", b"Signature Verification Failure")


class Pair:
    """A private key for the daemon and its public half for the merchant, as files."""

    def __init__(self, folder, name, algorithm):
        self.private_file = os.path.join(folder, name + ".pem")
        self.public_file = os.path.join(folder, name + ".pub")
        self.certificate_file = os.path.join(folder, name + ".crt")
        size = ["-pkeyopt", "rsa_keygen_bits:2048"] if algorithm == "RSA" else []
        must(["genpkey", "-algorithm", algorithm, *size, "-out", self.private_file])
        must(["pkey", "-in", self.private_file, "-pubout", "-out", self.public_file])
        os.chmod(self.private_file, 0o600)

    def private_text(self):
        with open(self.private_file, encoding="ascii") as file:
            return file.read()

    def public_text(self):
        with open(self.public_file, encoding="ascii") as file:
            return file.read()

    def bare_private_text(self):
        """Base64 of the DER without the lines around it, as Chinese gateways hand keys out."""
        return "".join(line for line in self.private_text().splitlines() if not line.startswith("-----"))

    def certificate(self, serial):
        """A certificate of the key, signed by itself; PEM with line feeds."""
        if not os.path.exists(self.certificate_file):
            must(["req", "-x509", "-new", "-key", self.private_file, "-subj", "/CN=platform", "-days", "2",
                  "-set_serial", str(serial), "-out", self.certificate_file])
        with open(self.certificate_file, encoding="ascii") as file:
            return file.read()


class KeyMaker:
    """Random keys of every kind. Making RSA keys takes most of a test's time, so a few pairs are used in turn."""

    RSA_PAIRS = 4

    def __init__(self, folder, random):
        self.folder = os.path.join(folder, "pairs")
        os.mkdir(self.folder, 0o700)
        self.random = random
        self.made = {}

    def text(self, length=32):
        return "".join(self.random.choices(string.ascii_letters + string.digits, k=length))

    def hex_text(self):
        return self.random.randbytes(32).hex()

    def webhook_secret(self):
        """As Standard Webhooks writes it: base64 of random bytes behind a prefix."""
        return "whsec_" + base64.b64encode(self.random.randbytes(32)).decode()

    def rsa(self, but=None):
        """A pair that is not `but`."""
        number = self.random.randrange(self.RSA_PAIRS)
        pair = self._pair(f"rsa-{number}", "RSA")
        return self._pair(f"rsa-{(number + 1) % self.RSA_PAIRS}", "RSA") if pair is but else pair

    def ed25519(self):
        return self._pair(f"ed25519-{len(self.made)}", "ED25519")

    def _pair(self, name, algorithm):
        if name not in self.made:
            self.made[name] = Pair(self.folder, name, algorithm)
        return self.made[name]
