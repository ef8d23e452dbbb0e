#!/usr/bin/env python3
"""Attacks a server of its own on 127.0.0.1 and measures how it bears that. See README.md. Needs only Python and Linux."""

import argparse
import http.client
import json
import os
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARALLEL = 200
ROUNDS = 3  # requests of each parallel attacker
ALONE = 20  # requests of each attack when it is alone
MEGABYTES = 256  # growth that is allowed
BODY = 256 * 1024
HOLDERS = 100  # threads that open the connections that are held
OPENED = 0.8  # part of the connections to be held that must be there: fewer are no attack, and their growth says nothing
INNOCENT = "{ viewer { user { name } } accounts(first: 5) { nodes { name } } }"


def bomb():
    names = "ABCDEFG"
    text = "{" + "...A " * 20 + "}"
    for name, following in zip(names, names[1:]):
        text += f"fragment {name} on Query{{" + f"...{following} " * 20 + "}"
    return text + "fragment G on Query{viewer{user{id}}}"


def query(text, **variables):
    return json.dumps({"query": text, "variables": variables}).encode()


def attacks():
    """Name, body, headers that differ from the usual ones, and what must stand in the answer."""
    aliases = "".join(f"a{n}:__typename " for n in range(10_000))
    operations = "".join(f"query Q{n}{{viewer{{user{{id}}}}}}" for n in range(1_000))
    chain = "".join(f"fragment F{n} on Query{{...F{n + 1}}}" for n in range(400))
    largest = "{" + "viewer{" + "user{id}" * 480 + "}}"
    conflicts = "{viewer{" + "...{" * 25 + "".join(f"user(a{n}:{n}){{id}}" for n in range(200)) + "}" * 25 + "}}"
    spreading = "".join(f"query Q{n}{{...F}}" for n in range(90)) + "fragment F on Query{viewer{user{id name role email}}}"
    unknown = "{" + "".join(f"wrongField{n} " for n in range(1_990)) + "}"
    return [
        ("fragment bomb, 20^7 in 1 kB", query(bomb()), "ROOT_FIELDS"),
        ("fragment bomb below a field", query(bomb().replace("{", "{viewer{", 1).replace("}", "}}", 1)), "TOKENS"),
        ("fragment circle", query("{...A}fragment A on Query{...B}fragment B on Query{...A}"), "spreads itself"),
        ("chain of 400 fragments", query("{...F0}" + chain), "TOKENS"),
        ("10,000 aliases", query("{" + aliases + "}"), "TOKENS"),
        ("10,000 repeated fields", query("{viewer{" + "user{id}" * 10_000 + "}}"), "TOKENS"),
        ("10,000 directives", query("{viewer" + "@skip(if:true)" * 10_000 + "{user{id}}}"), "TOKENS"),
        ("1,000 operations", query(operations), "TOKENS"),
        ("100,000 brackets in the document", query("{node(id:" + "[" * 100_000), "NESTING"),
        ("80,000 braces in the document", query("{a" * 80_000), "NESTING"),
        ("100,000 brackets in variables",
         b'{"query":"{a}","variables":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "VARIABLES_DEPTH"),
        ("batch of 1,000", json.dumps([{"query": "{viewer{user{id}}}"}] * 1_000).encode(), "BATCH"),
        ("a name of 250,000 letters", query("{" + "a" * 250_000 + "}"), "NAME_LENGTH"),
        ("a text of 250,000 letters as variable", query("query($a:ID!){node(id:$a){id}}", a="x" * 250_000), "BAD_USER_INPUT"),
        ("80,000 numbers as variable", query("query($a:[ID!]!){nodes(ids:$a){id}}", a=[7] * 80_000), "VARIABLES_VALUES"),
        ("80,000 objects as variable",
         b'{"query":"{a}","variables":{"a":[' + b",".join([b"{}"] * 80_000) + b"]}}", "VARIABLES_VALUES"),
        ("400 brackets behind a block string", query('{node(id:["""" ' + "[" * 400 + "]" * 401 + "){id}}"), '"errors"'),
        ("250,000 digits", query("{viewer{user{id}}} fragment F on Query{node(id:[" + "0" * 250_000 + "]){id}}"), '"errors"'),
        ("introspection by introspection", query("{__schema{types{" + "fields{type{" * 6 + "name" + "}}" * 6 + "}}}"), "INTROSPECTION_OBJECTS"),
        ("lists within lists", query("{accounts(first:100){nodes{deals(first:100){nodes{id}}}}}"), "COST"),
        ("1,990 unknown fields", query(unknown), "ROOT_FIELDS"),
        ("480 unknown fields below", query("{viewer{" + "usr{id}" * 480 + "}}"), "GRAPHQL_VALIDATION_FAILED"),
        ("200 conflicts in 25 fragments", query(conflicts), "GRAPHQL_VALIDATION_FAILED"),
        ("90 operations, which are allowed", json.dumps({"query": spreading, "operationName": "Q7"}).encode(), '"data"'),
        ("480 equal fields, which are allowed", query(largest), '"data"'),
        ("50 MB, declared", None, "BODY_BYTES"),
    ]


class Server:
    def __init__(self, binary):
        self.folder = tempfile.mkdtemp(prefix="finbridge-bench-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("FINBRIDGE_", "TEST_"))}
        environment |= {
            "FINBRIDGE_DATA_DIR": self.folder,
            "FINBRIDGE_SERVER_LISTEN": f"127.0.0.1:{self.port}",
            "FINBRIDGE_LOG_FILTER": "warn",
        }
        command = [binary, "token", "--email", "bench@example.com", "--organization", "Bench", "--create"]
        made = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, cwd=ROOT)
        self.token = next(word for word in made.stdout.split() if word.startswith("fbt_"))
        self.log = open(pathlib.Path(self.folder) / "log", "w+")
        self.process = subprocess.Popen([binary, "serve"], env=environment, stderr=self.log, cwd=ROOT)
        begun = time.monotonic()
        while True:
            try:
                self.ask(query("{__typename}"))
                return
            except OSError:
                if time.monotonic() - begun > 60 or self.process.poll() is not None:
                    raise SystemExit("the server did not start: " + open(self.log.name).read())
                time.sleep(0.1)

    def memory(self, what):
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith(what))
        return int(line.split()[1]) / 1024

    def ask(self, body, timeout=60):
        """Sends a body, or the head of one of 50 MB, and returns status, text and seconds until the answer was there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.connect()
            begun = time.perf_counter()
            connection.putrequest("POST", "/graphql")
            connection.putheader("authorization", f"Bearer {self.token}")
            connection.putheader("content-type", "application/json")
            connection.putheader("accept", "application/graphql-response+json")
            connection.putheader("content-length", str(50 * 1024 * 1024 if body is None else len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            text = response.read().decode()
            return response.status, text, time.perf_counter() - begun
        finally:
            connection.close()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def milliseconds(seconds):
    return f"{seconds * 1000:.1f}"


def alone(server, rounds):
    print("| attack | bytes | worst answer, ms | median, ms |\n|---|---:|---:|---:|")
    worst = 0.0
    for name, body, wanted in attacks():
        times = []
        for _ in range(rounds):
            status, text, seconds = server.ask(body)
            if wanted not in text:
                raise SystemExit(f"{name}: {wanted} is not in {status} {text[:500]}")
            times.append(seconds)
        worst = max(worst, max(times))
        size = "50 MB" if body is None else f"{len(body):,}"
        print(f"| {name} | {size} | {milliseconds(max(times))} | {milliseconds(statistics.median(times))} |")
    return worst


def together(server):
    before = server.memory("VmRSS")
    kinds = attacks()
    answered, failed, gate = [], [], threading.Barrier(PARALLEL + 1)

    def attack(number):
        gate.wait()
        for turn in range(ROUNDS):
            try:
                answered.append(server.ask(kinds[(number + turn) % len(kinds)][1])[2])
            except OSError as error:
                failed.append(str(error))

    attackers = [threading.Thread(target=attack, args=(number,)) for number in range(PARALLEL)]
    for attacker in attackers:
        attacker.start()
    quiet = [server.ask(query(INNOCENT))[2] for _ in range(ALONE)]
    gate.wait()
    innocent, peak = [], before
    while any(attacker.is_alive() for attacker in attackers):
        status, text, seconds = server.ask(query(INNOCENT))
        if status != 200 or '"errors"' in text:
            raise SystemExit(f"the innocent was hit: {status} {text[:500]}")
        innocent.append(seconds)
        peak = max(peak, server.memory("VmRSS"))
    for attacker in attackers:
        attacker.join()
    growth = server.memory("VmHWM") - before
    print(f"\n{PARALLEL} attackers at once, {len(answered)} answers, {len(failed)} connections without one\n")
    print("| measure | value |\n|---|---:|")
    print(f"| growth of the process at its peak, MB | {growth:.0f} |")
    print(f"| innocent query before, median ms | {milliseconds(statistics.median(quiet))} |")
    if innocent:
        print(f"| innocent query meanwhile, median ms | {milliseconds(statistics.median(innocent))} |")
        print(f"| innocent query meanwhile, worst ms | {milliseconds(max(innocent))} |")
    if failed:
        print(f"first failure: {failed[0]}", file=sys.stderr)
    return growth


# What is sent and never ended, by how many connections at once, all of which the server's limits allow; with a good token, an unknown one, or none. Addresses of
# 127/8 stand for as many clients as one address may not have connections.
HEAD = "POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
UPGRADE = (
    "GET /graphql HTTP/1.1\r\nhost: bench\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)


def unfinished(token):
    half = f"content-length: {BODY}\r\n\r\n".encode() + b'{"query":"' + b"x" * (BODY - 1_000)
    objects = b'{"query":"{viewer{user{id}}}","variables":{"a":[' + b",".join([b"{}"] * 85_000) + b"]}}"
    objects = f"content-length: {len(objects)}\r\n\r\n".encode() + objects
    known = f"authorization: Bearer {token}\r\n"
    # A frame of a mebibyte begins, and most of it comes.
    frame = b"\x81\xff" + (1024 * 1024).to_bytes(8, "big") + b"\0\0\0\0" + b"x" * (1024 * 1024 - 1_000)
    return [
        ("half heads", 1_900, [(HEAD + "x-long: " + "x" * 300_000).encode()]),
        ("half bodies, no token", 1_900, [HEAD.encode() + half]),
        ("half bodies, a good token", 500, [(HEAD + known).encode() + half]),
        ("bodies of 85,000 objects, unknown tokens", 400, [(HEAD + "authorization: Bearer fbt_NUMBER\r\n").encode() + objects]),
        ("bodies of 85,000 objects, a good token", 200, [(HEAD + known).encode() + objects]),
        ("idle connections", 1_900, []),
        ("WebSockets with half a frame, no token", 300, [UPGRADE.encode(), frame]),
    ]


def hold(server, number, what):
    """A connection that sends as much of this as the server takes, and ends nothing."""
    connection = socket.socket()
    connection.settimeout(5)
    connection.bind((f"127.0.0.{2 + number % 8}", 0))
    connection.connect(("127.0.0.1", server.port))
    for part in what:
        connection.setblocking(True)
        connection.settimeout(1)
        try:
            if part.startswith(b"\x81"):
                connection.recv(4096)
            connection.sendall(part.replace(b"fbt_NUMBER", b"fbt_%d" % number))
        except OSError:
            pass  # It was refused, or is not read from: that is what shall happen.
    return connection


def held(binary):
    """Each kind on a server of its own: memory that one attack left behind would hide what the next one takes."""
    print("\n| what is never ended | connections | growth, MB | innocent query meanwhile, ms |\n|---|---:|---:|---:|")
    worst = 0.0
    for kind in range(len(unfinished(""))):
        server = Server(binary)
        try:
            worst = max(worst, hold_all(server, *unfinished(server.token)[kind]))
        finally:
            server.stop()
    return worst


def hold_all(server, name, number, what):
    server.ask(query(INNOCENT))
    before = server.memory("VmRSS")
    waiting, lock, held_ones = iter(range(number)), threading.Lock(), []

    def work():
        while True:
            with lock:
                turn = next(waiting, None)
            if turn is None:
                return
            try:
                held_ones.append(hold(server, turn, what))
            except OSError:
                pass  # There was no room for it.

    workers = [threading.Thread(target=work) for _ in range(HOLDERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    status, text, seconds = server.ask(query(INNOCENT))
    if status != 200 or '"errors"' in text:
        raise SystemExit(f"{name}: the innocent was hit: {status} {text[:500]}")
    growth = server.memory("VmHWM") - before
    print(f"| {name} | {len(held_ones):,} | {growth:.0f} | {milliseconds(seconds)} |", flush=True)
    for connection in held_ones:
        connection.close()
    if len(held_ones) < OPENED * number:
        raise SystemExit(
            f"{name}: {len(held_ones):,} connections were opened, and the server's limits allow {number:,}. Raise the limit of "
            "open files (ulimit -n); if it is high enough, the server turns away more than it says"
        )
    return growth


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target/release/finbridge"), help="the program to attack")
    parser.add_argument("--milliseconds", type=float, default=100, help="how long an answer may take")
    parser.add_argument("--alone", type=int, default=ALONE, help="how often each attack is sent alone")
    wanted = parser.parse_args()
    if not pathlib.Path(wanted.binary).exists():
        raise SystemExit(f"{wanted.binary} is not there; build it with `cargo build --release`")
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    server = Server(wanted.binary)
    try:
        worst = alone(server, wanted.alone) * 1000
        growth = together(server)
    finally:
        server.stop()
    growth = max(growth, held(wanted.binary))
    in_time, in_bounds = worst < wanted.milliseconds, growth < MEGABYTES
    print(f"\nTargets: every answer within {wanted.milliseconds:g} ms ({'met' if in_time else 'MISSED'}), growth below {MEGABYTES} MB ({'met' if in_bounds else 'MISSED'})")
    sys.exit(0 if in_time and in_bounds else 1)


if __name__ == "__main__":
    main()
