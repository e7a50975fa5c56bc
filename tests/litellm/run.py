#!/usr/bin/env python3
"""Whole plans through LiteLLM's proxy: both protocols, served by an implementation that nobody here wrote.

    run.py install DIR           put the proxy into DIR, a virtual environment that is kept; prints why if it cannot
    run.py check DIR BINARY      run plans with `modulatio` at BINARY through the proxy in DIR; exits 1 on a failure

The proxy answers with fixed texts (its `mock_response`), each a fenced block that suits one role, so that a plan runs
to its end. Models whose name begins with `via-` lead through the proxy twice: it translates Anthropic's protocol to
OpenAI's, events included, asks itself, and translates back.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

LITELLM = "litellm[proxy]==1.106.2"
INSTALL_SECONDS = 150
START_SECONDS = 60
RUN_SECONDS = 60
KEY = "sk-proxy-of-the-tests"
HERE = Path(__file__).resolve().parent

# Tokens read and written that the proxy states for a fixed text in Anthropic's protocol.
FIXED_USAGE = (2095, 503)
ANSWERS = {
    "planner": {"tasks": [{"title": "Write it", "brief": "Write it well.", "kind": "document",
                           "artifacts": ["essay.md"], "acceptance": ["it is not empty"]}]},
    "producer": {"content": "# Essay\n\nA text with ```fences``` and \"quotes\".\n", "summary": "Written."},
    "qc": {"passed": True, "summary": "Good.", "defects": []},
    "leader": {"outcome": "continue", "rationale": "All is well.", "divergences": [],
               "quality_report": "Two essays, both good."},
}
BODY = """## Essays

### Sub-objectives

**1. First** — write the first essay.

**2. Second** — write the second essay.
"""


# ----------------------------------------------------------------------------------------------------- installation

def install(where: Path) -> int:
    """Makes the environment unless it is there already. Prints the reason, in one line, when it cannot."""
    done = where / "installed"
    if done.exists() and done.read_text() == LITELLM:
        return 0
    python = where / "bin" / "python"
    steps = [
        ("an environment for it cannot be made", [sys.executable, "-m", "venv", "--clear", str(where)]),
        ("pip could not install it",
         [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-compile",
          "--only-binary", ":all:", LITELLM]),
        ("it cannot be imported", [str(python), "-c", "import litellm.proxy.proxy_server"]),
    ]
    end = time.monotonic() + INSTALL_SECONDS
    for trouble, step in steps:
        try:
            ran = subprocess.run(step, capture_output=True, text=True, timeout=max(1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            print(f"{trouble} within {INSTALL_SECONDS} s")
            return 1
        if ran.returncode != 0:
            lines = (ran.stderr or ran.stdout).strip().splitlines() or ["no reason given"]
            wrong = [line for line in lines if line.startswith("ERROR")] or lines[-1:]
            print(f"{trouble}: {wrong[0]}")
            return 1
    done.write_text(LITELLM)
    return 0


# -------------------------------------------------------------------------------------------------------- the proxy

def settings(port: int) -> dict:
    """The proxy's configuration. JSON is YAML."""
    def model(name: str, **params) -> dict:
        return {"model_name": name, "litellm_params": {"model": f"openai/{name}", "api_key": "none", **params}}

    models = []
    for role, answer in ANSWERS.items():
        text = f"Here it is:\n\n```json\n{json.dumps(answer)}\n```\n\nDone."
        models.append(model(role, mock_response=text))
        models.append(model(f"via-{role}", model=f"hosted_vllm/{role}", api_base=f"http://127.0.0.1:{port}/v1",
                            api_key=KEY))
    for name, error in [("limited", "RateLimitError"), ("broken", "InternalServerError")]:
        models.append(model(name, mock_response=f"litellm.{error}"))
    return {
        "model_list": models,
        "general_settings": {"master_key": KEY, "custom_auth": "books.authorize"},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "litellm_settings": {"callbacks": "books.books", "num_retries": 0},
    }


class Proxy:
    """The proxy on a free port of this machine; gone when the block ends."""

    def __init__(self, where: Path, scratch: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.books = scratch / "books.jsonl"
        self.log = scratch / "proxy.log"
        self.address = f"http://127.0.0.1:{self.port}"
        config = scratch / "config.yaml"
        config.write_text(json.dumps(settings(self.port)))
        (scratch / "books.py").write_text((HERE / "books.py").read_text())
        self.command = [str(where / "bin" / "python"), str(where / "bin" / "litellm"), "--config", str(config),
                        "--host", "127.0.0.1", "--port", str(self.port), "--telemetry", "False"]
        self.env = os.environ | {"PROXY_KEY": KEY, "PROXY_BOOKS": str(self.books),
                                 "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1"}
        self.env.pop("DATABASE_URL", None)

    def __enter__(self) -> "Proxy":
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, env=self.env, stdout=log, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL, cwd=self.log.parent)
        end = time.monotonic() + START_SECONDS
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < end and self.process.poll() is None:
            try:
                opener.open(f"{self.address}/health/liveliness", timeout=2).close()
                return self
            except OSError:
                time.sleep(0.2)
        self.__exit__()
        raise SystemExit(f"the proxy did not start:\n{self.log.read_text()[-3000:]}")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def counted(self, models: set[str], answers: int) -> Counter:
        """What the proxy has counted for these models; it writes it down a little after it has answered."""
        end = time.monotonic() + 10
        while True:
            lines = self.books.read_text().splitlines() if self.books.exists() else []
            found = [line for line in map(json.loads, lines) if line["model"] in models]
            if len(found) >= answers or time.monotonic() > end:
                return Counter((line["model"], line["input_tokens"], line["output_tokens"]) for line in found)
            time.sleep(0.1)


# ------------------------------------------------------------------------------------------------------- the program

class Vault:
    """A vault with one approved plan whose roles ask these models."""

    def __init__(self, binary: Path, root: Path, models: dict[str, str], key: str = KEY):
        self.binary, self.root = binary, root
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("MODULATIO_")}
        self.env |= {"PROXY_KEY": key, "NO_COLOR": "1"}
        (root / "ess" / "plans").mkdir(parents=True)
        (root / "ess" / "project.yaml").write_text("objective: Essays.\n")
        common = 'api_key_env: PROXY_KEY, timeout: 20s, price: {input: 1, output: 2}'
        lines = [f"  {role}: {{{model}, {common}}}" for role, model in models.items()]
        (root / "modulatio.yaml").write_text("\n".join([
            "models:", *lines,
            "team: {leader: leader, planner: planner, qc: qc, producers: [{name: drafter, model: producer}]}",
            "retry: {base: 10ms, max: 50ms, wall: 1500ms}",
            "breaker: {open: 100ms, max_open: 200ms}",
            "",
        ]))
        (root / "plan.txt").write_text(BODY)
        self.run("plan", "add", "ESS", str(root / "plan.txt"))
        self.run("plan", "approve", "ESS-P-001")

    def run(self, *args: str, code: int = 0) -> str:
        command = [str(self.binary), "--vault", str(self.root), *args]
        ran = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=RUN_SECONDS,
                             stdin=subprocess.DEVNULL)
        said = ran.stdout + ran.stderr
        assert ran.returncode == code, f"{' '.join(args)} exits {ran.returncode}: {said}"
        assert KEY not in said, f"{args} shows the key"
        return said

    def executed(self) -> str:
        """Runs the plan as far as it goes; its status."""
        self.run("daemon", "--until-idle")
        self.run("audit", "verify", "--all")
        self.run("replay", "--all", "--check")
        text = (self.root / "ess" / "plans" / "ESS-P-001.md").read_text()
        return re.search(r"^status: (\S+)", text, re.M).group(1)

    def events(self, kind: str) -> list[dict]:
        journal = (self.root / "ess" / "plans" / "ESS-P-001.journal.jsonl").read_text()
        found = []

        def look(value):
            if isinstance(value, dict):
                if value.get("kind") == kind:
                    found.append(value)
                for inner in value.values():
                    look(inner)
            elif isinstance(value, list):
                for inner in value:
                    look(inner)

        for line in journal.splitlines():
            look(json.loads(line))
        return found

    def ledger(self) -> list[dict]:
        text = (self.root / "ess" / "plans" / "ESS-P-001.usage.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def ticket(self) -> str:
        [file] = (self.root / "ess" / "tickets").glob("*.md")
        return file.read_text()


# -------------------------------------------------------------------------------------------------------- the checks

def spoken(provider: str, proxy: Proxy, prefix: str = "", stream: bool = True) -> dict[str, str]:
    """The four roles' models in one protocol."""
    base = proxy.address + ("/v1" if provider == "openai" else "")
    return {role: f'provider: {provider}, model: {prefix}{role}, base_url: "{base}", stream: {str(stream).lower()}'
            for role in ANSWERS}


def a_whole_plan(binary: Path, root: Path, proxy: Proxy, provider: str, prefix: str, stream: bool):
    """A plan of two sub-objectives ends done, and its ledger holds what the proxy has counted.

    A fixed text that is asked for as Anthropic's events comes from the proxy as one body of JSON, which it leaves out
    of its own books; the usage that such a text has is always the same, with or without events.
    """
    # The proxy's books are of all vaults; those of this one are what is added.
    names = {prefix + role for role in ANSWERS}
    before = proxy.counted(names, 0)
    vault = Vault(binary, root, spoken(provider, proxy, prefix, stream))
    assert vault.executed() == "done", vault.events("ModelCallFailed") or vault.ticket()
    ledger = vault.ledger()
    assert len(ledger) == 8, f"{len(ledger)} calls"
    assert not any(line["estimated"] for line in ledger), "usage was estimated"
    ours = Counter((line["model"].split("/")[-1], line["input_tokens"], line["output_tokens"]) for line in ledger)
    if provider == "anthropic" and not prefix and stream:
        theirs = Counter({(role, *FIXED_USAGE): 2 for role in ANSWERS})
    else:
        theirs = proxy.counted(names, before.total() + len(ledger)) - before
    assert ours == theirs, f"the ledger says {ours}, the proxy {theirs}"
    artifact = vault.root / "ess" / "runs" / "ESS-P-001" / "artifacts" / "essay.md"
    assert artifact.read_text() == ANSWERS["producer"]["content"]


def a_failure(binary: Path, root: Path, models: dict[str, str], key: str, wanted: tuple[str, str, bool]):
    """The first call fails: what the plan waits for, under which class, and whether it was tried again."""
    subject, failure, again = wanted
    vault = Vault(binary, root, models, key)
    assert vault.executed() == "paused"
    failures = vault.events("ModelCallFailed")
    classes = {event["class"] for event in failures}
    assert classes == {failure}, f"{classes}: {failures[0]}"
    assert (len(failures) > 1) == again, f"{len(failures)} tries"
    assert not any(event.get("in_doubt") for event in failures), "a refused call is not in doubt"
    opened = [event["subject"]["about"] for event in vault.events("TicketOpened")]
    assert opened == [subject], opened
    assert not (vault.root / "ess" / "plans" / "ESS-P-001.usage.jsonl").exists() or not vault.ledger()


def a_look_at_the_models(binary: Path, root: Path, models: dict[str, str], key: str, code: int):
    """`models check` asks each model once, and its exit code says whether the keys are good."""
    Vault(binary, root, models, key).run("models", "check", code=code)


def checks(proxy: Proxy):
    """Every check, by name, as a function of the binary and a directory."""
    for provider, prefix, stream in [("openai", "", True), ("openai", "", False), ("anthropic", "", True),
                                     ("anthropic", "", False), ("anthropic", "via-", True),
                                     ("anthropic", "via-", False)]:
        name = f"a whole plan, {provider}{', translated' if prefix else ''}{', streaming' if stream else ''}"
        yield name, lambda binary, root, p=provider, x=prefix, s=stream: a_whole_plan(binary, root, proxy, p, x, s)
    for provider in ["openai", "anthropic"]:
        good = spoken(provider, proxy)
        for name, key, code in [("good", KEY, 0), ("wrong", "sk-wrong", 4)]:
            yield (f"models check with a {name} key, {provider}",
                   lambda binary, root, m=good, k=key, c=code: a_look_at_the_models(binary, root, m, k, c))
        for name, model, key, wanted in [
            ("a wrong key", "planner", "sk-wrong", ("environment", "authentication", False)),
            ("an unknown model", "nobody", KEY, ("model", "refused", False)),
            ("a rate limit", "limited", KEY, ("model", "rate-limited", True)),
            ("a server error", "broken", KEY, ("model", "server", True)),
        ]:
            models = good | {"planner": good["planner"].replace("model: planner", f"model: {model}")}
            yield f"{name}, {provider}", lambda binary, root, m=models, k=key, w=wanted: a_failure(binary, root, m, k, w)


def check(where: Path, binary: Path) -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        with Proxy(where, Path(scratch)) as proxy:
            for at, (name, run) in enumerate(checks(proxy)):
                root = Path(scratch) / f"vault{at}"
                try:
                    run(binary, root)
                    print(f"ok      {name}")
                except (AssertionError, subprocess.TimeoutExpired, OSError, ValueError) as fault:
                    failed += 1
                    print(f"FAILED  {name}: {fault}")
            if failed:
                print(f"the proxy said last:\n{proxy.log.read_text()[-2000:]}")
    return 1 if failed else 0


def main() -> int:
    match sys.argv[1:]:
        case ["install", where]:
            return install(Path(where).absolute())
        case ["check", where, binary]:
            return check(Path(where).absolute(), Path(binary).absolute())
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
