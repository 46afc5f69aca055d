"""The programs of packaging/examples, run under the command lines that their heads and the README name."""

import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import delivery  # noqa: F401  (finds the harness)
import harness

EXAMPLES = os.path.join(harness.SOURCE, "packaging", "examples")
PLATFORM = os.path.join(EXAMPLES, "platform")
MERCHANT = os.path.join(EXAMPLES, "merchant")
SQLITE_DRIVERS = ["/usr/share/java/sqlite-jdbc.jar"]  # Debian: libxerial-sqlite-jdbc-java


def skipped(what, reason):
    print(f"skipped: {what}: {reason}", flush=True)


def finish(process, seconds=180):
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out.strip(), err.strip()


class Program:
    """One way to call an example; `command` is what comes before its own arguments."""

    def __init__(self, name, command):
        self.name = name
        self.command = command

    def start(self, *arguments):
        return subprocess.Popen([*self.command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments):
        return finish(self.start(*arguments))


def compile_java(folder):
    """The folder with the classes, or None where there is no Java; every source must compile as Java 8."""
    if shutil.which("javac") is None or shutil.which("java") is None:
        skipped("Enqueue.java and Inbox.java", "there is no javac and java")
        return None
    classes = os.path.join(folder, "classes")
    sources = [os.path.join(PLATFORM, name) for name in ("Enqueue.java", "Inbox.java")]
    compiled = subprocess.run(["javac", "--release", "8", "-Xlint:all,-options", "-Werror", "-d", classes, *sources],
                              capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    return classes


def http_programs(classes, socket_path, tcp):
    """(program, address) for every way over HTTP that can run here."""
    ways = [(Program("enqueue.py", [sys.executable, "-B", os.path.join(PLATFORM, "enqueue.py")]), socket_path)]
    shell = os.path.join(PLATFORM, "enqueue.sh")
    if shutil.which("curl") is None:
        skipped("enqueue.sh", "there is no curl")
    else:
        ways.append((Program("enqueue.sh over the socket", [shell]), socket_path))
        ways.append((Program("enqueue.sh over TCP", [shell]), tcp))
    if classes is not None:
        ways.append((Program("Enqueue.java", ["java", "-cp", classes, "Enqueue"]), tcp))
    return ways


def inbox_programs(classes):
    programs = [Program("inbox.py", [sys.executable, "-B", os.path.join(PLATFORM, "inbox.py")])]
    if shutil.which("sqlite3") is None:
        skipped("inbox.sh", "there is no sqlite3")
    else:
        programs.append(Program("inbox.sh", [os.path.join(PLATFORM, "inbox.sh")]))
    drivers = [path for path in SQLITE_DRIVERS if os.path.exists(path)]
    if classes is not None and not drivers:
        skipped("Inbox.java", "compiled, but there is no SQLite driver for JDBC to run it with")
    if classes is not None and drivers:
        programs.append(Program("Inbox.java", ["java", "-cp", f"{classes}:{drivers[0]}", "Inbox"]))
    return programs


class MerchantProgram:
    """A merchant's example as a server on a port of loopback."""

    def __init__(self, name, folder, port, key):
        self.name = name
        self.url = f"http://127.0.0.1:{port}/"
        self.folder = tempfile.mkdtemp(prefix="merchant-", dir=folder)
        key_file = os.path.join(self.folder, "key")
        with open(key_file, "w", encoding="ascii") as file:
            file.write(key + "\n")
        self.orders = os.path.join(self.folder, "orders")
        environment = dict(os.environ)
        if name == "payindex.php":
            os.mkdir(self.orders)
            environment.update(PAYINDEX_KEY_FILE=key_file, PAYINDEX_ORDERS=self.orders)
            command = ["php", "-S", f"127.0.0.1:{port}", os.path.join(MERCHANT, name)]
        else:
            command = [sys.executable, "-B", os.path.join(MERCHANT, name), "--port", str(port), "--key-file", key_file,
                       "--database", self.orders]
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        harness.wait_until(self.answers, 30, f"{name} answers")

    def answers(self):
        try:
            return self.post(b"") is not None
        except OSError:
            return False

    def post(self, body):
        """(status, answer) of one request that is made by hand."""
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/x-www-form-urlencoded"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()

    def end(self):
        self.process.kill()
        self.process.wait()


def merchant_programs():
    names = ["payindex.py"]
    if shutil.which("php") is None:
        skipped("payindex.php", "there is no php")
    else:
        names.append("payindex.php")
    return names
