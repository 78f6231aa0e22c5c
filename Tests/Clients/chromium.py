"""A headless Chromium driven over its own DevTools pipe: no driver program and no package beside the browser itself."""
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class BrowserError(Exception):
    """What the browser, or a page in it, said went wrong."""


def find_browser():
    """The first Chromium on the path, or None."""
    names = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome", "chrome"]
    return next((found for found in map(shutil.which, filter(None, names)) if found), None)


class Browser:
    """One browser with one page. Use as a context manager; times are seconds."""

    def __init__(self, binary=None):
        binary = binary or find_browser()
        if not binary:
            raise BrowserError("no Chromium found; name one in CHROMIUM")
        self.profile = tempfile.mkdtemp(prefix="obstack-browser-")
        theirs_in, self.write_end = os.pipe()
        self.read_end, theirs_out = os.pipe()
        high_in, high_out = (fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (theirs_in, theirs_out))

        def place():
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self.process = subprocess.Popen(
            [binary, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--mute-audio", "--no-first-run",
             "--disable-extensions", "--disable-background-networking", "--disable-dev-shm-usage", "--force-color-profile=srgb",
             f"--user-data-dir={self.profile}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=place, pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in (theirs_in, theirs_out, high_in, high_out):
            os.close(fd)
        self.buffer, self.number, self.session, self.events = b"", 0, None, []
        self.problems = []
        target = next(t for t in self._pages() if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for fd in (self.read_end, self.write_end):
            os.close(fd)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _pages(self):
        for _ in range(100):
            targets = self.call("Target.getTargets", timeout=30)["targetInfos"]
            if any(t["type"] == "page" for t in targets):
                return targets
            time.sleep(0.1)
        raise BrowserError("the browser opened no page")

    def _receive(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.read_end], [], [], left)[0]:
                return None
            chunk = os.read(self.read_end, 1 << 20)
            if not chunk:
                raise BrowserError("the browser went away")
            self.buffer += chunk
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def _note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
            self.problems.append(" ".join(str(a.get("value", a.get("description", ""))) for a in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error" and params["entry"].get("source") != "network":
            self.problems.append(params["entry"]["text"])
        elif method == "Network.responseReceived" and params["response"]["status"] >= 500:
            self.problems.append(f"{params['response']['status']} {params['response']['url']}")
        self.events.append(message)

    def call(self, method, timeout=30, **params):
        """One DevTools command and its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + timeout
        while (answer := self._receive(deadline)) is not None:
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._note(answer)
        raise BrowserError(f"{method}: no answer within {timeout} s")

    def resize(self, width, height, touch=False):
        """A viewport of CSS pixels; `touch` makes it a phone."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=touch)
        self.call("Emulation.setTouchEmulationEnabled", enabled=touch)

    def open(self, url, timeout=30):
        """Goes to an address and waits until its document and modules have loaded."""
        self.events = []
        result = self.call("Page.navigate", url=url)
        if result.get("errorText"):
            raise BrowserError(f"{url}: {result['errorText']}")
        deadline = time.monotonic() + timeout
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            message = self._receive(deadline)
            if message is None:
                raise BrowserError(f"{url}: not loaded within {timeout} s")
            self._note(message)

    def run(self, script):
        """The value of a JavaScript expression in the page; promises are awaited."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")

    def wait(self, script, what, timeout=15):
        """Waits until the expression is true and returns it; `what` names it in the error."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                if value := self.run(script):
                    return value
            except BrowserError:
                pass  # between two pages there is no context to ask
            time.sleep(0.1)
        raise BrowserError(f"{what}: not within {timeout} s")

    def click(self, selector):
        """A real click in the middle of the first match."""
        box = self.wait(f"(() => {{ const n = document.querySelector({json.dumps(selector)}); if (!n) return null; n.scrollIntoView({{block: 'nearest'}}); const b = n.getBoundingClientRect(); return b.width ? [b.x + b.width / 2, b.y + b.height / 2] : null }})()", f"{selector} to click")
        self.move(*box)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def move(self, x, y):
        """Moves the pointer."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, key, modifiers=0):
        """One key, by the name `KeyboardEvent.key` gives it."""
        text = key if len(key) == 1 else "\r" if key == "Enter" else ""
        common = {"key": key, "modifiers": modifiers, "windowsVirtualKeyCode": {"Enter": 13, "Escape": 27, "Tab": 9}.get(key, ord(key.upper()) if len(key) == 1 else 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        """Text into what has the focus."""
        self.call("Input.insertText", text=text)

    def screenshot(self, path):
        """The viewport as a PNG file."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
