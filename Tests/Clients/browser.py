"""Opens the pages in a headless Chromium as a person would, and says what does not hold.

    python3 browser.py http://127.0.0.1:3000 http://127.0.0.1:16686 http://127.0.0.1:9090 http://127.0.0.1:9091 OUTPUT_FOLDER

While `obstack demo` sends: signs in, opens the dashboard, sees that its curves move, opens a trace from the search page, asks a
query, and takes every page's picture at three sizes in two themes into the folder. Closes with `N passed, N failed`; exit status 1
when anything failed, 77 when there is no browser. Requirements: Python 3.9 and Debian's `chromium`; no packages.
"""
import argparse
import os
import sys
import time
import urllib.request

from chromium import Browser, BrowserError, find_browser

SIZES = [(1440, 900), (1024, 768), (390, 844)]
THEMES = ["dark", "light"]
PANELS_DRAWN = "[...document.querySelectorAll('.dash-panel')].filter(p => !p.ariaBusy && !p.querySelector('.panel-cover .skeleton')).length"

# Remembers the newest sample of every series that the dashboard's queries brought, so that "the curves move" means the data did.
WATCH_QUERIES = """(() => {
  if (window.newest) return true;
  window.newest = [];
  const ask = window.fetch;
  window.fetch = async (...call) => {
    const answer = await ask(...call);
    if (String(call[0]).includes('/api/ds/query')) answer.clone().json().then(({ results = {} }) => {
      for (const { frames = [] } of Object.values(results)) for (const { data } of frames) {
        const [times, values] = data.values ?? [];
        if (times?.length) window.newest.push(`${times.at(-1)} ${values?.at(-1)}`);
      }
    }, () => {});
    return answer;
  };
  return true;
})()"""
PICTURES = "[...document.querySelectorAll('.dash-panel[data-kind=timeseries] .chart-base')].slice(0, 4).map(c => c.toDataURL())"


class Visit:
    """A visit to the pages, with what held and what did not."""

    def __init__(self, browser, grafana, jaeger, prometheus, pushgateway, folder):
        self.browser, self.grafana, self.jaeger, self.prometheus, self.pushgateway, self.folder = browser, grafana, jaeger, prometheus, pushgateway, folder
        self.passed = self.failed = 0

    def step(self, claim, run):
        """Runs one step; it holds when it returns without an error and anything but False."""
        self.browser.problems.clear()
        try:
            result = run()
            problem = "it does not" if result is False else "; ".join(self.browser.problems[:3])
        except BrowserError as error:
            problem = str(error)
        if problem:
            self.failed += 1
            print(f"not ok  {claim}: {problem}", flush=True)
            self.picture(f"failed-{self.failed}")
        else:
            self.passed += 1
            print(f"ok      {claim}", flush=True)

    def picture(self, name):
        try:
            self.browser.screenshot(os.path.join(self.folder, f"{name}.png"))
        except BrowserError as error:
            print(f"        no picture {name}: {error}")

    def sign_in(self, user, password):
        self.browser.wait("document.querySelector('input[name=user]')?.isConnected", "the login form")
        self.browser.run("document.querySelectorAll('.login-card input').forEach(i => { i.value = '' }); document.querySelector('input[name=user]').focus()")
        self.browser.type(user)
        self.browser.run("document.querySelector('input[name=password]').focus()")
        self.browser.type(password)
        self.browser.press("Enter")

    # Steps, in the order of a visit.

    def asks_for_a_password(self):
        self.browser.open(f"{self.grafana}/dashboards")
        self.browser.wait("location.pathname === '/login'", "the way to the login page")

    def modules_hold(self):
        """The claims of pages.js, each a step of its own."""
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages.js"), encoding="utf-8") as file:
            results = self.browser.run(file.read())
        for claim, problem in results:
            self.step(claim, lambda problem=problem: self.hold(problem))

    @staticmethod
    def hold(problem):
        if problem:
            raise BrowserError(problem)

    def refuses_a_wrong_password(self):
        self.sign_in("admin", "not-the-password")
        self.browser.wait("document.querySelector('.problem:not([hidden])')?.innerText", "the sentence about a wrong password")

    def lets_in(self):
        password = os.environ.get("GRAFANA_ADMIN_PASSWORD", "admin")
        self.sign_in("admin", password)
        if password == "admin":
            self.asks_for_a_better_password()
        self.browser.wait("location.pathname !== '/login'", "leaving the login page")

    def asks_for_a_better_password(self):
        """Who comes with the first password is asked for another one, refused the same one, and may skip it."""
        self.browser.wait("document.querySelector('input[name=newPassword]')?.isConnected", "the form for a new password")
        for name in ("newPassword", "confirmNew"):
            self.browser.run(f"document.querySelector('input[name={name}]').focus()")
            self.browser.type("admin")
        self.browser.press("Enter")
        self.browser.wait("document.querySelector('.problem:not([hidden])')?.innerText.includes('the password you have')", "the sentence about the same password")
        self.browser.run("[...document.querySelectorAll('.login-card button')].find(button => button.innerText === 'Skip').click()")

    def home_shows_health(self):
        self.browser.open(f"{self.grafana}/")
        self.browser.wait("/^[0-9]/.test(document.querySelector('.figure .stat-value')?.innerText ?? '')", "targets that are up")
        self.browser.wait("document.querySelectorAll('.card').length > 0", "cards of dashboards")

    def dashboard_opens(self):
        self.browser.open(f"{self.grafana}/dashboards")
        self.browser.wait("[...document.querySelectorAll('.dashboard-row a')].some(a => a.innerText.includes('Workflows'))", "the provisioned dashboard in the list")
        self.browser.run("[...document.querySelectorAll('.dashboard-row a')].find(a => a.innerText.includes('Workflows')).click()")
        self.browser.wait("location.pathname.startsWith('/d/')", "the dashboard's address")
        self.dashboard = self.browser.run("location.origin + location.pathname")
        self.browser.wait(f"document.querySelectorAll('.dash-panel').length >= 6 && {PANELS_DRAWN} >= 6", "six panels drawn")

    def no_panel_fails(self):
        failures = self.browser.run("[...document.querySelectorAll('.panel-failed, .chart-note.error')].filter(n => n.checkVisibility()).map(n => n.innerText)")
        if failures:
            raise BrowserError("; ".join(failures))

    def curves_move(self):
        self.browser.open(f"{self.dashboard}?from=now-5m&to=now&refresh=1s")
        self.browser.wait(f"({PICTURES}).length > 0", "curves")
        self.browser.run(WATCH_QUERIES)
        self.browser.wait("window.newest.length > 0", "a refresh")
        before, samples = self.browser.run(PICTURES), set(self.browser.run("window.newest"))
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            time.sleep(1)
            values = {sample.split(" ")[1] for sample in set(self.browser.run("window.newest")) - samples}
            after = self.browser.run(PICTURES)
            if len(values) >= 2 and all(a != b for a, b in zip(after, before)):
                return
        raise BrowserError("no new samples within 40 s, or the pictures stayed as they were")

    def pointer_tells_values(self):
        box = self.browser.wait("(() => { const b = document.querySelector('.chart-plot')?.getBoundingClientRect(); return b && [b.x + b.width * 0.6, b.y + b.height / 2] })()", "a chart")
        self.browser.move(*box)
        self.browser.wait("[...document.querySelectorAll('.tip')].some(tip => tip.checkVisibility() && tip.querySelector('.tip-row'))", "a tooltip with values")
        self.browser.move(1, 1)

    def panel_fills_the_page(self):
        self.browser.open(f"{self.dashboard}?viewPanel=" + str(self.browser.run("document.querySelector('.dash-panel[data-kind=timeseries]').dataset.panel")))
        self.browser.wait("document.querySelectorAll('.dash-panel').length === 1", "one panel alone")
        self.browser.press("Escape")
        self.browser.wait("document.querySelectorAll('.dash-panel').length > 1", "the whole dashboard again")

    def palette_reaches_every_door(self):
        self.browser.open(f"{self.grafana}/")
        self.browser.wait("document.querySelectorAll('.card').length > 0", "the home page")
        self.browser.click("[aria-label='Search everything']")
        for words, found in (("primitive_requests", "primitive_requests_total"), ("llm-g", "llm-gateway")):
            self.browser.run("document.querySelector('.palette-field').select()")
            self.browser.type(words)
            self.browser.wait(f"[...document.querySelectorAll('.palette-item')].some(item => item.innerText.includes('{found}'))", f"{found} in the palette")
        self.browser.press("Escape")

    def search_finds_traces(self):
        self.browser.open(f"{self.jaeger}/")
        self.browser.wait("location.pathname === '/search'", "the search page")
        self.browser.wait("document.querySelectorAll('.result').length > 0", "traces found")

    def trace_opens(self):
        self.browser.run("document.querySelectorAll('.result-link')[0].click()")
        self.browser.wait("location.pathname.startsWith('/trace/')", "the trace's address")
        self.trace = self.browser.run("location.origin + location.pathname")
        self.browser.wait("document.querySelectorAll('.span').length > 0", "spans in the waterfall")

    def keys_open_details(self):
        self.browser.press("j")
        self.browser.press("Enter")
        self.browser.wait("document.querySelectorAll('.details .pairs dd').length > 0", "attributes of the span")

    def span_leads_to_graphs(self):
        address = self.browser.wait("document.querySelector('.details-tools a[href*=\"g0.expr\"]')?.href", "a link to the service's graphs")
        self.browser.open(address)
        self.browser.wait("document.querySelectorAll('.query-chart .legend-item').length > 0", "a drawn graph of the service")
        self.browser.open(self.trace)
        self.browser.wait("document.querySelectorAll('.span').length > 0", "spans in the waterfall")
        self.keys_open_details()

    def value_leads_to_a_search(self):
        address = self.browser.wait("document.querySelector('.details .pairs a.value')?.href", "a value that is a link")
        self.browser.open(address)
        self.browser.wait("document.querySelectorAll('.result').length > 0 && document.querySelectorAll('.tag-chip').length === 1", "traces with the same value")

    def query_answers(self):
        self.browser.open(f"{self.prometheus}/query?g0.expr=up&g0.tab=graph&g0.range_input=5m")
        self.browser.wait("document.querySelector('.chart-base')?.toDataURL().length > 2000", "a drawn graph of up")

    def rules_show(self):
        """The rule that `BrowserTests` gave fires; a stack without rules says so in words."""
        self.browser.open(f"{self.prometheus}/alerts?search=AlwaysOn")
        if self.browser.run("fetch('/api/v1/rules').then(answer => answer.status)") == 404:
            return self.browser.wait("document.querySelector('.notice')?.innerText.includes('evaluates no rules')", "the sentence about a server without rules")
        self.browser.wait("document.querySelector('.alert-table tbody tr')?.innerText.match(/Firing[\\s\\S]*zone=here[\\s\\S]*It is on: 1/)", "the alert with its label and its words", timeout=60)
        self.browser.wait("document.querySelectorAll('.rule').length === 1", "no other rule than the one that was searched for")
        self.browser.press("1")
        self.browser.wait("location.search.includes('state=firing') && document.querySelectorAll('.rule').length === 1", "the firing ones only")
        self.browser.press("1")
        self.browser.press("2")
        self.browser.wait("location.search.includes('state=pending') && document.querySelector('.empty')?.isConnected", "nothing, of those that are pending")
        address = self.browser.run("location.origin + '/rules?search=AlwaysOn#browser%2FAlwaysOn'")
        self.browser.open(address)
        self.browser.wait("document.querySelector('.rule.open .rule-details')?.innerText.includes('severity=page')", "the rule of the address, opened")
        self.browser.open(self.browser.run("document.querySelector('.rule .expression').href"))
        self.browser.wait("document.querySelector('.editor-text')?.value.startsWith('label_replace(vector(1)')", "its expression on the query page")

    def rules_show_behind_grafana(self):
        self.browser.open(f"{self.grafana}/")
        address = self.browser.wait("[...document.querySelectorAll('.rail-item')].find(item => item.dataset.label === 'Alerts')?.href", "the way to alerting")
        self.browser.open(address)
        self.browser.wait("document.querySelector('.rule')?.isConnected || document.querySelector('.notice')?.innerText.includes('evaluates no rules')", "rules through the data source")

    def push(self, group, metrics):
        urllib.request.urlopen(urllib.request.Request(f"{self.pushgateway}/metrics/{group}", metrics.encode(), method="PUT"), timeout=10).close()

    def push_page_teaches(self):
        self.browser.open(f"{self.pushgateway}/")
        self.browser.wait(f"document.querySelector('.empty')?.innerText.includes('{self.pushgateway}/metrics/job/')", "a line that pushes to this very address")

    def pushed_groups_show(self):
        self.push("job/nightly_backup/instance/db-1", "# HELP backup_bytes What was written.\n# TYPE backup_bytes gauge\nbackup_bytes{part=\"users\"} 5242880\n"
                  "# TYPE backup_step_seconds histogram\nbackup_step_seconds_bucket{le=\"1\"} 3\nbackup_step_seconds_bucket{le=\"+Inf\"} 4\nbackup_step_seconds_sum 6\nbackup_step_seconds_count 4\n")
        self.push("job/import/path@base64/L3Zhci90bXA", "rows_total 17\n")
        self.browser.wait("document.querySelectorAll('.pool').length === 2 && /5\\s242\\s880/.test(document.body.innerText)", "both groups with their values")
        self.browser.wait("[...document.querySelectorAll('.label-chip')].some(chip => chip.innerText === 'path=/var/tmp')", "the label that came as base64")

    def deleted_group_comes_back(self):
        remove = "[...document.querySelectorAll('.group-head button')].find(b => b.getAttribute('aria-label') === 'Delete the group import')"
        self.browser.run(f"{remove}.click()")
        self.browser.wait("[...document.querySelectorAll('dialog button')].find(b => b.innerText === 'Delete')?.isConnected", "the question")
        self.browser.run("[...document.querySelectorAll('dialog button')].find(b => b.innerText === 'Delete').click()")
        self.browser.wait("document.querySelectorAll('.pool').length === 1", "the group gone")
        self.browser.wait("[...document.querySelectorAll('button')].find(b => b.innerText === 'Undo')?.isConnected", "the way back")
        self.browser.run("[...document.querySelectorAll('button')].find(b => b.innerText === 'Undo').click()")
        self.browser.wait("document.querySelectorAll('.pool').length === 2 && document.body.innerText.includes('rows_total')", "the group back")

    def palette_reaches_other_doors(self):
        self.browser.press("k", modifiers=2)
        self.browser.wait("document.querySelector('dialog.palette input')?.isConnected", "the palette")
        self.browser.type("backup_bytes")
        self.browser.wait(f"[...document.querySelectorAll('.palette-item')].some(a => a.href.startsWith('{self.prometheus}/query'))", "the pushed metric, on the query page", timeout=30)
        self.browser.press("Escape")

    def pictures(self):
        """Every page at every size in both themes; none may be wider than its window."""
        pages = {
            "home": (f"{self.grafana}/", "document.querySelectorAll('.card').length"), "dashboards": (f"{self.grafana}/dashboards", "document.querySelectorAll('.dashboard-row').length"),
            "dashboard": (self.dashboard, f"{PANELS_DRAWN} >= 3"), "search": (f"{self.jaeger}/search", "document.querySelectorAll('.result').length"),
            "trace": (self.trace, "document.querySelectorAll('.span').length"), "query": (f"{self.prometheus}/query?g0.expr=up&g0.tab=graph", "!!document.querySelector('.chart-base')"),
            "push": (f"{self.pushgateway}/", "document.querySelectorAll('.pool').length"), "targets": (f"{self.prometheus}/targets", "document.querySelectorAll('.target').length"),
            "status": (f"{self.prometheus}/status", "document.querySelectorAll('.facts').length > 1"), "alerts": (f"{self.prometheus}/alerts", "!!document.querySelector('.rule, .notice')"),
            "rules": (f"{self.prometheus}/rules", "!!document.querySelector('.rule, .notice')"), "alerting": (f"{self.grafana}/alerting", "!!document.querySelector('.rule, .notice')"),
        }
        for name, (address, ready) in pages.items():
            self.step(f"{name} fits every window, dark and light", lambda name=name, address=address, ready=ready: self.portraits(name, address, ready))
        self.browser.open(f"{self.grafana}/logout")
        self.step("login fits every window, dark and light", lambda: self.portraits("login", f"{self.grafana}/login", "!!document.querySelector('.login-card')"))

    def portraits(self, name, address, ready):
        wide = []
        for theme in THEMES:
            for width, height in SIZES:
                self.browser.resize(width, height, touch=width < 500)
                self.browser.open(f"{address}{'&' if '?' in address else '?'}theme={theme}")
                self.browser.wait(ready, f"{name} at {width} pixels")
                time.sleep(0.7)
                self.picture(f"{name}-{width}-{theme}")
                over = self.browser.run("document.documentElement.scrollWidth - innerWidth")
                if over > 0:
                    wide.append(f"{over} pixels too wide at {width}")
        self.browser.resize(1440, 900)
        if wide:
            raise BrowserError(", ".join(sorted(set(wide))))

    def run(self):
        self.browser.resize(1440, 900)
        self.step("a visitor is asked for a password", self.asks_for_a_password)
        try:
            self.modules_hold()
        except BrowserError as error:
            self.step("the pages' modules load", lambda problem=str(error): self.hold(problem))
        self.step("a wrong password is refused in words", self.refuses_a_wrong_password)
        self.step("the right one lets in", self.lets_in)
        self.step("home shows the stack's health and its dashboards", self.home_shows_health)
        self.step("the provisioned dashboard opens from the list", self.dashboard_opens)
        if hasattr(self, "dashboard"):
            self.step("no panel of it fails", self.no_panel_fails)
            self.step("its curves move", self.curves_move)
            self.step("the pointer tells values", self.pointer_tells_values)
            self.step("a panel fills the page, and Escape leads back", self.panel_fills_the_page)
        self.step("the palette lists metrics and services from behind other ports", self.palette_reaches_every_door)
        self.step("the search page finds traces", self.search_finds_traces)
        self.step("a trace opens from it", self.trace_opens)
        if hasattr(self, "trace"):
            self.step("keys open a span's details", self.keys_open_details)
            self.step("a span leads to the graphs of its service", self.span_leads_to_graphs)
            self.step("a value leads to the traces that have it", self.value_leads_to_a_search)
        self.step("the query page draws a graph", self.query_answers)
        self.step("the pages of rules and alerts show the one that fires", self.rules_show)
        self.step("Grafana's door shows them, too", self.rules_show_behind_grafana)
        self.step("the push page teaches while nothing was pushed", self.push_page_teaches)
        self.step("what is pushed shows by itself", self.pushed_groups_show)
        self.step("a deleted group comes back", self.deleted_group_comes_back)
        self.step("the palette finds what was pushed behind another door", self.palette_reaches_other_doors)
        if hasattr(self, "dashboard") and hasattr(self, "trace"):
            self.pictures()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("grafana", "jaeger", "prometheus", "pushgateway"):
        parser.add_argument(name, type=lambda url: url.rstrip("/"), help="its address")
    parser.add_argument("folder", help="where the pictures go")
    arguments = parser.parse_args()
    if not find_browser():
        print("no Chromium found; name one in CHROMIUM", file=sys.stderr)
        return 77
    os.makedirs(arguments.folder, exist_ok=True)
    with Browser() as browser:
        visit = Visit(browser, arguments.grafana, arguments.jaeger, arguments.prometheus, arguments.pushgateway, arguments.folder)
        visit.run()
    print(f"{visit.passed} passed, {visit.failed} failed")
    return 1 if visit.failed else 0


if __name__ == "__main__":
    sys.exit(main())
