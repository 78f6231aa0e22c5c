#!/usr/bin/env python3
"""Runs obstack and its peers side by side, one after the other on a quiet machine, and prints tables of ratios.

  bench/run.py [--only start|write|query|growth|query-growth|history|query-history] [--instances 200] [--scrapes 240] [--runs 5] [--workloads DIR] [--sizes …] [--days 30]

start    time to ready and idle memory: the whole of obstack beside Prometheus + Pushgateway + Alertmanager together
write    remote write: samples a processor-second, peak memory, bytes a sample on disk
query    the query set: medians, geometric mean of ratios, results compared with Prometheus; alone, the workload is sent over one connection
growth   the same load of ever more series: cost, memory, bytes written and kept, and the restart after a kill; not run unless asked for
query-growth  three queries over ever more series, and over ever more steps; not run unless asked for
history  opening a directory with blocks of --days days; not run unless asked for
query-history  the query set over blocks of --days days, a sample a minute, a step every five; not run unless asked for

Needs a release build, the peers (scripts/get-peers.sh) and the workloads of the folder given by --workloads.
"""
import argparse, glob, json, math, os, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.parse, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PEERS = os.environ.get("PEERS", os.path.expanduser("~/.cache/observability-peers")) + "/usr/bin/"
SYSTEM_SHARE = "/usr/share"


def python_with_snappy():
    """A Python with what the workloads compress with, in an environment of its own below .build."""
    folder = os.path.join(ROOT, ".build/bench")
    python = os.path.join(folder, "bin/python")
    if subprocess.run([python, "-c", "import cramjam"], stderr=subprocess.DEVNULL).returncode if os.access(python, os.X_OK) else True:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", os.path.join(ROOT, "bench/requirements.txt")], check=True)
    return python


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def memory_mib(pid, key):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024


def folder_bytes(path):
    return sum(os.path.getsize(f) for f in glob.glob(path + "/**", recursive=True) if os.path.isfile(f))


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def written_bytes(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/io") if line.startswith("write_bytes"))


class Server:
    """One program under measurement: started on a folder of its own, ready when its ready URL answers 200."""

    def __init__(self, name, arguments, ready, data, write_path):
        self.name, self.data, self.write_path, self.arguments, self.ready = name, data, write_path, arguments, ready
        self.url = ready.rsplit("/-/", 1)[0].rsplit("/health", 1)[0]
        self.start()

    def start(self):
        name, ready = self.name, self.ready
        begun = time.perf_counter()
        self.log = open(os.path.join(self.data, name + ".log"), "a")
        self.process = subprocess.Popen(self.arguments, stdout=self.log, stderr=subprocess.STDOUT)
        while True:
            try:
                if urllib.request.urlopen(ready, timeout=1).status == 200:
                    break
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(f"{name} ended with {self.process.returncode}: {open(self.log.name).read()[-2000:]}")
                time.sleep(0.002)
        self.ready_s = time.perf_counter() - begun

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        self.log.close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def instant(self, query, at, timeout=300):
        """The answer to a query, and how many seconds it took."""
        begun = time.perf_counter()
        url = f"{self.url}/api/v1/query?" + urllib.parse.urlencode({"query": query, "time": at})
        answer = json.load(urllib.request.urlopen(url, timeout=timeout))["data"]["result"]
        return answer, time.perf_counter() - begun


def obstack(data, configuration="", arguments=()):
    config = os.path.join(data, "config")
    os.makedirs(config, exist_ok=True)
    if configuration:
        open(os.path.join(config, "prometheus.yml"), "w").write(configuration)
    port = free_port()
    command = [os.environ.get("OBSTACK", os.path.join(ROOT, ".build/release/obstack")), "serve", "--config", config, "--data", os.path.join(data, "data"), "--prometheus-port", str(port)]
    command += arguments
    for door in ("pushgateway", "otlp-grpc", "otlp-http", "jaeger", "grafana", "collector-metrics", "health"):
        command += [f"--{door}-port", "0"]
    return Server("obstack", command, f"http://127.0.0.1:{port}/-/ready", data, "/api/v1/write")


def prometheus(data, arguments=()):
    open(os.path.join(data, "prometheus.yml"), "w").write("global: {scrape_interval: 1h}\n")
    port = free_port()
    return Server("prometheus", [PEERS + "prometheus", f"--config.file={data}/prometheus.yml", f"--storage.tsdb.path={data}/data", f"--web.listen-address=127.0.0.1:{port}",
                                 "--web.enable-remote-write-receiver", *arguments], f"http://127.0.0.1:{port}/-/ready", data, "/api/v1/write")


def victoria_metrics(data):
    port = free_port()
    return Server("victoriametrics", [PEERS + "victoria-metrics", f"-storageDataPath={data}/data", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=10y", "-search.latencyOffset=0s"],
                  f"http://127.0.0.1:{port}/health", data, "/api/v1/write")


def pushgateway(data):
    port = free_port()
    return Server("pushgateway", [PEERS + "prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}"], f"http://127.0.0.1:{port}/-/ready", data, "")


def alertmanager(data):
    port = free_port()
    open(os.path.join(data, "alertmanager.yml"), "w").write("route: {receiver: none}\nreceivers: [{name: none}]\n")
    arguments = [PEERS + "prometheus-alertmanager", f"--config.file={data}/alertmanager.yml", f"--storage.path={data}/data", "--cluster.listen-address=",
                 f"--web.listen-address=127.0.0.1:{port}"]
    # Debian's build reads its templates from one absolute place; where the package is only unpacked, the place is lent to it.
    share = os.path.normpath(PEERS + "../share")
    if not os.path.exists(SYSTEM_SHARE + "/prometheus/alertmanager/default.tmpl"):
        mount = f"mount -t overlay overlay -o lowerdir={share}:{SYSTEM_SHARE} {SYSTEM_SHARE} && exec \"$@\""
        arguments = ["unshare", "--mount", "sh", "-c", mount, "sh"] + arguments
    return Server("alertmanager", arguments, f"http://127.0.0.1:{port}/-/ready", data, "")


def measure_start():
    print("\n## Start and idle\n\n| what | ready ms | VmRSS MiB after 10 s |\n|---|---|---|")
    totals = []
    for makers in ([obstack], [prometheus, pushgateway, alertmanager]):
        folder = tempfile.mkdtemp()
        servers = [maker(tempfile.mkdtemp(dir=folder)) for maker in makers]
        time.sleep(10)
        ready = sum(s.ready_s for s in servers) * 1000
        resident = sum(memory_mib(s.process.pid, "VmRSS") for s in servers)
        print(f"| {' + '.join(s.name for s in servers)} | {ready:.0f} | {resident:.0f} |")
        totals.append((ready, resident))
        for s in servers:
            s.stop()
        shutil.rmtree(folder)
    print(f"| ratio | {totals[1][0] / totals[0][0]:.2f} | {totals[1][1] / totals[0][1]:.2f} |")


QUERY_GROWTH = [("raw", "process_gauge_3"), ("rate", "rate(http_requests_total[5m])"), ("sum", "sum by (job) (rate(http_requests_total[5m]))")]
QUERY_GROWTH_STEPS = [1, 10, 100, 1000, 10000]


def range_ms(server, query, start, end, steps, runs):
    """The median of a range query of so many steps, in milliseconds."""
    step, times = (end - start) / steps, []
    for run in range(runs + 1):
        # A moment's shift, so that nothing is answered out of a cache.
        form = {"query": query, "start": f"{start + run * 0.007:.3f}", "end": f"{end + run * 0.007 - step / 2:.3f}", "step": f"{step:.3f}", "nocache": 1}
        begun = time.perf_counter()
        urllib.request.urlopen(server.url + "/api/v1/query_range", data=urllib.parse.urlencode(form).encode(), timeout=300).read()
        times.append((time.perf_counter() - begun) * 1000)
    return sorted(times[1:])[runs // 2]


def measure_query_growth(a):
    """Queries over an hour of ever more series at a step every 15 seconds, then over ever more steps of the middle number of series."""
    python, rows = python_with_snappy(), []
    sizes = [-(-int(size) // 155) for size in a.sizes.split(",")]
    print("\n## Queries as series and steps grow, ms\n\n| query | series loaded | steps | " + " | ".join(COLOURS) + " |\n|---|---|---|---|---|---|", flush=True)
    for place, instances in enumerate(sizes):
        folder = tempfile.mkdtemp()
        workload = os.path.join(folder, "workload")
        about = generate(a, python, workload, instances, a.scrapes)
        servers = [maker(tempfile.mkdtemp(dir=folder)) for maker in (lambda d: obstack(d, QUIET), prometheus, victoria_metrics)]
        for server in servers:
            replay(a, python, workload, server)
            if server.name == "victoriametrics":
                urllib.request.urlopen(server.url + "/internal/force_flush").read()
        start, end = about["start_ms"] / 1000 + 300, about["end_ms"] / 1000 - about["interval_s"]
        for steps in [240] + (QUERY_GROWTH_STEPS if place == len(sizes) // 2 else []):
            for name, query in QUERY_GROWTH:
                figures = {server.name: range_ms(server, query, start, end, steps, a.runs) for server in servers}
                rows.append({"query": name, "series": about["series"], "steps": steps, **figures})
                print(f"| {name} | {about['series']:,} | {steps:,} | " + " | ".join(f"{figures[server]:.1f}" for server in COLOURS) + " |", flush=True)
        for server in servers:
            server.kill()
        shutil.rmtree(folder)
    if a.plot:
        middle = rows[0]["series"] if len(sizes) == 1 else sorted({r["series"] for r in rows})[len(sizes) // 2]
        flat = [{"server": server, "series": r["series"], "steps": r["steps"], f"{r['query']}": r[server]} for r in rows for server in COLOURS]
        by_series = [("series", [r for r in flat if r["steps"] == 240 and name in r], name, f"{name}: ms by series loaded") for name, _ in QUERY_GROWTH]
        by_steps = [("steps", [r for r in flat if r["steps"] != 240 and name in r and r["series"] == middle], name, f"{name}: ms by steps") for name, _ in QUERY_GROWTH]
        open(a.plot, "w").write(growth_plot(by_series + by_steps))


QUIET = "global: {scrape_interval: 1h}\nscrape_configs: []\n"


def generate(a, python, workload, instances, scrapes, interval=15):
    """Writes the workload, and returns what it says of itself."""
    # A fixed hash seed makes the jitter of timestamps, and so the workload, the same in every run.
    subprocess.run([python, f"{a.workloads}/metrics_workload.py", "generate", "--out", workload, "--instances", str(instances), "--scrapes", str(scrapes), "--interval", str(interval)],
                   check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, PYTHONHASHSEED="1"))
    return json.load(open(workload + "/workload.json"))


def replay(a, python, workload, server, connections=4):
    """Sends the workload, and returns the generator's row of figures."""
    out = subprocess.run([python, f"{a.workloads}/metrics_workload.py", "replay", "--in", workload, "--url", server.url + server.write_path, "--pid", str(server.process.pid),
                          "--connections", str(connections)],
                         check=True, capture_output=True, text=True).stdout
    row = json.loads(out)
    if row["not_2xx"]:
        print(f"{server.name} refused: {row['not_2xx']}", file=sys.stderr)
    return row


def measure_workload(a):
    folder, python = tempfile.mkdtemp(), python_with_snappy()
    workload = os.path.join(folder, "workload")
    samples = generate(a, python, workload, a.instances, a.scrapes)["samples"]
    servers, rows = [], {}
    for maker in (lambda d: obstack(d, QUIET), prometheus, victoria_metrics):
        server = maker(tempfile.mkdtemp(dir=folder))
        servers.append(server)
        # Over one connection series are made in one order on every server, so that sums, and what `topk` makes of equal ones, are the same.
        rows[server.name] = replay(a, python, workload, server, connections=1 if a.only == "query" else 4)
    if a.only != "query":
        ours = rows["obstack"]
        print(f"\n## Remote write, {ours['series']} series × {a.scrapes} samples\n\n| server | samples a processor-second | wall s | peak MiB | bytes on disk a sample | ours is … × in samples/cpu s | memory beside ours |\n|---|---|---|---|---|---|---|")
        for server in servers:
            r = rows[server.name]
            print(f"| {server.name} | {r['samples_per_cpu_s']:,} | {r['wall_s']} | {r['memory_mib']['VmHWM']} | {folder_bytes(server.data + '/data') / samples:.2f} "
                  f"| {ours['samples_per_cpu_s'] / r['samples_per_cpu_s']:.1f} | {r['memory_mib']['VmHWM'] / ours['memory_mib']['VmHWM']:.1f} |")
    if a.only != "write":
        # VictoriaMetrics shows what it was sent some seconds later, unless it is asked to flush.
        for server in servers:
            if server.name == "victoriametrics":
                urllib.request.urlopen(server.url + "/internal/force_flush").read()
        print("\n## Queries\n\n```", flush=True)
        arguments = [python, f"{a.workloads}/query_workload.py", "--in", workload, "--runs", str(a.runs), "--check", "prometheus"]
        for server in servers:
            arguments += ["--server", f"{server.name}={server.url}"]
        subprocess.run(arguments)
        print("```")
        print("\nPeak memory after the queries, MiB: " + ", ".join(f"{s.name} {memory_mib(s.process.pid, 'VmHWM'):.0f}" for s in servers))
    for server in servers:
        server.stop()
    shutil.rmtree(folder)


# What the plots of growth show: a key of the rows, a title.
GROWTH_PLOTS = [("per_cpu_s", "samples a processor-second"), ("peak_per_series", "peak memory, KiB a series"), ("written_per_sample", "bytes written a sample"),
                ("restart_s", "seconds to ready after a kill")]
COLOURS = {"obstack": "#2f6fde", "prometheus": "#d9480f", "victoriametrics": "#5c940d"}


def measure_growth(a):
    """Four hours of samples of ever more series, so that a block is made of them; then a kill, and the restart."""
    python, rows = python_with_snappy(), []
    print(f"\n## Growth, {a.growth_scrapes} samples a series over four hours\n\n| series | server | samples a processor-second | processor-seconds a million samples, compaction included | peak MiB "
          "| bytes written a sample | bytes kept a sample | seconds to ready after a kill | peak MiB of the restart |\n|---|---|---|---|---|---|---|---|---|", flush=True)
    for instances in [-(-int(size) // 155) for size in a.sizes.split(",")]:
        folder = tempfile.mkdtemp()
        workload = os.path.join(folder, "workload")
        about = generate(a, python, workload, instances, a.growth_scrapes, 4 * 3600 // a.growth_scrapes)
        for maker in (lambda d: obstack(d, QUIET), prometheus, victoria_metrics):
            server = maker(tempfile.mkdtemp(dir=folder))
            # Several would drift apart by more than the hour that is still taken.
            row = replay(a, python, workload, server, connections=1)
            settle(server)
            pid = server.process.pid
            figures = {
                "series": about["series"], "server": server.name, "per_cpu_s": row["samples_per_cpu_s"], "cpu_per_million": processor_seconds(pid) / about["samples"] * 1e6,
                "peak": memory_mib(pid, "VmHWM"), "peak_per_series": memory_mib(pid, "VmHWM") * 1024 / about["series"],
                "written_per_sample": written_bytes(pid) / about["samples"], "kept_per_sample": folder_bytes(server.data + "/data") / about["samples"],
            }
            server.kill()
            server.start()
            count, _ = server.instant('count({__name__=~".+"})', about["end_ms"] / 1000 - about["interval_s"] + 10)
            if not count or int(float(count[0]["value"][1])) != about["series"]:
                print(f"{server.name} has {count} of {about['series']} series after its restart", file=sys.stderr)
            figures.update(restart_s=server.ready_s, restart_peak=memory_mib(server.process.pid, "VmHWM"))
            server.stop()
            shutil.rmtree(server.data)
            rows.append(figures)
            print("| {series:,} | {server} | {per_cpu_s:,} | {cpu_per_million:.2f} | {peak:.0f} | {written_per_sample:.1f} | {kept_per_sample:.2f} | {restart_s:.2f} | {restart_peak:.0f} |".format(**figures), flush=True)
        shutil.rmtree(folder)
    if a.plot:
        open(a.plot, "w").write(growth_plot([("series", rows, key, title) for key, title in GROWTH_PLOTS]))


def settle(server):
    """Waits until the server has made its block, or has flushed what it holds."""
    if server.name == "victoriametrics":
        urllib.request.urlopen(server.url + "/internal/force_flush").read()
    for _ in range(180):
        blocks = glob.glob(server.data + "/data/**/01*/meta.json", recursive=True)
        if server.name == "victoriametrics" and _ >= 20 or blocks and _ >= 10:
            return
        time.sleep(1)
    print(f"{server.name} made no block in three minutes", file=sys.stderr)


def short(number):
    return f"{number / 1000:,.0f}k" if number >= 1000 else f"{number:g}"


def growth_plot(plots):
    """One small plot each of: what stands below, rows, which of their figures, a title. Both axes are logarithmic."""
    width, height, margin = 330, 220, 44
    below = (len(plots) + 1) // 2 * height
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * width}" height="{below + 24}" font-family="sans-serif" font-size="11">',
           '<rect width="100%" height="100%" fill="#fff"/>']
    for number, (axis, rows, key, title) in enumerate(plots):
        left, top = (number % 2) * width, (number // 2) * height
        values, sizes = [r[key] for r in rows if r[key] > 0], sorted({r[axis] for r in rows})
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        high += low == high

        def x(size): return left + margin + (width - margin - 16) * (math.log10(size / sizes[0]) / max(math.log10(sizes[-1] / sizes[0]), 1e-9))
        def y(value): return top + height - 28 - (height - 56) * (math.log10(value) - low) / (high - low)
        out.append(f'<text x="{left + margin}" y="{top + 16}" font-weight="bold">{title}</text>')
        for power in range(low, high + 1):
            out.append(f'<path d="M{left + margin} {y(10 ** power):.1f}H{left + width - 16}" stroke="#ddd"/><text x="{left + margin - 4}" y="{y(10 ** power) + 4:.1f}" text-anchor="end">{10 ** power:g}</text>')
        for size in sizes:
            out.append(f'<text x="{x(size):.1f}" y="{top + height - 12}" text-anchor="middle">{short(size)}</text>')
        for name, colour in COLOURS.items():
            points = [(x(r[axis]), y(r[key])) for r in rows if r["server"] == name and r[key] > 0]
            out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>')
            out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{colour}"/>' for a, b in points]
    for number, (name, colour) in enumerate(COLOURS.items()):
        out.append(f'<rect x="{margin + number * 130}" y="{below + 6}" width="10" height="10" fill="{colour}"/><text x="{margin + 14 + number * 130}" y="{below + 15}">{name}</text>')
    return "\n".join(out + ["</svg>", ""])


def measure_history(a):
    """A directory with blocks of many days, opened by obstack and by Prometheus."""
    folder = tempfile.mkdtemp()
    text, end = os.path.join(folder, "history.txt"), int(time.time()) // 7200 * 7200
    begin = end - a.days * 86400
    with open(text, "w") as out:
        # Samples in the order of time, as they are from a real dump of a short range after the other.
        for at in range(begin, end, 7200):
            for name in ("http_requests_total", "queue_length"):
                for series in range(a.history_series // 2):
                    for step in range(0, 7200, 300):
                        out.write(f'{name}{{instance="host-{series}",job="history"}} {(at + step - begin) * (series % 7 + 1) // 60 if name[0] == "h" else (at + step + series) % 97} {at + step}\n')
        out.write("# EOF\n")
    original = os.path.join(folder, "original")
    binary = os.environ.get("OBSTACK", os.path.join(ROOT, ".build/release/obstack"))
    imported = time.perf_counter()
    subprocess.run([binary, "tsdb", "import", text, original], check=True, stdout=subprocess.DEVNULL)
    imported = time.perf_counter() - imported
    os.remove(text)
    blocks = len(glob.glob(original + "/01*"))
    print(f"\n## History: {a.days} days of {a.history_series} series, {blocks} blocks, {folder_bytes(original) / 2 ** 20:.0f} MiB (imported in {imported:.0f} s)\n\n"
          "| server | ms to ready | VmRSS MiB when ready | first query over all days, s | again, s | the answer |\n|---|---|---|---|---|---|")
    keep = ["--storage.tsdb.retention.time=10y"]
    for place, maker in (("/data/metrics", lambda d: obstack(d, QUIET, keep)), ("/data", lambda d: prometheus(d, keep))):
        data = tempfile.mkdtemp(dir=folder)
        shutil.copytree(original, data + place)
        server = maker(data)
        resident = memory_mib(server.process.pid, "VmRSS")
        query = f'sum by (job) (increase(http_requests_total[{a.days}d]))'
        first, first_s = server.instant(query, end)
        _, again_s = server.instant(query, end)
        print(f"| {server.name} | {server.ready_s * 1000:.0f} | {resident:.0f} | {first_s:.2f} | {again_s:.2f} | {first[0]['value'][1] if first else 'none'} |", flush=True)
        server.stop()
    shutil.rmtree(folder)


def measure_query_history(a):
    """The query set over blocks of many days. Prometheus reads a copy of the blocks that obstack made."""
    folder, python = tempfile.mkdtemp(), python_with_snappy()
    workload = a.workload or os.path.join(folder, "workload")
    if not os.path.exists(workload + "/workload.json"):
        generate(a, python, workload, max(1, round(a.history_series / 155)), a.days * 1440, interval=60)
    about = json.load(open(workload + "/workload.json"))
    # Steps are as far apart as the workload says that samples are: five minutes are what a graph of many days has.
    asked = os.path.join(folder, "asked")
    os.mkdir(asked)
    json.dump(dict(about, interval_s=300), open(asked + "/workload.json", "w"))
    keep = ["--storage.tsdb.retention.time=10y"]
    folders = {name: tempfile.mkdtemp(dir=folder) for name in COLOURS}
    ours = obstack(folders["obstack"], QUIET, keep)
    replay(a, python, workload, ours, connections=1)
    blocks, still = [], 0
    while still < 10:
        time.sleep(1)
        found = glob.glob(folders["obstack"] + "/data/metrics/01*/meta.json")
        still = still + 1 if found == blocks else 0
        blocks = found
    ours.stop()
    shutil.copytree(folders["obstack"] + "/data/metrics", folders["prometheus"] + "/data", ignore=shutil.ignore_patterns("lock"))
    ours.start()
    servers = [ours, prometheus(folders["prometheus"], keep), victoria_metrics(folders["victoriametrics"])]
    replay(a, python, workload, servers[2], connections=1)
    urllib.request.urlopen(servers[2].url + "/internal/force_flush").read()
    print(f"\n## Queries over {a.days} days: {about['series']:,} series, {about['samples']:,} samples, {len(blocks)} blocks, a step every 5 minutes\n\n```", flush=True)
    arguments = [python, f"{a.workloads}/query_workload.py", "--in", asked, "--runs", str(a.runs), "--check", "prometheus"]
    for server in servers:
        arguments += ["--server", f"{server.name}={server.url}"]
    subprocess.run(arguments)
    print("```\n\nPeak memory after the queries, MiB: " + ", ".join(f"{s.name} {memory_mib(s.process.pid, 'VmHWM'):.0f}" for s in servers))
    for server in servers:
        server.stop()
    shutil.rmtree(folder)


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", choices=["start", "write", "query", "growth", "query-growth", "history", "query-history"])
    p.add_argument("--instances", type=int, default=200)
    p.add_argument("--scrapes", type=int, default=240)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--workloads", default=os.path.join(ROOT, "../shared/bench"))
    p.add_argument("--sizes", default="10000,30000,100000,300000,1000000", help="of growth: numbers of series")
    p.add_argument("--growth-scrapes", type=int, default=30)
    p.add_argument("--plot", help="of growth: where to write the plot, as SVG")
    p.add_argument("--days", type=int, default=30)
    p.add_argument("--workload", help="of query-history: the workload's folder, made unless it is there")
    p.add_argument("--history-series", type=int, default=1000)
    a = p.parse_args()
    if a.only in (None, "start"):
        measure_start()
    if a.only == "history":
        measure_history(a)
    if a.only in (None, "write", "query", "growth", "query-growth", "query-history"):
        if not os.path.isdir(a.workloads):
            sys.exit(f"no workloads at {a.workloads}: name their folder with --workloads")
        {"growth": measure_growth, "query-growth": measure_query_growth, "query-history": measure_query_history}.get(a.only, measure_workload)(a)
