"""Recorded requests, changed at random, over connections of its own: `changed.py ADDRESS RECORDED DATA COUNT SEED`.

RECORDED are the requests of schemathesis, DATA is a folder with `drugs.csv` and `targets.csv`, of which requests that can be answered are made. Ends
with 1 where an answer is a 5xx but the 503 of a busy server, or has a status that the document does not name for its address, or is no JSON
and says that it is. Prints what came back.
"""

import collections
import csv
import http.client
import json
import pickle
import random
import re
import socket
import sys
import time
from urllib.parse import urlsplit

JSON = "application/json"
TYPES = [JSON, "text/csv", "application/vnd.apache.arrow.stream", "text/plain", "application/json; charset=utf-16", "", "*/*", "a" * 300, ";;;"]
HEADERS = ["Idempotency-Key", "Prefer", "Content-Encoding", "Range", "Origin", "X" * 100, "Expect", "Host"]
VALUES = ["a", "respond-async", "gzip", "bytes=0-1", "\u00ff" * 20, "k" * 300, "", "100-continue", "evil.example", "a;b=,c"]
PIECES = ["/", "//", "..", "%00", "%ff", "?", "?offset=-1", "?limit=0", "?offset=99999999999999999999", "&x=", "%", "\u00e9", "{", "a" * 500, ";", "#"]
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "get", "X" * 30]
CELLS = [None, True, -1, 0, 1e308, 2**64, 1e-320, "", "\u0000", "A" * 5000, [], {}, [[[[[]]]]], {"": {"": None}}, "NaN", "CCO", "C" * 300, "c1ccccc1" * 30]
CELLS += ["[U+6]", "((((", "MKTAYIAKQRQISFVKSHFSRQ", "M" * 9000, "\u202eabc", "\n", "1e999", 3.5]
LETTERS = ["", "(", ")", "[", "]", "1", "%", "=", "#", "@", "\x00", "\u00e9", "C", "Cl", ",", '"', "\r\n", "\t", "X", "*", "."]
# What any address may answer, whatever the document says of it: what is sent need not be a request to it at all.
ANYWHERE = {"400", "403", "404", "405", "408", "413", "414", "415", "431"}
STRUCTURES, SEQUENCES = "smiles", "sequence"


def recorded(path):
    """Requests by operation and outcome, so that none crowds out the others."""
    groups = collections.defaultdict(list)
    with open(path, "rb") as file:
        while True:
            try:
                method, url, headers, body, status, operation = pickle.load(file)
            except EOFError:
                break
            body = body if isinstance(body, bytes) else (body or "").encode("utf-8", "surrogatepass")
            groups[method, operation, status].append((method, url, headers, body))
    refused = [group for key, group in groups.items() if key[2] in (404, 405)]
    return 4 * [group for key, group in groups.items() if key[2] not in (404, 405)] + refused[:6]


def answerable(folder, choice):
    """Requests that the model can answer, by their form."""
    drugs = [row[STRUCTURES] for row in csv.DictReader(open(f"{folder}/drugs.csv"))]
    targets = [row[SEQUENCES] for row in csv.DictReader(open(f"{folder}/targets.csv"))]
    groups = [[] for _ in range(5)]
    for _ in range(100):
        pairs = [{"id": str(at), "smiles": choice(drugs), "sequence": choice(targets)} for at in range(choice(range(1, 5)))]
        pairs[0]["drug_side"] = choice([{}, {"texts": ["An inhibitor."]}, {"assays": {"AID1": 1.0}}, {"signatures": [{"EGFR": -0.7}]}])
        compounds, proteins = [{"smiles": pair["smiles"]} for pair in pairs], [{"sequence": pair["sequence"]} for pair in pairs[:2]]
        files = {
            "compounds": {"name": choice(["a.smi", "a.csv"]), "text": "smiles\n" + "\n".join(pair["smiles"] for pair in pairs)},
            "targets": {"name": "b.fasta", "text": "".join(f">{pair['id']}\n{pair['sequence']}\n" for pair in pairs)},
        }
        table = "smiles,sequence\n" + "\n".join(f"{pair['smiles']},{pair['sequence']}" for pair in pairs)
        asked = [("predict", {"pairs": pairs}), ("explain", {"pairs": pairs[:1]}), ("predict", files)]
        asked.append(("screen", {"compounds": compounds, "targets": proteins, "top": 2}))
        for group, (what, body) in zip(groups, asked):
            group.append(("POST", f"/v1/{what}", {"Content-Type": JSON, "Accept": choice(TYPES[:3])}, json.dumps(body).encode()))
        groups[4].append(("POST", "/v1/predict", {"Content-Type": "text/csv", "Accept": choice(TYPES[:3])}, table.encode()))
    return 8 * groups


class Changes:
    """Random changes; the same seed makes the same requests of the same recording."""

    def __init__(self, groups, seed):
        self.groups, self.random, self.jobs = groups, random.Random(seed), []

    def request(self):
        method, url, headers, body = self.random.choice(self.random.choice(self.groups))
        kept = ("content-type", "accept", "idempotency-key", "prefer")
        headers = {name: value for name, value in headers.items() if name.lower() in kept}
        if self.jobs and url.startswith("/v1/jobs/"):
            url = re.sub("^/v1/jobs/[^/?]*", "/v1/jobs/" + self.random.choice(self.jobs), url)
        for _ in range(self.random.choice([0, 1, 1, 1, 2, 3])):
            how = self.random.randint(0, 9)
            if how <= 3:
                body = self.document(body)
            elif how <= 5:
                body = self.bytes(body)
            elif how == 6:
                headers[self.random.choice(["Content-Type", "Accept"])] = self.random.choice(TYPES)
            elif how == 7:
                headers[self.random.choice(HEADERS)] = self.random.choice(VALUES)
            elif how == 8:
                at = self.random.randint(1, len(url))
                url = url[:at] + self.random.choice(PIECES) + url[at + self.random.randint(0, 3) :]
            elif self.random.random() < 0.2:
                method = self.random.choice(METHODS)
        return method, url.replace(" ", "%20"), headers, body

    def document(self, body):
        """JSON with values that are others, gone, repeated, renamed or nested; bytes where it is none."""
        try:
            value = json.loads(body)
        except ValueError:
            return self.bytes(body)
        # Long repetitions inside of each other would make gigabytes.
        repetitions = [1, 3, 40]
        for _ in range(self.random.randint(1, 4)):
            path = self.random.choice(list(places(value)))
            if not path:
                continue
            inside = value
            for key in path[:-1]:
                inside = inside[key]
            key, how = path[-1], self.random.randint(0, 4)
            if how == 0:
                inside[key] = self.random.choice(CELLS)
            elif how == 1:
                del inside[key]
            elif how == 2 and isinstance(inside, list):
                inside.extend([inside[key]] * self.random.choice(repetitions))
                repetitions = [1]
            elif how == 2:
                inside[str(key) + self.random.choice(["x", " ", "\u0301"])] = inside[key]
            elif how == 3 and isinstance(inside[key], str):
                inside[key] = self.text(inside[key])
            else:
                inside[key] = [inside[key]]
        return json.dumps(value, ensure_ascii=self.random.random() < 0.5).encode("utf-8", "surrogatepass")

    def text(self, text):
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randint(0, len(text))
            text = text[:at] + self.random.choice(LETTERS) + text[at + self.random.randint(0, 3) :]
        return text

    def bytes(self, body):
        for _ in range(self.random.randint(1, 6)):
            at, end = self.random.randint(0, len(body)), self.random.randint(1, 16)
            new = self.random.choice([b"", self.random.randbytes(end), body[max(0, at - 100) : at]])
            body = body[:at] + new + body[at + self.random.choice([0, 1, end]) :]
        return body[: self.random.randint(0, len(body))] if self.random.random() < 0.2 else body


def places(value, path=()):
    """The paths of everything inside a JSON value."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value[:20]) if isinstance(value, list) else ()
    for key, own in inside:
        yield from places(own, (*path, key))


class Connection:
    """Sends what no client library would."""

    def __init__(self, address):
        self.place = urlsplit(address)
        self.socket = None

    def ask(self, method, url, headers, body):
        if self.socket is None:
            self.socket = socket.create_connection((self.place.hostname, self.place.port), timeout=90)
        head = {"Host": self.place.netloc, **headers, "Content-Length": len(body)}
        lines = [f"{method} {url} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        try:
            self.socket.sendall("\r\n".join(lines).encode("latin-1", "replace") + body)
            answer = http.client.HTTPResponse(self.socket, method=method)
            answer.begin()
            text = answer.read()
            closed = answer.will_close or method not in ("GET", "POST", "DELETE", "PUT")
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return f"closed: {type(error).__name__}", "", b""
        if closed:
            self.close()
        return str(answer.status), answer.getheader("content-type") or "", text

    def close(self):
        self.socket.close()
        self.socket = None


def fault(asked, answer, named):
    """What is wrong with an answer."""
    (method, url, _, _), (status, kind, text) = asked, answer
    if status.startswith("5") and status != "503":
        return "a server error"
    path = re.split("[?#]", url)[0]
    statuses = [known for (own, pattern), known in named.items() if own == method and pattern.fullmatch(path)]
    if statuses and status[0].isdigit() and not any(status in known for known in statuses) and status not in ANYWHERE:
        return "a status that the document does not name"
    if kind.startswith(JSON) and method != "HEAD":
        try:
            json.loads(text)
        except ValueError:
            return "no JSON"
    return None


def main():
    address, recording, data, count, seed = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
    changes = Changes([], seed)
    changes.groups = recorded(recording) + answerable(data, changes.random.choice)
    connection, statuses, faults, times = Connection(address), collections.Counter(), [], []
    document = json.loads(connection.ask("GET", "/openapi.json", {}, b"")[2])
    named = {}
    for path, item in document["paths"].items():
        for method in item.keys() & {"get", "post", "delete"}:
            named[method.upper(), re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))] = set(item[method]["responses"])
    for _ in range(count):
        asked = changes.request()
        began = time.perf_counter()
        answer = connection.ask(*asked)
        times.append(time.perf_counter() - began)
        statuses[answer[0]] += 1
        if answer[0] == "202" and b'"id":' in answer[2]:
            changes.jobs = [*changes.jobs[-30:], json.loads(answer[2])["id"]]
        if wrong := fault(asked, answer, named):
            faults.append((wrong, answer[0], *asked, answer[2]))
    times.sort()
    print(f"{count} changed requests: {dict(statuses.most_common())}")
    print(f"half of them within {1e3 * times[count // 2]:.1f} ms, 99 % within {1e3 * times[count * 99 // 100]:.1f} ms, all within {times[-1]:.1f} s")
    for found in faults[:10]:
        print("defect:", *(repr(part)[:400] for part in found), file=sys.stderr)
    sys.exit(bool(faults))


main()
