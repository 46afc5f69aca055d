"""Certificates of every kind of trouble, made by the openssl program in a folder of the test's own."""

import os

import network

PRESENT = ("20200101000000Z", "20990101000000Z")
PAST = ("20200101000000Z", "20200201000000Z")
FUTURE = ("20980101000000Z", "20990101000000Z")
WEAK_KEY = ("rsa", "-pkeyopt", "rsa_keygen_bits:1024")
USUAL_KEY = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")

SETTINGS = """
[ca]
default_ca = this
[this]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
policy = any
default_md = sha256
[any]
commonName = supplied
"""


class Certificate:
    """A certificate with its key, signed by an issuer; by itself without one. `name` is that of its files."""

    def __init__(self, folder, name, issuer=None, key=USUAL_KEY, valid=PRESENT, digest="sha256", extensions=()):
        self.name = name
        self.key = os.path.join(folder, name + ".key")
        self.file = os.path.join(folder, name + ".pem")
        request = os.path.join(folder, name + ".csr")
        settings = self.write(folder, name + ".cnf", SETTINGS.format(folder=folder))
        self.write(folder, "index.txt", "")
        added = self.write(folder, name + ".ext", "[e]\n" + "".join(f"{line}\n" for line in extensions))
        algorithm, *options = key
        network.command("openssl", "req", "-new", "-newkey", algorithm, *options, "-nodes", "-keyout", self.key,
                        "-subj", f"/CN={name}", "-out", request)
        signer = ["-selfsign", "-keyfile", self.key] if issuer is None else ["-cert", issuer.file, "-keyfile", issuer.key]
        network.command("openssl", "ca", "-batch", "-notext", "-config", settings, "-in", request, "-out", self.file,
                        *signer, "-startdate", valid[0], "-enddate", valid[1], "-md", digest,
                        "-extfile", added, "-extensions", "e")

    @staticmethod
    def write(folder, name, text):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path


def authority(folder, name, issuer=None, **how):
    return Certificate(folder, name, issuer, extensions=["basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign"], **how)


def server(folder, name, issuer, hosts, more=(), **how):
    """`hosts` as OpenSSL spells them: "DNS:shop.test,IP:1.1.1.1"."""
    return Certificate(folder, name, issuer, extensions=["basicConstraints=CA:FALSE", f"subjectAltName={hosts}", *more], **how)


def chain(folder, name, *certificates):
    """One file with all of them, in the order in which a server sends them."""
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as together:
        for each in certificates:
            with open(each.file, encoding="ascii") as one:
                together.write(one.read())
    return path
