#!/usr/bin/env python3
"""No connection to a forbidden address, whatever the URL, the name, the redirect or the environment says.

Under the policy of the default configuration, on a network where every address answers: each hostile URL is refused when
it is handed over, or held with its reason, and the kernel has counted no SYN to any address but the merchant's. The same
requests arrive as soon as the policy allows them, so the traps are known to work.
"""

import ipaddress

import findings
import harness
import name_server
import network
from world import World

MERCHANT = "1.1.1.1"
REDIRECTING = "1.1.1.2"
PUBLIC = f"http://{MERCHANT}/notify"
# Refused when they are handed over: they never name an address in the one spelling that everybody reads alike.
ODD = [
    # spellings of IPv4 addresses
    "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
    "http://017700000001/", "http://0/", "http://0x7f.1/", "http://127.0.0.1./", "http://0xa9fea9fe/",
    "http://2852039166/", "http://169.254.43518/", "http://0xA9.0xFE.0xA9.0xFE/", "http://1.1.1/", "http://LOCALHOST./",
    "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://１２７.0.0.1/", "http://ⓛocalhost/", "http://1.1.1.1.0x1/",
    # what parsers disagree about
    "http://127.0.0.1:80@example.com/", "http://example.com@127.0.0.1/", "http://example.com\\@127.0.0.1/",
    "http://127.0.0.1%2f@example.com/", "http://127.0.0.1%00.example.com/",
    "http://127.0.0.1\x00.example.com/", "http://example.com%0d%0aHost:127.0.0.1/", "http://example.com\r\nHost: 127.0.0.1/",
    "http:/127.0.0.1/", "http:///127.0.0.1/", "http://\t127.0.0.1/", " http://127.0.0.1/", "127.0.0.1", "//127.0.0.1/",
    "http:127.0.0.1", "http://", "http:// /", "http://[127.0.0.1]/", "http://[::1", "http://::1/", "http://[::1]x/",
    "http://127.0.0.1:/", "http://127.0.0.1:0/", "http://1.1.1.1:0/", "http://1.1.1.1:99999/", "http://1.1.1.1:080/",
    "http://1.1.1.1:80:80/", "http://1.1.1.1:+80/", "http://1.1.1.1,127.0.0.1/", "http://1.1.1.1;127.0.0.1/",
    "http://user@1.1.1.1/", "http://user:secret@1.1.1.1/", "http://-a.example/", "http://a..example/", "http://*/",
    "http://" + "a" * 64 + ".example/", "http://" + "a." * 127 + "example/",
    # zone ids
    "http://[fe80::1%25lo]/", "http://[fe80::1%lo]/", "http://[::1%25lo]/", "http://[fe80::1%251]/",
    # schemes
    "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/stats", "ftp://127.0.0.1/",
    "unix:///run/ackd.sock", "http+unix://%2frun%2fackd.sock/", "ldap://127.0.0.1/", "javascript:alert(1)", "ws://1.1.1.1/",
    "httpx://1.1.1.1/", "HTTP\x00://1.1.1.1/", "https;//1.1.1.1/",
]
# What names a forbidden address plainly, and something else where a hasty reader looks; and the address.
DECOYS = {
    "http://127.0.0.1#@example.com/": "127.0.0.1", "http://127.0.0.1?@example.com/": "127.0.0.1",
    "http://127.0.0.1/@example.com/": "127.0.0.1", "http://127.0.0.1:80#.example.com/": "127.0.0.1",
    "HTTP://127.0.0.1/": "127.0.0.1", "http://[::ffff:7F00:0001]:80/": "127.0.0.1", "http://[0:0:0:0:0:0:0:1]/": "::1",
}
# Whole ranges, by their first and last address.
RANGES = [
    "127.0.0.0/8", "0.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
    "198.18.0.0/15", "192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "192.88.99.0/24", "224.0.0.0/4",
    "240.0.0.0/4", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "3fff::/20", "100::/64", "5f00::/16",
    "2001::/23", "2002::/16", "64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96",
]
SINGLE = [
    "127.0.0.1", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::", "169.254.169.254", "169.254.170.2", "100.100.100.200",
    "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "255.255.255.255", "10.1.2.3", "172.31.255.1", "192.168.1.1",
]
# Of the merchant, whose web server is all that is meant to be called.
PORTS = [22, 25, 79, 81, 3128, 6379, 8080, 65535]
# Names that mean, or are made to mean, an address that is forbidden.
NAMES = {
    "localhost": [], "LOCALHOST": [], "pay.localhost": [MERCHANT], "metadata.google.internal": ["169.254.169.254"],
    "inside.test": ["10.0.0.7"], "inside6.test": ["fd00::7"], "mapped.test": ["::ffff:127.0.0.1"],
    "mixed.test": [MERCHANT, "192.168.0.1"], "mixed6.test": [MERCHANT, "::1"], "zero.test": ["0.0.0.0"],
}
# To the kernel these are no address that a connection can be made to, so the control cannot see them arrive.
UNSENDABLE = ["127.255.255.255/32", "224.0.0.0/4", "255.255.255.255/32", "fe80::/10", "ff00::/8"]
DIALLED_AS = {"0.0.0.0": "127.0.0.1", "::": "::1"}

REDIRECTS = [
    "http://169.254.169.254/latest/meta-data/", "//169.254.169.254/", "http://127.0.0.1/", "http://2130706433/", "/again",
    "file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "https://1.1.1.9/", "http://1.1.1.9/", "\\\\127.0.0.1\\",
]
PROXY_VARIABLES = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"]
PROXY = "1.1.1.8"

# (what a merchant's configuration allows, URLs that it must refuse, URLs that are within)
ALLOWED_HOSTS = [
    (["shop.test"], ["shop.test.evil.test", "evilshop.test", "a.shop.test", "shop.test@evil.test", "evil.test", MERCHANT,
                     "shop.testx", "shop-test", "xn--shop.test"], ["shop.test", "SHOP.test"]),
    (["*.shop.test"], ["shop.test", "a.shop.test.evil.test", "evilshop.test", "a.evilshop.test", ".shop.test",
                       "*.shop.test", "a.shop.test:0", "evil.test/a.shop.test", "evil.test?a.shop.test"],
     ["a.shop.test", "a.b.shop.test"]),
]


def bracketed(text):
    return f"[{text}]" if ":" in text else text


def forbidden():
    """(URL, the addresses that a connection for it would go to)."""
    urls = [(f"http://{bracketed(each)}/notify", [each]) for each in SINGLE]
    urls += [(f"https://{bracketed(each)}/notify", [each]) for each in SINGLE]
    for text in RANGES:
        network_range = ipaddress.ip_network(text)
        urls += [(f"http://{bracketed(str(end))}/", [str(end)]) for end in (network_range[0], network_range[-1])]
    urls += [(url, [to]) for url, to in DECOYS.items()] + [(f"http://{MERCHANT}:{port}/", [MERCHANT]) for port in PORTS]
    return urls + [(f"http://{name}/", addresses or ["127.0.0.1"]) for name, addresses in NAMES.items()]


def dialled(text):
    """How the kernel counts a connection to the address."""
    ip = ipaddress.ip_address(text)
    text = str(getattr(ip, "ipv4_mapped", None) or ip)
    return DIALLED_AS.get(text, text)


def can_be_sent_to(text):
    ip = ipaddress.ip_address(dialled(text))
    known = ip.version == 4 or network.has_ipv6()
    return known and not any(ip in ipaddress.ip_network(each) for each in UNSENDABLE)


def start(options, folder, **rest):
    merchants = [{}] + [{"hosts": hosts} for hosts, _, _ in ALLOWED_HOSTS]
    # What the control leaves under way at the end is of no interest.
    started = World(options, folder, merchants, delays="[10ms, 10ms, 10ms]", extra="drain_timeout: 100ms\n", **rest)
    for name, addresses in NAMES.items():
        started.names.names[name.lower()] = name_server.has(*addresses)
    for name in ("shop.test", "*.shop.test", "shop.test.evil.test", "*.evil.test", "evil.test", "evilshop.test"):
        started.names.names[name] = name_server.has(MERCHANT)
    return started


def check_quiet(world):
    strays = world.strays(MERCHANT, REDIRECTING)
    assert not strays, f"sent to {strays}"
    connected = {at for at in world.receivers.connections if at[0] not in (MERCHANT, REDIRECTING) or at[1] not in (80, 443)}
    assert not connected, f"connected to {connected}"


def check_held(world, identifier, url):
    record = world.ended(identifier, "held")
    assert record["attempts"] == 0 and not record["attempt_list"], f"{url}: {record}"
    assert "egress" in record["reason"], f"{url}: {record['reason']}"


def merchant(url):
    return {"url": url, "keys": [{"secret": "0123456789abcdef", "id": "k"}]}


def check_odd(world):
    """Refused by name of the field, in a notification and as a merchant's own."""
    for url in ODD:
        for status, answer in (world.post(url=url), world.client.call("PUT", "/v1/merchants/payindex/odd", merchant(url))):
            # A NUL is refused before anyone asks which field it stands in.
            named = answer.get("field") == "url" or "\x00" in url
            assert status in (400, 422) and named, f"{url!r}: {status} {answer}"
            assert "secret" not in answer["detail"] and answer["detail"].isprintable(), f"{url!r}: {answer}"


def check_forbidden(world):
    """Refused when it is handed over, or held with a reason that an operator can act upon; never tried."""
    held = {}
    for url, _ in forbidden():
        status, answer = world.post(url=url)
        assert status == 201 or (status in (400, 422) and answer.get("field") == "url"), f"{url}: {status} {answer}"
        if status == 201:
            held[url] = answer["id"]
    for number, each in enumerate(SINGLE):
        url = f"http://{bracketed(each)}/"
        status, answer = world.client.call("PUT", f"/v1/merchants/payindex/own-{number}", merchant(url))
        assert status in (200, 201) or answer.get("field") == "url", f"{url}: {status} {answer}"
        if status in (200, 201):
            held["own " + url] = world.accepted(f"own-{number}")
    for url, identifier in held.items():
        check_held(world, identifier, url)
    world.deliver(url=PUBLIC)
    stats = world.client.call("GET", "/v1/stats")[1]
    assert stats["counts"]["held"] == len(held) and stats["counts"]["pending"] == 0, stats["counts"]
    assert stats["engine"]["not_sent"] == len(held), f"{stats['engine']['not_sent']} tries for {len(held)} held"
    return len(held)


def check_allowed_hosts(world):
    count = 0
    for number, (_, refused, within) in enumerate(ALLOWED_HOSTS, 1):
        for host in refused:
            status, answer = world.post(f"m{number}", f"http://{host}/notify")
            assert status in (400, 403, 422) and answer.get("field") == "url", f"{host}: {status} {answer}"
        for host in within:
            world.deliver(f"m{number}", f"http://{host}/notify")
        count += len(refused)
    # The control: a merchant without hosts may be notified at the very names that look like another's.
    for host in ("shop.test.evil.test", "evilshop.test", "evil.test"):
        world.deliver(url=f"http://{host}/notify")
    return count


def redirect_to(answers):
    given = iter(answers)

    def script(connection):
        while connection.read_request():
            status, headers = next(given, (200, ""))
            connection.answer("OK" if status == 200 else "moved", status, headers)

    return script


def check_redirects(world):
    """An answer that sends elsewhere is an answer that does not acknowledge, and nothing more."""
    answers = [(status, f"Location: {where}\r\n") for where in REDIRECTS for status in (301, 302, 303, 307, 308)]
    answers += [(status, f"Location: http://{PROXY}/\r\nProxy-Authenticate: Basic\r\n") for status in (305, 306, 407)]
    answers += [(200, f"Refresh: 0; url=http://{PROXY}/\r\nAlt-Svc: http/1.1=\"{PROXY}:80\"\r\n")]
    world.receivers.scripts[REDIRECTING] = redirect_to(answers)
    rejected = 0
    while len(world.receivers.received(REDIRECTING)) < len(answers):
        attempts = world.ended(world.accepted(url=f"http://{REDIRECTING}/notify"), "exhausted", "delivered")["attempt_list"]
        assert {attempt["outcome"] for attempt in attempts} <= {"rejected", "acknowledged"}, attempts
        rejected += sum(attempt["outcome"] == "rejected" for attempt in attempts)
    # The last one acknowledges, and only asks to be reached elsewhere from now on.
    assert rejected == len(answers) - 1, f"{rejected} of {len(answers)} rejected"
    return len(answers)


def proxies():
    return {**{name: f"http://{PROXY}:3128" for name in PROXY_VARIABLES}, "NO_PROXY": "example.com", "no_proxy": ""}


def try_default_policy(options, folder, found):
    with start(options, folder, environment=proxies()) as world:
        with found.case("K3 proxies named by the environment", world.probe) as show:
            world.deliver(url=PUBLIC)
            assert world.receivers.connected(MERCHANT) == 1
            check_quiet(world)
            show("acknowledged", "complete")
        with found.case("K  odd URLs, by two doors each", world.probe) as show:
            check_odd(world)
            check_quiet(world)
            show("refused", "4xx, field url", f": {len(ODD)}")
        with found.case("K  forbidden addresses and names", world.probe) as show:
            count = check_forbidden(world)
            check_quiet(world)
            show("not_sent", "egress_refused", f": {count} held")
        with found.case("K2 answers that lead elsewhere", world.probe) as show:
            count = check_redirects(world)
            check_quiet(world)
            show("rejected", "complete", f": {count}")
        with found.case("K6 URLs beside the merchant's hosts", world.probe) as show:
            count = check_allowed_hosts(world)
            check_quiet(world)
            show("refused", "4xx, field url", f": {count}")


# A policy of an operator's, and of merchants: (merchant, URL, whether it is within).
OPERATOR = 'deny: ["1.1.2.0/24", "10.9.0.0/16"], deny_hosts: ["*.evil.test"]'
OWN_POLICIES = [{}, {"egress_allow": "10.0.0.0/8"}, {"egress_deny": "1.1.3.0/24"}, {"egress_ports": "8080"}]
WITHIN = [
    ("m0", "http://1.1.3.1/", True), ("m0", "http://1.1.2.1/", False), ("m0", "http://a.evil.test/", False),
    ("m0", "http://10.1.2.3/", False), ("m0", "http://1.1.1.1:8080/", False), ("m0", "http://shop.test/", True),
    ("m1", "http://10.1.2.3/", True), ("m1", "http://10.9.0.1/", False), ("m1", "http://169.254.169.254/", False),
    ("m1", "http://[::ffff:10.9.0.1]/", False), ("m1", "http://[64:ff9b::10.1.2.3]/", False),
    ("m2", "http://1.1.3.2/", False), ("m2", "http://1.1.1.1/", True),
    ("m3", "http://1.1.1.2:8080/", True), ("m3", "http://1.1.1.2:22/", False), ("m3", "http://1.1.2.1:8080/", False),
]


def try_own_policies(options, folder, found):
    """What an operator denies wins over everything; what a merchant is allowed is its own; ackd never calls itself."""
    listening = harness.free_port()
    ours = {"egress_allow": "127.0.0.0/8 0.0.0.0", "egress_ports": str(listening)}
    merchants = [{"options": own} for own in (*OWN_POLICIES, ours)]
    with World(options, folder, merchants, egress=OPERATOR, tcp_port=listening) as world:
        world.names.names["shop.test"] = world.names.names["a.evil.test"] = name_server.has("1.1.1.3")
        with found.case("K  policies of an operator and of merchants", world.probe) as show:
            at_ourselves = [(f"m{len(OWN_POLICIES)}", f"http://{own}:{listening}/", False) for own in ("127.0.0.1", "0.0.0.0")]
            for merchant, url, within in WITHIN + at_ourselves:
                status, answer = world.post(merchant, url)
                assert status == 201 or (not within and answer.get("field") == "url"), f"{merchant} {url}: {answer}"
                if status == 201:
                    record = world.ended(answer["id"], "delivered", "held")
                    assert record["state"] == ("delivered" if within else "held"), f"{merchant} {url}: {record}"
            begun = set(network.syns()) - {(network.NAME_SERVER, 53)}
            expected = {("1.1.3.1", 80), ("1.1.1.3", 80), ("10.1.2.3", 80), ("1.1.1.1", 80), ("1.1.1.2", 8080)}
            assert begun == expected, f"sent to {begun}, expected {expected}"
            show("not_sent", "egress_refused", f": {len(WITHIN + at_ourselves)}")


def reached(address, port=80):
    harness.wait_until(lambda: network.syns().get((address, port)), 20, f"a connection to {address}:{port} was begun")


def try_everything_allowed(options, folder, found):
    """The control: with the policy out of the way the very same requests leave, and the traps and the counter see them."""
    wanted = [(url, to) for url, to in forbidden() if all(map(can_be_sent_to, to))]
    with start(options, folder, egress='allow: ["0.0.0.0/0", "::/0"], ports: ["1-65535"]') as world:
        with found.case("control: the same, with everything allowed", world.probe) as show:
            for url, _ in wanted:
                world.accepted(url=url)
            for url, to in wanted:
                harness.wait_until(lambda to=to: any(at[0] in map(dialled, to) for at in network.syns()), 20,
                                   f"a connection for {url} was begun")
            for port in PORTS:
                reached(MERCHANT, port)
            for trap in ("127.0.0.1", "169.254.169.254", "10.1.2.3", "192.168.1.1"):
                harness.wait_until(lambda trap=trap: world.receivers.received(trap), 20, f"{trap} has a request")
            show("sent", "SYN counted", f": {len(wanted)}")
        with found.case("control: a client that follows redirects and proxies") as show:
            network.forget_syns()
            world.receivers.scripts[REDIRECTING] = redirect_to([(302, f"Location: {REDIRECTS[0]}\r\n")])
            network.command("curl", "-s", "-L", f"http://{REDIRECTING}/")
            reached("169.254.169.254")
            network.command("env", *(f"{name}={value}" for name, value in proxies().items()), "curl", "-s", PUBLIC)
            reached(PROXY, 3128)
            show("sent", "SYN counted")


def test(options, folder):
    found = findings.Findings()
    for part, own in findings.each_in_its_folder((try_default_policy, try_own_policies, try_everything_allowed), folder):
        part(options, own, found)
    found.close()


if __name__ == "__main__":
    network.run(test, __doc__)
