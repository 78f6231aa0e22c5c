"""Sends one long list of requests to two push gateways, in one order, and says where their answers differ.

    python3 pushgateway.py http://127.0.0.1:9091 http://127.0.0.1:19091 [--admin]

The first is ours, the second the original. Compared are status, the headers that clients act upon, and bodies: refusals word by word, the
exposition and the API's documents without times. `--admin` says that both serve the admin API. Closes with `N passed, N failed`;
exit status 1 when anything failed. Requirements: Python 3.9; no packages.
"""
import argparse
import gzip
import http.client
import json
import re
import struct
import sys
import urllib.parse

TEXT = {"Content-Type": "text/plain; version=0.0.4"}
PROTOBUF = {"Content-Type": "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"}
COUNTER, GAUGE, SUMMARY, UNTYPED, HISTOGRAM = range(5)


# Protobuf and snappy frames by hand, so that nothing under test is trusted.

def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def message(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def text(field, value):
    return message(field, value.encode())


def double(field, value):
    return varint(field << 3 | 1) + struct.pack("<d", value)


def number(field, value):
    return varint(field << 3) + varint(value)


def label(name, value):
    return message(1, text(1, name) + text(2, value))


def family(name, kind, *metrics, help=None):
    body = text(1, name) + (text(2, help) if help else b"") + number(3, kind) + b"".join(message(4, metric) for metric in metrics)
    return varint(len(body)) + body


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x82F63B78 if crc & 1 else crc >> 1
    return crc ^ 0xFFFFFFFF


def snappy_frames(data, checksum=None):
    crc = crc32c(data) if checksum is None else checksum
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    block = varint(len(data)) + bytes([(len(data) - 1) << 2]) + data  # one literal of at most 60 bytes
    def chunk(kind, body):
        return bytes([kind]) + struct.pack("<I", len(body))[:3] + body
    return chunk(0xFF, b"sNaPpY") + chunk(0x00, struct.pack("<I", masked) + block) + chunk(0xFE, b"\0\0\0") + chunk(0x01, struct.pack("<I", masked) + data)


HISTOGRAM_TEXT = b"""# HELP latency_seconds How long it took.
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 3
latency_seconds_bucket{le="1"} 5
latency_seconds_bucket{le="+Inf"} 6
latency_seconds_sum 4.25
latency_seconds_count 6
latency_seconds_bucket{path="/a",le="0.5"} 1
latency_seconds_bucket{path="/a",le="+Inf"} 1
latency_seconds_sum{path="/a"} 0.2
latency_seconds_count{path="/a"} 1
"""
SUMMARY_TEXT = b"""# TYPE size_bytes summary
size_bytes{quantile="0.5"} 10
size_bytes{quantile="0.99"} NaN
size_bytes_sum 1e7
size_bytes_count 12
"""

# What both must make of it, group by group of claims: (method, path, body, headers).
PATHS = [
    ("POST", "/metrics/job/some_job/instance/some_instance", b"some_metric 3.14\n", {}),
    ("PUT", "/metrics/job/j", b"some_metric 3.14\n", TEXT),
    ("POST", "/metrics/job/j", b"other_metric 1\n", TEXT),
    ("PUT", "/metrics/job/j", b"third_metric 1\n", TEXT),
    ("PUT", "/metrics/job/j/", b"third_metric 2\n", {}),
    ("DELETE", "/metrics/job/j", b"", {}),
    ("DELETE", "/metrics/job/never_there", b"", {}),
    ("DELETE", "/metrics/job/j/a", b"", {}),
    ("DELETE", "/metrics/job@base64/=", b"", {}),
    ("PUT", "/metrics/job/slashes/path@base64/L3Zhci90bXA", b"a 1\n", {}),
    ("PUT", "/metrics/job/slashes/path@base64/L3Zhci90bXA=", b"a 2\n", {}),
    ("PUT", "/metrics/job/empty/x@base64/=", b"a 2\n", {}),
    ("PUT", "/metrics/job/empty/x/", b"a 3\n", {}),
    ("PUT", "/metrics/job@base64/8J-Qsw/b/c", b"whale 1\n", {}),
    ("PUT", "/metrics/job@base64/YS9i", b"a 1\n", {}),
    ("PUT", "/metrics/job/a%20b%C3%A9/x/%22%5C", b"a 1\n", {}),
    ("PUT", "/metrics/job/a%2Fb", b"a 1\n", {}),
    ("PUT", "/metrics/job/plus+sign", b"a 1\n", {}),
    ("PUT", "/metrics/job/twice/x/1/x/2", b"a 1\n", {}),
    ("PUT", "/metrics/job/over/job/ridden", b"a 1\n", {}),
    ("PUT", "/metrics/job/with_query?x=1", b"a 1\n", {}),
    ("PUT", "//metrics/job/j", b"a 1\n", {}),
    ("PUT", "/metrics//job/a%20b?x=1", b"a 1\n", {}),
    ("PUT", "/metrics/job//instance/x", b"a 1\n", {}),
    ("PUT", "/metrics/job/a/x/../y", b"a 1\n", {}),
    ("DELETE", "/metrics/job/a/./y", b"", {}),
    ("PUT", "/metrics/job/", b"a 1\n", {}),
    ("PUT", "/metrics/job", b"a 1\n", {}),
    ("PUT", "/metrics/job@base64/", b"a 1\n", {}),
    ("GET", "/metrics/", b"", {}),
    ("PUT", "/metrics/job/a/b", b"a 1\n", {}),
    ("PUT", "/metrics/job/a/b/c/", b"a 1\n", {}),
    ("PUT", "/metrics/job/a/1x/y", b"a 1\n", {}),
    ("PUT", "/metrics/job/a/__x/y", b"a 1\n", {}),
    ("PUT", "/metrics/job/a/x-y@base64/eQ", b"a 1\n", {}),
    ("PUT", "/metrics/job/a/x@base64/!!", b"a 1\n", {}),
    ("PUT", "/metrics/job/a/x@base64/abcde", b"a 1\n", {}),
    ("PUT", "/metrics/job/a/x@base64/ab=c", b"a 1\n", {}),
    ("PUT", "/metrics/job@base64/a", b"a 1\n", {}),
    ("PUT", "/metrics/job@base64/YS9iYS9i!", b"a 1\n", {}),
    ("PUT", "/metrics/job@base64/%2B", b"a 1\n", {}),
    ("PUT", "/metrics/jobs/a", b"a 1\n", {}),
]
METHODS = [
    ("GET", "/metrics/job/a", b"", {}), ("PATCH", "/metrics/job/a", b"a 1\n", {}), ("OPTIONS", "/metrics/job/a", b"", {}), ("POST", "/metrics", b"a 1\n", {}),
    ("GET", "/no/such/path", b"", {}), ("GET", "/-/healthy", b"", {}), ("GET", "/-/ready", b"", {}), ("POST", "/-/healthy", b"", {}),
    ("GET", "/-/quit", b"", {}), ("PUT", "/-/quit", b"", {}), ("POST", "/-/quit", b"", {}), ("OPTIONS", "/api/v1/status", b"", {}), ("OPTIONS", "/api/v1/metrics", b"", {}),
    ("POST", "/api/v1/metrics", b"", {}), ("GET", "/api/v1/no", b"", {}), ("POST", "/api/v1/admin/wipe", b"", {}),
]
BODIES = [
    ("PUT", "/metrics/job/h", HISTOGRAM_TEXT, {}), ("PUT", "/metrics/job/s", SUMMARY_TEXT, {}), ("PUT", "/metrics/job/void", b"", {}), ("POST", "/metrics/job/blank", b"\n\n  \n", {}),
    ("PUT", "/metrics/job/t", b"# HELP c he\\nlp \\\\ it\n# TYPE c counter\nc{z=\"1\",a=\"2\"} 1000000\nc{z=\"q\\\"\\\\\\n\"} 0.00001\nc{z=\"\"} 123456789\n", {}),
    ("PUT", "/metrics/job/n", b"n1 NaN\nn2 +Inf\nn3 -Inf\nn4 1e300\nn5 -0.5\nn6 0\nn7 -0\nn8 12345678901234567890\n", {}),
    ("PUT", "/metrics/job/own", b"a{job=\"mine\",instance=\"here\"} 1\n", {}), ("PUT", "/metrics/job/e", b"{\"e1\"} 1\n{\"e2\",x=\"y\"} 1\n", {}),
    ("PUT", "/metrics/job/e", b"a\t\t2\n# EOF\n#\n# any comment\n", {}), ("PUT", "/metrics/job/e", b"a {b=\"1\",} 3\na{b=\"2\"}4\n", {}),
] + [("PUT", "/metrics/job/refused", body, {}) for body in [
    b"a", b"a 1", b"a{ 1\n", b"a{b} 1\n", b"a{b=c} 1\n", b"a{b=\"c} 1\n", b"a{b=\"c\"} x\n", b"a{b=\"c\"x} 1\n", b"a{b=\"\\x\"} 1\n", b"1a 1\n", b"# TYPE a foo\na 1\n",
    b"# TYPE a gauge\n# TYPE a gauge\n", b"a 1\n# TYPE a gauge\n", b"# HELP a x\n# HELP a y\n", b"a{b=\"1\",b=\"2\"} 1\n", b"{\"a.b\"} 1\n", b"a{\"b.c\"=\"1\"} 1\n", b"a 1 x\n", b"a 1 1 x\n",
    b"a{__name__=\"x\"} 1\n", b"a 0x1p-2\n", b"a 1_0\n", b"a 2\r\n", b"a{,} 3\n", b"# TYPE h histogram\nh_bucket{le=\"x\"} 1\n", b"# TYPE h histogram\nh_bucket{le=\"1\"} -1\n",
    b"# TYPE h histogram\nh_count -1\n", b"# TYPE s summary\ns{quantile=\"x\"} 1\n", b"\x00\x01\x02",
]] + [
    # Refused, and said to have been: the group gets its time of failure.
    ("PUT", "/metrics/job/stamped", b"a 1 5\n", {}), ("POST", "/metrics/job/inconsistent", b"# TYPE c gauge\nc 1\n", {}), ("POST", "/metrics/job/inconsistent", b"size_bytes_sum 1\n", {}),
    ("POST", "/metrics/job/inconsistent", b"latency_seconds_bucket 1\n", {}), ("POST", "/metrics/job/inconsistent", b"a_count 1\n", {}),
    ("POST", "/metrics/job/inconsistent", b"# TYPE a_total histogram\na_total_count 1\n", {}),
    ("POST", "/metrics/job/inconsistent", b"twice 1\ntwice 1\n", {}), ("POST", "/metrics/job/inconsistent", b"a{__x=\"x\"} 1\n", {}),
    ("POST", "/metrics/job/inconsistent/quantile/5", b"# TYPE x2 summary\nx2{quantile=\"0.5\"} 1\n", {}),
    ("POST", "/metrics/job/inconsistent", b"pushgateway_http_requests_total 1\n", {}), ("POST", "/metrics/job/inconsistent", b"push_time_seconds 5\n", {}),
    ("POST", "/metrics/job/other/instance/i", b"dup 1\n", {}), ("POST", "/metrics/job/other", b"dup{instance=\"j\"} 1\n", {}), ("POST", "/metrics/job/third", b"dup{job=\"other\"} 1\n", {}),
    ("POST", "/metrics/job/other", b"dup{instance=\"i\"} 1\n", {}),
    ("PUT", "/metrics/job/p", family("pb_gauge", GAUGE, label("b", "1") + label("a", "2") + message(2, double(1, 2.5)), help="Protobuf."), PROTOBUF),
    ("POST", "/metrics/job/p", family("pb_counter", COUNTER, message(3, double(1, 7))) + family("pb_untyped", UNTYPED, message(5, double(1, -1))), PROTOBUF),
    ("POST", "/metrics/job/p", family("pb_summary", SUMMARY, message(4, number(1, 4) + double(2, 1.5) + message(3, double(1, 0.5) + double(2, 0.25)))), PROTOBUF),
    ("POST", "/metrics/job/p", family("pb_histogram", HISTOGRAM, message(7, number(1, 3) + double(2, 1.5) + message(3, number(1, 2) + double(2, 1.0)))), PROTOBUF),
    ("POST", "/metrics/job/p", family("pb_wrong", COUNTER, message(2, double(1, 2.5))), PROTOBUF), ("POST", "/metrics/job/p", b"\x05abc", PROTOBUF),
    ("POST", "/metrics/job/p", b"\x03\x0a\xff\xff", PROTOBUF), ("POST", "/metrics/job/p", b"", PROTOBUF), ("POST", "/metrics/job/p", b"a 1\n", PROTOBUF),
    ("PUT", "/metrics/job/z", gzip.compress(b"zipped 1\n"), {"Content-Encoding": "gzip"}),
    ("POST", "/metrics/job/z", snappy_frames(b"snapped 1\n"), {"Content-Encoding": "snappy"}),
    ("POST", "/metrics/job/z", snappy_frames(b"snapped 1\n", checksum=1), {"Content-Encoding": "snappy"}), ("POST", "/metrics/job/z", b"snapped 1\n", {"Content-Encoding": "snappy"}),
    ("POST", "/metrics/job/z", b"plain 1\n", {"Content-Encoding": "utf-8"}),
]
# Where the words are each program's own, only the status counts and that there are words.
NOT_GZIP = ("PUT", "/metrics/job/z", b"not gzip\n", {"Content-Encoding": "gzip"})
# What the original says of these hangs on the order in which it looks at its families, which is another each time.
ANY_ORDER = [b"# TYPE c gauge\nc 1\n", b"size_bytes_sum 1\n", b"latency_seconds_bucket 1\n", b"a_count 1\n", b"# TYPE a_total histogram\na_total_count 1\n",
             b"pushgateway_http_requests_total 1\n"]
OWN_WORDS = re.compile(r"not valid|malformed message|unexpected EOF|gzip:|snappy:|proto:|cannot parse")


def send(base, method, path, body, headers):
    url = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content.decode("utf-8", "replace")


def words(body):
    """A refusal without what Go's protobuf printer varies on purpose, its spaces."""
    return re.sub(r"\s+", " ", body).strip()


def methods(allow):
    """We serve HEAD beside every GET."""
    return None if allow is None else sorted(set(re.split(r",\s*", allow)) - {"HEAD"})


def compare(ours, theirs, any_order=False):
    problems = []
    if ours[0] != theirs[0]:
        return [f"status {ours[0]}, the original says {theirs[0]}: {ours[2].strip()!r} beside {theirs[2].strip()!r}"]
    if methods(ours[1].get("allow")) != methods(theirs[1].get("allow")):
        problems.append(f"allow: {ours[1].get('allow')!r}, the original says {theirs[1].get('allow')!r}")
    for name in ("location", "access-control-allow-origin", "access-control-allow-methods", "cache-control"):
        if ours[1].get(name) != theirs[1].get(name):
            problems.append(f"{name}: {ours[1].get(name)!r}, the original says {theirs[1].get(name)!r}")
    if ours[0] in (404, 405, 301, 307):
        if ours[0] in (404, 405) and not ours[2]:
            problems.append("no words")
        return problems
    if (ours[1].get("content-type") or "") != (theirs[1].get("content-type") or ""):
        problems.append(f"content-type: {ours[1].get('content-type')!r}, the original says {theirs[1].get('content-type')!r}")
    if OWN_WORDS.search(ours[2]) or OWN_WORDS.search(theirs[2]):
        if bool(ours[2]) != bool(theirs[2]):
            problems.append(f"{ours[2]!r} beside {theirs[2]!r}")
    elif any_order:
        if ours[2].split(":")[0] != theirs[2].split(":")[0]:
            problems.append(f"{ours[2]!r} beside {theirs[2]!r}")
    elif words(ours[2]) != words(theirs[2]):
        problems.append(f"{words(ours[2])!r}, the original says {words(theirs[2])!r}")
    return problems


OWN_FAMILY = re.compile(r"^(# (HELP|TYPE) )?(go_|process_|promhttp_|pushgateway_)")


def exposition(body):
    """The pushed part, line by line in its order, times as whether they are there."""
    lines = []
    for line in body.splitlines():
        if not OWN_FAMILY.match(line):
            lines.append(re.sub(r"^(push(?:_failure)?_time_seconds\{.*\}) [1-9].*", r"\1 T", line))
    return lines


def document(body):
    """`/api/v1/metrics`, its groups in an order and its times as whether they are there."""
    groups = json.loads(body)["data"]
    for group in groups:
        for name, entry in group.items():
            if isinstance(entry, dict) and "time_stamp" in entry:
                entry["time_stamp"] = bool(re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d", entry["time_stamp"]))
                if name in ("push_time_seconds", "push_failure_time_seconds"):
                    entry["metrics"][0]["value"] = float(entry["metrics"][0]["value"]) > 0
    return sorted(groups, key=lambda group: json.dumps(group["labels"], sort_keys=True))


class Comparison:
    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs
        self.passed = self.failed = 0

    def claim(self, name, problems):
        if problems:
            self.failed += 1
            print(f"not ok  {name}: {'; '.join(problems)}", flush=True)
        else:
            self.passed += 1

    def request(self, method, path, body, headers):
        shown = f"{method} {path}" + (f" {body[:60]!r}" if body else "") + (f" {headers.get('Content-Encoding')}" if "Content-Encoding" in headers else "")
        self.claim(shown, compare(send(self.ours, method, path, body, headers), send(self.theirs, method, path, body, headers), body in ANY_ORDER))

    def state(self, when):
        """What is exposed now, and what the API tells of it."""
        ours, theirs = (send(base, "GET", "/metrics", b"", {}) for base in (self.ours, self.theirs))
        problems = [] if ours[1]["content-type"] == theirs[1]["content-type"] else [f"{ours[1]['content-type']} beside {theirs[1]['content-type']}"]
        mine, original = exposition(ours[2]), exposition(theirs[2])
        problems += [f"only ours: {line}" for line in mine if line not in original][:5] + [f"only the original's: {line}" for line in original if line not in mine][:5]
        self.claim(f"the exposition {when}", problems or ([] if mine == original else ["another order"]))
        ours, theirs = (document(send(base, "GET", "/api/v1/metrics", b"", {})[2]) for base in (self.ours, self.theirs))
        differing = [f"{mine} beside {original}" for mine, original in zip(ours, theirs) if mine != original][:2]
        self.claim(f"/api/v1/metrics {when}", differing or ([] if len(ours) == len(theirs) else [f"{len(ours)} groups beside {len(theirs)}"]))

    def own_names(self):
        """What the original says of itself, and people alert on."""
        def names(base):
            return {line.split(" ")[2]: line.split(" ")[3] for line in send(base, "GET", "/metrics", b"", {})[2].splitlines() if line.startswith("# TYPE pushgateway_")}
        self.claim("the gateway's own metrics", [] if names(self.ours) == names(self.theirs) else [f"{names(self.ours)} beside {names(self.theirs)}"])
        def counts(base):
            return sorted(line for line in send(base, "GET", "/metrics", b"", {})[2].splitlines() if re.match(r"pushgateway_http_requests_total\{.*handler=\"(push|delete|wipe)\"", line))
        self.claim("requests are counted alike", [f"{a} beside {b}" for a, b in zip(counts(self.ours), counts(self.theirs)) if a != b])

    def status(self):
        def shape(base):
            data = json.loads(send(base, "GET", "/api/v1/status", b"", {})[2])["data"]
            return sorted(data), sorted(data["build_information"]), data["flags"]["web.enable-admin-api"], data["flags"]["push.disable-consistency-check"]
        self.claim("/api/v1/status", [] if shape(self.ours) == shape(self.theirs) else [f"{shape(self.ours)} beside {shape(self.theirs)}"])

    def run(self, admin):
        for requests, when in ((PATHS, "after the paths"), (METHODS, "after the methods"), (BODIES, "after the bodies")):
            for request in requests:
                self.request(*request)
            self.state(when)
        self.own_names()
        # Not counted by the original, which decompresses before it counts.
        self.request(*NOT_GZIP)
        self.status()
        self.request("PUT", "/api/v1/admin/wipe", b"", {})
        self.state("after wiping" if admin else "after wiping was refused")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ours")
    parser.add_argument("theirs")
    parser.add_argument("--admin", action="store_true")
    arguments = parser.parse_args()
    comparison = Comparison(arguments.ours, arguments.theirs)
    comparison.run(arguments.admin)
    print(f"{comparison.passed} passed, {comparison.failed} failed")
    return 1 if comparison.failed else 0


if __name__ == "__main__":
    sys.exit(main())
