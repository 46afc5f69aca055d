"""A network of the test's own: the test runs again inside new network and mount namespaces of the kernel, where every
address of the world is this machine. So ackd can be tried under the policy it has by default, and what it really sends
is counted by the kernel and not by the daemon.

    network.run(test, __doc__)    instead of harness.run(): enters the namespaces, or skips with the reason
    network.syns()                how many connections were begun, by address and port
    network.lose(...)             packets to an address are dropped, or refused, until network.heal()
"""

import ipaddress
import json
import os
import shutil
import subprocess
import sys

import harness

# Holds the outer network's number, so that a stray variable never makes a test change the machine's own network.
OUTSIDE = "ACKD_TEST_OUTSIDE"

# Where names are answered: name_server.py. Not 127.0.0.1, which the daemon must never reach.
NAME_SERVER = "127.0.0.53"
# This machine's own addresses towards the world. Without them a connection would come from the address it goes to.
OWN = ("5.9.0.1", "2a01:4f8::1")

TABLES = """
table inet seen {
  set v4 { type ipv4_addr . inet_service; flags dynamic; size 65535; counter; }
  set v6 { type ipv6_addr . inet_service; flags dynamic; size 65535; counter; }
  chain leaving {
    type filter hook output priority 0; policy accept;
    tcp flags & (syn | ack) == syn add @v4 { ip daddr . tcp dport }
    tcp flags & (syn | ack) == syn add @v6 { ip6 daddr . tcp dport }
  }
}
table inet faults {
  chain arriving { type filter hook input priority 0; policy accept; }
}
"""


def network_number():
    return str(os.stat("/proc/self/ns/net").st_ino)


def command(*words, given=None):
    """Runs a command; its complaint is the failure's text."""
    ran = subprocess.run(words, input=given, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{' '.join(words)}: {ran.stderr.strip()}"
    return ran.stdout


def entering():
    """The command before the one that is to run inside. Who is not root becomes it inside, where the system allows."""
    return ["unshare", "--net", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])


def what_is_missing():
    for program in ("unshare", "ip", "nft", "mount"):
        if shutil.which(program) is None:
            return f"no {program} on this machine"
    tried = subprocess.run([*entering(), "sh", "-c", "ip link set lo up && nft list ruleset && mount --bind /etc /etc"],
                           capture_output=True, text=True, check=False)
    return f"no namespaces of the kernel for this user: {tried.stderr.strip()}" if tried.returncode else ""


def run(test, description):
    """Like harness.run(), inside the namespaces."""
    if os.environ.get(OUTSIDE, network_number()) != network_number():
        return harness.run(lambda options, folder: prepare(folder) or test(options, folder), description)
    missing = what_is_missing()
    if not missing:
        os.environ[OUTSIDE] = network_number()
        os.execvp("unshare", [*entering(), sys.executable, "-B", *sys.argv])

    def skip(options, folder):
        raise harness.Skipped(missing)

    return harness.run(skip, description)


def prepare(folder):
    command("ip", "link", "set", "lo", "up")
    for family, own, bits in (("-4", OWN[0], 32), ("-6", OWN[1], 128)):
        if family == "-6" and not has_ipv6():
            continue
        # Nobody else is there to have it: IPv6 would not let it be used before it has asked.
        command("ip", "addr", "add", f"{own}/{bits}", "dev", "lo", *(["nodad"] if family == "-6" else []))
        # Longer prefixes of the same table win over it.
        command("ip", family, "route", "add", "local", "default", "dev", "lo", "src", own, "table", "local")
    command("nft", "-f", "-", given=TABLES)
    own = os.path.join(folder, "resolv.conf")
    with open(own, "w", encoding="ascii") as file:
        file.write(f"nameserver {NAME_SERVER}\n")
    command("mount", "--bind", own, "/etc/resolv.conf")


def has_ipv6():
    return os.path.exists("/proc/net/if_inet6")


def resolver_says(text):
    """Replaces /etc/resolv.conf, which is the test's own. ackd reads it when it starts."""
    with open("/etc/resolv.conf", "w", encoding="ascii") as file:
        file.write(text)


def syns():
    """{(address, port): connections begun} since the last forget_syns(); retries of the kernel count too."""
    seen = {}
    for family in ("v4", "v6"):
        listed = json.loads(command("nft", "-j", "list", "set", "inet", "seen", family))
        for part in listed["nftables"]:
            for each in part.get("set", {}).get("elem", []):
                address, port = each["elem"]["val"]["concat"]
                seen[(str(ipaddress.ip_address(address)), port)] = each["elem"]["counter"]["packets"]
    return seen


def forget_syns():
    for family in ("v4", "v6"):
        command("nft", "flush", "set", "inet", "seen", family)


def lose(address, how):
    """Who begins a connection to the address meets `how`: "drop", or "reject with ..." as nft spells it."""
    family = "ip6" if ":" in address else "ip"
    command("nft", "add", "rule", "inet", "faults", "arriving", family, "daddr", address,
            "tcp", "flags", "&", "(syn | ack)", "==", "syn", *how.split())


def heal():
    command("nft", "flush", "chain", "inet", "faults", "arriving")
