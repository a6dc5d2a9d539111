#!/usr/bin/env python3
"""Verifies an archive of a log, written from FORMAT.md alone: a second opinion for the tests.

Prints a line a finding: its kind and its file. Exit code: 0 nothing is wrong, 1 something is.
Needs Python and the program `zstd`. Ed25519 is that of RFC 8032, in a few lines.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import subprocess
import sys

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point_add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_equal(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def point_of(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else (0, y, 1, 0)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = point_of(public), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little")
    return point_equal(point_times(s, BASE), point_add(r, point_times(h % ORDER, a)))


class Bad(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def open_signed(data, kind):
    """The body and the key of a signed file."""
    lines = data.split(b"\n")
    if len(lines) != 3 or lines[2] != b"":
        raise Bad("not two lines")
    try:
        seal = json.loads(lines[1])
        key, signature = seal["public_key"], bytes.fromhex(seal["signature"])
        if not re.fullmatch("[0-9a-f]{64}", key):
            raise Bad("no key")
        message = b"comptoir-logship/%s/1\n" % kind.encode() + lines[0]
        if not is_signed(bytes.fromhex(key), message, signature):
            raise Bad("wrong signature")
        body = json.loads(lines[0])
        if body["version"] != 1:
            raise Bad("another version")
    except (ValueError, KeyError, TypeError) as error:
        raise Bad(str(error)) from error
    return body, key


def leads(endorsements, old, new):
    known = {old}
    for text in endorsements:
        try:
            body, key = open_signed(text.encode(), "endorsement")
        except Bad:
            continue
        if key in known:
            known.add(body["new_key"])
    return new in known


def in_order(time):
    """Times of UTC, so that they compare as text: 2026-11-21T13:00:00.000123Z."""
    seconds, _, fraction = time.rstrip("Z").partition(".")
    return f"{seconds}.{fraction:0<9}"


SEGMENT = r"segment-\d{8,}-[0-9a-f]{8}\.zst"


def is_segment(path):
    """Whether a path may be that of a segment: below the log's directory, and not passed by."""
    *directories, name = path.split("/")
    return re.fullmatch(SEGMENT, name) and all(re.fullmatch("[^_.:][^:]*", part) for part in directories)


class Archive:
    def __init__(self, directory):
        self.directory = directory
        self.source = os.path.basename(os.path.normpath(directory))
        self.names = set(os.listdir(directory))
        self.found = set()
        self.manifests = {}
        for name in self.names:
            if re.fullmatch(r"manifest-\d{8,}", name):
                self.manifests[int(name[9:])] = read(self.path(name))
        # In the directories of times, by the names that manifests may give them.
        self.placed = set()
        self.entries = {}
        self.keys = []
        self.sealed_to = {}

    def path(self, name):
        return os.path.join(self.directory, name)

    def find(self, kind, name):
        self.found.add((kind, name))

    def chain(self):
        for number in range(1, max(self.manifests, default=0) + 1):
            fault = self.manifest(number)
            if fault:
                self.find(fault, f"manifest-{number:08}")

    def manifest(self, number):
        data = self.manifests.get(number)
        if data is None:
            return "missing"
        try:
            body, key = open_signed(data, "manifest")
            entry = body["entry"]
            named = [entry["segment"]] if entry.get("segment") else entry.get("segments", [])
            if not all(is_segment(segment["name"]) for segment in named):
                return "altered"
        except (Bad, KeyError):
            return "altered"
        if body["source"]["name"] != self.source:
            return "replayed"
        if body["number"] != number:
            return "doubled" if self.manifests.get(body["number"]) == data else "reordered"
        if self.keys:
            last = self.keys[-1]
            if entry["kind"] in ("sealed", "expired") and key != last:
                return "other_key"
            if entry["kind"] == "key" and not leads(entry["endorsements"], last, key):
                return "other_key"
        if key not in self.keys[-1:]:
            self.keys.append(key)
        before = self.manifests.get(number - 1)
        expected = sha256(before) if before is not None else None
        if (number == 1 or number - 1 in self.entries) and body["previous"] != expected:
            self.entries.pop(number - 1, None)
            self.find("altered", f"manifest-{number - 1:08}")
        self.entries[number] = (body, key)
        return None

    def sealed(self):
        for number in sorted(self.entries):
            entry = self.entries[number][0]["entry"]
            if entry["kind"] == "sealed":
                yield number, entry

    def trust(self, public):
        if self.entries and public not in [key for _, key in self.entries.values()]:
            self.find("other_key", f"manifest-{min(self.entries):08}")

    def continuity(self):
        for number, entry in self.sealed():
            end = self.sealed_to.get(entry["life"], entry["file"]["first"])
            if entry["start"] != end:
                kind = "missing" if entry["start"] > end else "doubled"
                self.find(kind, f"manifest-{number:08}")
            self.sealed_to[entry["life"]] = entry["end"]

    def tombstones(self):
        """The numbers of the manifests whose segments expired: of each life a prefix."""
        named, sealed = set(), {}
        for number in sorted(self.entries):
            body = self.entries[number][0]
            entry = body["entry"]
            if entry["kind"] == "sealed":
                sealed[number] = (entry, body["sealed_at"])
            if entry["kind"] != "expired":
                continue
            for listed in entry["segments"]:
                if self.is_expired(listed, entry["before"], sealed):
                    named.add(listed["number"])
                elif listed["number"] in sealed or listed["number"] >= number:
                    self.find("altered", f"manifest-{number:08}")
        kept = set()
        for number, entry in self.sealed():
            if entry["segment"] and (number not in named or entry["life"] in kept):
                kept.add(entry["life"])
                named.discard(number)
        self.expired = named

    def is_expired(self, listed, before, sealed):
        if listed["number"] not in sealed:
            return False
        entry, sealed_at = sealed[listed["number"]]
        if not entry["segment"]:
            return False
        same = all(listed[key] == entry[key] for key in ("life", "start", "end", "lines", "raw_sha256"))
        same = same and all(listed[key] == entry["segment"][key] for key in ("name", "sha256"))
        written_by = min(in_order(entry["to"] or sealed_at), in_order(sealed_at))
        return same and written_by < in_order(before)

    def anchor(self, directory):
        names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
        heads = [name for name in names if name.startswith("head-")]
        if not heads and self.manifests:
            self.find("missing", "anchor")
        beyond = 0
        for name in heads:
            try:
                head, key = open_signed(read(os.path.join(directory, name)), "anchor")
                number, manifest = head["number"], head["manifest_sha256"]
            except (Bad, KeyError):
                self.find("altered", name)
                continue
            if head["source"]["name"] != self.source:
                self.find("replayed", name)
            elif key not in self.keys:
                self.find("other_key", name)
            elif number in self.manifests and sha256(self.manifests[number]) != manifest:
                self.find("altered", name)
            elif number > max(self.manifests, default=0):
                beyond = max(beyond, number)
        if beyond:
            self.find("truncated", f"manifest-{beyond:08}")

    def sidecars(self):
        self.lives = {}
        for name in self.names:
            if re.fullmatch(r"life-\d{6,}", name):
                try:
                    self.lives[int(name[5:])] = json.loads(read(self.path(name)))
                except ValueError:
                    self.lives[int(name[5:])] = None
        for life in range(1, max([*self.lives, *self.sealed_to], default=0) + 1):
            name = f"life-{life:06}"
            if life not in self.lives:
                self.find("missing", name)
            elif self.lives[life] is None:
                self.find("altered", name)
            else:
                for _, entry in self.sealed():
                    same = all(
                        entry["file"][key] == self.lives[life][key]
                        for key in ("name", "file", "head", "first")
                    )
                    if entry["life"] == life and not same:
                        self.find("altered", name)

    def place(self, name):
        """Where a segment lies: in its directory, or beside the manifests until it is moved there."""
        for place in (name, os.path.basename(name)):
            if os.path.isfile(self.path(place)):
                return place
        return None

    def directories(self):
        """What lies in the directories that manifests name."""
        named = {os.path.dirname(e["segment"]["name"]) for _, e in self.sealed() if e["segment"]}
        for directory in named - {""}:
            if os.path.isdir(self.path(directory)):
                for name in os.listdir(self.path(directory)):
                    if re.fullmatch(SEGMENT, name):
                        self.placed.add(f"{directory}/{name}")

    def segments(self):
        self.directories()
        numbers = {e["segment"]["name"]: n for n, e in self.sealed() if e["segment"]}
        named = {e["segment"]["name"]: e for _, e in self.sealed() if e["segment"]}
        sums = {entry["segment"]["sha256"] for entry in named.values()}
        for name, entry in named.items():
            if numbers[name] in self.expired:
                continue
            place = self.place(name)
            if place is None:
                self.find("missing", name)
                continue
            data = read(self.path(place))
            if sha256(data) != entry["segment"]["sha256"]:
                is_shorter = len(data) < entry["segment"]["bytes"]
                other = "truncated" if is_shorter else "altered"
                self.find("reordered" if sha256(data) in sums else other, name)
            else:
                raw = subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True)
                if sha256(raw.stdout) != entry["raw_sha256"]:
                    self.find("altered", name)
        # One that waits to be moved lies beside the manifests, and nowhere else.
        waiting = {os.path.basename(name) for name in named if name not in self.placed}
        files = {name for name in self.names if re.fullmatch("_?" + SEGMENT, name)}
        for name in (files | self.placed) - set(named) - waiting:
            if sha256(read(self.path(name))) in sums:
                self.find("doubled", name)

    def pieces(self):
        recoveries, found = {}, {}
        for name in self.names:
            if re.fullmatch(r"recovered-\d{8,}", name):
                try:
                    recoveries[int(name[10:])] = json.loads(read(self.path(name)))["pieces"]
                except (ValueError, KeyError):
                    self.find("altered", name)
            piece = re.fullmatch(r"piece-(\d{6,})-(\d{20})-(\d{20})-n(\d+)-e(\d{8,})", name)
            if piece:
                life, start, end, lines, epoch = map(int, piece.groups())
                found[life, start, epoch] = (name, end, lines)
            piece = re.fullmatch(r"_piece-(\d{6,})-(\d{20})-e(\d{8,})", name)
            if piece:
                found.setdefault(tuple(map(int, piece.groups())), (name, None, None))
        counted = {}
        for (life, start, epoch), (name, end, lines) in found.items():
            decided = [r for r in recoveries if r > epoch]
            if not decided and end is not None and end > start:
                counted[life, start, epoch] = (name, end, lines)
        for pieces in recoveries.values():
            for p in pieces:
                key = (p["life"], p["start"], p["epoch"])
                name = found.get(key, (None,))[0]
                closed = "piece-{:06}-{:020}-{:020}-n{}-e{:08}".format(
                    key[0], key[1], p["end"], p["lines"], key[2]
                )
                if p["end"] > p["start"]:
                    counted[key] = (name or closed, p["end"], p["lines"])
        for life, sidecar in self.lives.items():
            if sidecar is None:
                continue
            end = self.sealed_to.get(life, sidecar["first"])
            starts = []
            for key in sorted(counted):
                if key[0] != life:
                    continue
                starts.append(key[1])
                name, piece_end, lines = counted[key]
                if key[1] != end:
                    continue
                end = piece_end
                if name not in self.names:
                    self.find("missing", name)
                    continue
                data = read(self.path(name))
                length = piece_end - key[1]
                if len(data) < length:
                    self.find("truncated", name)
                elif data[:length].count(b"\n") != lines:
                    self.find("altered", name)
            closing = any(
                key[:2] == (life, end) and piece_end is None and all(r <= key[2] for r in recoveries)
                for key, (_, piece_end, _) in found.items()
            )
            if max(starts, default=0) > end and not closing:
                self.find("missing", f"life-{life:06}")


def public_key(path):
    text = read(path).decode()
    der = base64.b64decode("".join(text.split("-----")[2].split()))
    return der[-32:].hex()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("directory")
    arguments.add_argument("--public-key")
    arguments.add_argument("--anchor", help="the directory of the source's kept heads")
    arguments = arguments.parse_args()
    archive = Archive(arguments.directory)
    archive.chain()
    if arguments.public_key:
        archive.trust(public_key(arguments.public_key))
    archive.continuity()
    archive.tombstones()
    if arguments.anchor:
        archive.anchor(arguments.anchor)
    archive.sidecars()
    archive.segments()
    archive.pieces()
    for kind, name in sorted(archive.found):
        print(kind, name)
    sys.exit(1 if archive.found else 0)


if __name__ == "__main__":
    try:
        main()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
