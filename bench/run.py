#!/usr/bin/env python3
"""Runs obstack and its peers side by side, one after the other on a quiet machine, and prints tables of ratios.

  bench/run.py [--only start|write|query] [--instances 200] [--scrapes 240] [--runs 5] [--workloads DIR]

start  time to ready and idle memory: the whole of obstack beside Prometheus + Pushgateway + Alertmanager together
write  remote write: samples a processor-second, peak memory, bytes a sample on disk
query  the query set: medians, geometric mean of ratios, results compared with Prometheus

Needs a release build, the peers (scripts/get-peers.sh) and the workloads of the folder given by --workloads.
"""
import argparse, glob, json, os, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.request

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


class Server:
    """One program under measurement: started on a folder of its own, ready when its ready URL answers 200."""

    def __init__(self, name, arguments, ready, data, write_path):
        self.name, self.data, self.write_path = name, data, write_path
        begun = time.perf_counter()
        self.log = open(os.path.join(data, name + ".log"), "w")
        self.process = subprocess.Popen(arguments, stdout=self.log, stderr=subprocess.STDOUT)
        while True:
            try:
                if urllib.request.urlopen(ready, timeout=1).status == 200:
                    break
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(f"{name} ended with {self.process.returncode}: {open(self.log.name).read()[-2000:]}")
                time.sleep(0.002)
        self.ready_s = time.perf_counter() - begun
        self.url = ready.rsplit("/-/", 1)[0].rsplit("/health", 1)[0]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


def obstack(data, configuration=""):
    config = os.path.join(data, "config")
    os.makedirs(config, exist_ok=True)
    if configuration:
        open(os.path.join(config, "prometheus.yml"), "w").write(configuration)
    port = free_port()
    arguments = [os.path.join(ROOT, ".build/release/obstack"), "serve", "--config", config, "--data", os.path.join(data, "data"), "--prometheus-port", str(port)]
    for door in ("pushgateway", "otlp-grpc", "otlp-http", "jaeger", "grafana", "collector-metrics", "health"):
        arguments += [f"--{door}-port", "0"]
    return Server("obstack", arguments, f"http://127.0.0.1:{port}/-/ready", data, "/api/v1/write")


def prometheus(data):
    open(os.path.join(data, "prometheus.yml"), "w").write("global: {scrape_interval: 1h}\n")
    port = free_port()
    return Server("prometheus", [PEERS + "prometheus", f"--config.file={data}/prometheus.yml", f"--storage.tsdb.path={data}/data", f"--web.listen-address=127.0.0.1:{port}",
                                 "--web.enable-remote-write-receiver"], f"http://127.0.0.1:{port}/-/ready", data, "/api/v1/write")


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


def measure_workload(a):
    folder, python = tempfile.mkdtemp(), python_with_snappy()
    workload = os.path.join(folder, "workload")
    # A fixed hash seed makes the jitter of timestamps, and so the workload, the same in every run.
    subprocess.run([python, f"{a.workloads}/metrics_workload.py", "generate", "--out", workload, "--instances", str(a.instances), "--scrapes", str(a.scrapes)],
                   check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, PYTHONHASHSEED="1"))
    samples = json.load(open(workload + "/workload.json"))["samples"]
    servers, rows = [], {}
    quiet = "global: {scrape_interval: 1h}\nscrape_configs: []\n"
    for maker in (lambda d: obstack(d, quiet), prometheus, victoria_metrics):
        server = maker(tempfile.mkdtemp(dir=folder))
        servers.append(server)
        out = subprocess.run([python, f"{a.workloads}/metrics_workload.py", "replay", "--in", workload, "--url", server.url + server.write_path, "--pid", str(server.process.pid)],
                             check=True, capture_output=True, text=True).stdout
        rows[server.name] = json.loads(out)
        if rows[server.name]["not_2xx"]:
            print(f"{server.name} refused: {rows[server.name]['not_2xx']}", file=sys.stderr)
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


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", choices=["start", "write", "query"])
    p.add_argument("--instances", type=int, default=200)
    p.add_argument("--scrapes", type=int, default=240)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--workloads", default=os.path.join(ROOT, "../shared/bench"))
    a = p.parse_args()
    if a.only in (None, "start"):
        measure_start()
    if a.only in (None, "write", "query"):
        if not os.path.isdir(a.workloads):
            sys.exit(f"no workloads at {a.workloads}: name their folder with --workloads")
        measure_workload(a)
