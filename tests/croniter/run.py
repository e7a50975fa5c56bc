#!/usr/bin/env python3
"""Cron expressions against croniter, an implementation that nobody here wrote.

    run.py install DIR                  put croniter into DIR, a virtual environment that is kept; prints why if it cannot
    run.py check DIR BINARY [SEED]      ask `modulatio cron next` at BINARY and croniter the same; exits 1 on a difference

Two things are compared, over expressions that a seed determines and that lean towards the edges:

- Slots. croniter says which local times match; when each falls in UTC is worked out here with zoneinfo, by the rule
  that the README states and that is written anew below: a slot falls when the zone's clock first shows its time or has
  passed it. (croniter has another rule for changes of the clock, so it is asked about local times only.)
- Verdicts. What one accepts the other does, and what one refuses the other does.

Where we differ on purpose, `on_purpose` and `plainly` say so, one by one, and what we do instead is checked.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

CRONITER = "croniter==7.0.0"
# The release of the IANA database that the program has compiled in (chrono-tz 0.10), so that clocks do not differ.
TZDATA = "tzdata==2025.2"
INSTALL_SECONDS = 120
SEED = 5
PAIRS = 6000
VERDICTS = 6000
# The end of what the program searches, as it says.
LAST_YEAR = 2100

ZONES = ["UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Sao_Paulo",
         "America/Caracas", "Africa/Casablanca", "Antarctica/Troll", "Asia/Beirut", "Asia/Kathmandu",
         "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
DAYS = "sun mon tue wed thu fri sat".split()
# Of each field: its lowest and highest value, and the names of values.
FIELDS = [(0, 59, []), (0, 23, []), (1, 31, []), (1, 12, MONTHS), (0, 6, DAYS)]
WORDS = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]


# ----------------------------------------------------------------------------------------------------- installation

def install(where: Path) -> int:
    """Makes the environment unless it is there already. Prints the reason, in one line, when it cannot."""
    done = where / "installed"
    wanted = f"{CRONITER} {TZDATA}"
    if done.exists() and done.read_text() == wanted:
        return 0
    python = where / "bin" / "python"
    steps = [
        ("an environment for it cannot be made", [sys.executable, "-m", "venv", "--clear", str(where)]),
        ("pip could not install it",
         [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check",
          "--only-binary", ":all:", CRONITER, TZDATA]),
        ("it cannot be imported", [str(python), "-c", "import croniter, tzdata"]),
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
    done.write_text(wanted)
    return 0


# ------------------------------------------------------------------------------------------- what differs on purpose

def on_purpose(expression: str) -> tuple[str, bool] | None:
    """Why our verdict is not croniter's, and what ours is; None where they must agree."""
    fields = expression.split()
    if len(expression.encode()) > 256:
        return "longer than 256 bytes", False
    if len(fields) == 1 and fields[0].lower() in WORDS and expression.lower() not in WORDS:
        return "space around a word", True
    if len(fields) in (6, 7):
        return "fields for seconds and years", False
    if len(fields) != 5:
        return None
    elements = [(at, element.lower()) for at, field in enumerate(fields) for element in field.split(",")]
    texts = [element for _, element in elements]
    if any(set(text) & set("?#") for text in texts):
        return "? and #", False
    if any(set(text) <= set("0123456789lw-/") and set(text) & set("lw") for text in texts):
        return "L and W", False
    if any(text[:1] in ("h", "r") for text in texts):
        return "H and R, which draw lots", False
    for at, text in elements:
        low, high, _ = FIELDS[at]
        if low == 1 and {"0"} & {bound.lstrip("0") or "0" for bound in text.partition("/")[0].split("-") if bound}:
            return "ranges of days or months that begin or end with 0", False
        step = text.rpartition("/")[2]
        if "/" in text and step.isdecimal() and int(step) > high - low + 1:
            return "steps longer than the field", False
    if never_fires(fields):
        return "dates that no year has", False
    return None


def never_fires(fields: list[str]) -> bool:
    """Whether an expression is well formed and asks for days that its months do not have."""
    try:
        values = [set().union(*(plain(at, e) for e in field.lower().split(","))) for at, field in enumerate(fields)]
    except ValueError:
        return False
    if not all(min(v) >= low and max(v) <= high for v, (low, high, _) in zip(values, FIELDS)):
        return False
    days, months, weekdays = values[2:]
    restricts = "*" not in fields[4].split(",") and not (len(weekdays) == 7 and "*" in fields[2])
    longest = max({2: 29, 4: 30, 6: 30, 9: 30, 11: 30}.get(month, 31) for month in months)
    return min(days) > longest and not restricts


def number(at: int, text: str) -> int:
    """One value of a field. ValueError if it is none."""
    if text in FIELDS[at][2]:
        return FIELDS[at][2].index(text) + FIELDS[at][0]
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)


def plain(at: int, element: str) -> set[int]:
    """The values of one element, in our reading. ValueError if it is not well formed."""
    low, high, _ = FIELDS[at]
    count = high - low + 1
    span, slash, step = element.partition("/")
    stride = number(-1 if at == 4 else 0, step) if slash else 1
    if stride == 0:
        raise ValueError(element)
    if span == "*":
        return set(range(low, high + 1, stride))
    first, dash, last = span.partition("-")
    start = number(at, first)
    end = number(at, last) if dash else (high if slash else start)
    if at == 4 and (start, end) == (0, 7):
        return set(range(0, 7, stride))
    if at == 4:
        start, end = start % 7 if start == 7 else start, end % 7 if end == 7 else end
    if not (low <= start <= high and low <= end <= high):
        return {start, end}
    length = (end - start) % count
    return {low + (start - low + n) % count for n in range(0, length + 1, stride)}


def plainly(expression: str) -> str:
    """The expression with lists of numbers in place of what croniter reads otherwise.

    A range of one value is that value: croniter takes 5-5 for the whole field. The step of a range that wraps goes on
    over the end: croniter loses count there (22-6/3 is 22, 1 and 4; it says 22, 2 and 5).
    """
    def rewritten(at: int, element: str) -> str:
        span, slash, _ = element.lower().partition("/")
        first, dash, last = span.partition("-")
        if not dash:
            return element
        start, end = number(at, first), number(at, last)
        if at == 4 and (start, end) != (0, 7):
            start, end = start % 7, end % 7
        if start == end or (start > end and slash):
            return ",".join(map(str, sorted(plain(at, element.lower()))))
        return element

    if expression.startswith("@"):
        return expression
    fields = expression.split()
    return " ".join(",".join(rewritten(at, e) for e in field.split(",")) for at, field in enumerate(fields))


# -------------------------------------------------------------------------------------------------------- generators

class Generator:
    """Expressions and instants, by a seed."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.changes = {zone: changes(zone) for zone in ZONES}

    def value(self, at: int) -> str:
        low, high, names = FIELDS[at]
        draw = self.random.random()
        value = low if draw < 0.12 else high if draw < 0.24 else self.random.randint(low, high)
        if at == 4 and value == 0 and self.random.random() < 0.4:
            return "7"
        if names and self.random.random() < 0.35:
            name = names[value - low]
            return self.random.choice([name, name.upper(), name.capitalize()])
        return f"{value:02}" if self.random.random() < 0.1 else str(value)

    def step(self, at: int) -> int:
        low, high, _ = FIELDS[at]
        return self.random.choice([1, 2, 3, 5, 7, high, high - low + 1, self.random.randint(1, high - low + 1)]) or 1

    def element(self, at: int) -> str:
        low, high, _ = FIELDS[at]
        step = min(self.step(at), high - low + 1)
        kind = self.random.choices(["value", "range", "star/", "value/", "range/", "star"], [8, 5, 4, 2, 3, 1])[0]
        match kind:
            case "value":
                return self.value(at)
            case "range":
                return f"{self.value(at)}-{self.value(at)}"
            case "star/":
                return f"*/{step}"
            case "value/":
                return f"{self.value(at)}/{step}"
            case "range/":
                return f"{self.value(at)}-{self.value(at)}/{step}"
        return "*"

    def field(self, at: int) -> str:
        if self.random.random() < [0.1, 0.25, 0.45, 0.6, 0.5][at]:
            return "*"
        return ",".join(self.element(at) for _ in range(self.random.choice([1, 1, 1, 2, 4])))

    def expression(self) -> str:
        draw = self.random.random()
        if draw < 0.02:
            return self.random.choice(WORDS)
        fields = [self.field(at) for at in range(5)]
        if draw < 0.12:
            fields[2] = self.random.choice(["29", "30", "31", "28-31", "31/1", "29,30"])
            fields[3] = self.random.choice(["2", "feb", "2,4", "*/2", "*", "jan-mar"])
            fields[4] = self.random.choice(["*", "*", "1", "*/2", "0-6"])
        return " ".join(fields)

    def instant(self, zone: str) -> datetime:
        """An instant: near a change of the zone's clock, at the end of a year or a February, or anywhere."""
        draw = self.random.random()
        near = timedelta(minutes=self.random.randint(-200, 200))
        if self.changes[zone] and draw < 0.5:
            at = self.random.choice(self.changes[zone]) + near
        elif draw < 0.7:
            month, day = self.random.choice([(1, 1), (3, 1), (2, 28)])
            at = datetime(self.random.randint(1973, 2090), month, day, tzinfo=timezone.utc) + near * 10
        else:
            at = datetime(1973, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=self.random.randint(0, 61_000_000))
        return at + timedelta(microseconds=self.random.choice([0, 0, 1, 59_999_999, 30_000_000]))

    def malformed(self) -> str:
        """An expression with one to three slips, of which some leave it well formed."""
        text = self.expression()
        for _ in range(self.random.choice([1, 1, 1, 1, 2, 3])):
            text = self.slip(text)
        return text

    def slip(self, text: str) -> str:
        signs = "0123456789*/-, \t?#LWlwHhRr@+.x"
        at = self.random.randrange(len(text) + 1)
        fields = text.split()
        which = self.random.randrange(len(fields)) if fields else 0
        kind = self.random.choice(["insert", "insert", "delete", "replace", "number", "word", "drop", "double", "step"])
        match kind:
            case "insert":
                return text[:at] + self.random.choice(signs) + text[at:]
            case "delete":
                return text[:at] + text[at + 1:]
            case "replace":
                return text[:at] + self.random.choice(signs) + text[at + 1:]
        if not fields:
            return self.random.choice(["", " ", "*", "@reboot"])
        number = str(self.random.choice([0, 6, 7, 8, 12, 13, 23, 24, 31, 32, 59, 60, 99, 256, 10**20]))
        words = ["monday", "january", "sun-sat", "jan", "mon", "fri-mon", "L", "LW", "15w", "5l", "fri#2", "@daily", "r", "h"]
        match kind:
            case "number":
                fields[which] = self.random.choice([number, f"{number}-5", f"1-{number}", f"-{number}"])
            case "word":
                fields[which] = self.random.choice(words)
            case "drop":
                del fields[which]
            case "double":
                fields.insert(which, fields[which])
            case "step":
                fields[which] += f"/{number}"
        return " ".join(fields)


def changes(zone: str) -> list[datetime]:
    """The instants at which a zone's clock is set, from 1973 to 2090."""
    from zoneinfo import ZoneInfo
    tz, utc = ZoneInfo(zone), timezone.utc
    found, at = [], datetime(1973, 1, 1, tzinfo=utc)
    while at.year <= 2090:
        later = at + timedelta(days=5)
        if offset(tz, at) != offset(tz, later):
            found.append(bisect(tz, at, later))
        at = later
    return found


def offset(tz, at: datetime) -> timedelta:
    return at.astimezone(tz).utcoffset()


def bisect(tz, before: datetime, after: datetime) -> datetime:
    """The second at which the offset of `before` ends."""
    low, high = int(before.timestamp()), int(after.timestamp())
    was = offset(tz, before)
    while high - low > 1:
        middle = (low + high) // 2
        if offset(tz, datetime.fromtimestamp(middle, timezone.utc)) == was:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, timezone.utc)


# ------------------------------------------------------------------------------------------------------ the other side

def first_shown(tz, local: datetime) -> datetime:
    """The rule: the first instant at which the zone's clock shows `local`, or has passed it."""
    utc = timezone.utc
    first = local.replace(tzinfo=tz, fold=0).astimezone(utc)
    if first.astimezone(tz).replace(tzinfo=None) == local:
        return first
    # Skipped. With the offset from before the change it lies after it, with the one from after the change before it.
    return bisect(tz, local.replace(tzinfo=tz, fold=1).astimezone(utc), first)


def expected(expression: str, zone: str, after: datetime, count: int) -> list[datetime]:
    """The first slots after an instant, from croniter's local times."""
    from zoneinfo import ZoneInfo
    from croniter import croniter
    tz = ZoneInfo(zone)
    # Where the clock was set back lately, what it has shown already comes again: begin before that.
    lately = after - timedelta(hours=26)
    start = after if offset(tz, lately) == offset(tz, after) else lately
    times = croniter(plainly(expression), start.astimezone(tz).replace(tzinfo=None), ret_type=datetime)
    found = []
    while len(found) < count:
        local = times.get_next()
        if local.year > LAST_YEAR:
            break
        at = first_shown(tz, local)
        if at > after and (not found or at > found[-1]):
            found.append(at)
    return found


def accepts(expression: str) -> bool:
    """croniter's verdict. It has more than one way to refuse."""
    from croniter import croniter
    try:
        croniter.expand(expression)
    except Exception:  # noqa: BLE001
        return False
    return True


# ----------------------------------------------------------------------------------------------------------- our side

def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MODULATIO_")}


def rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def asked(binary: Path, questions: list[tuple[str, str, datetime, int]]) -> list[dict]:
    """The program's answers, each to one question, in one run of it."""
    lines = [json.dumps({"expr": expr, "tz": tz, "after": rfc3339(after), "count": count})
             for expr, tz, after, count in questions]
    ran = subprocess.run([str(binary), "cron", "next", "--batch"], input="\n".join(lines) + "\n", env=environment(),
                         capture_output=True, text=True, timeout=300, check=True)
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(answers) == len(questions), f"{len(answers)} answers to {len(questions)} questions"
    return answers


def asked_alone(binary: Path, question: tuple[str, str, datetime, int]) -> dict:
    """The answer to one question as an operator asks it."""
    expr, tz, after, count = question
    ran = subprocess.run([str(binary), "--json", "cron", "next", expr, "--tz", tz, "--after", rfc3339(after), "--count",
                          str(count)], env=environment(), capture_output=True, text=True, timeout=60)
    if ran.returncode != 0:
        assert ran.returncode == 2, f"{expr}: exits {ran.returncode}: {ran.stderr}"
        return {"error": ran.stderr}
    return {"slots": [slot["at"] for slot in json.loads(ran.stdout)["slots"]]}


# -------------------------------------------------------------------------------------------------------- the checks

def compare_slots(binary: Path, generator: Generator) -> list[str]:
    questions = []
    while len(questions) < PAIRS:
        expression = generator.expression()
        if never_fires(expression.split()) if not expression.startswith("@") else False:
            continue
        zone = generator.random.choice(ZONES)
        count = generator.random.choice([1, 3, 10])
        questions.append((expression, zone, generator.instant(zone), count))
    answers = asked(binary, questions)
    faults, slots, rewritten = [], 0, 0
    for question, answer in zip(questions, answers):
        wanted = [rfc3339(at) for at in expected(*question)]
        rewritten += plainly(question[0]) != question[0]
        slots += len(wanted)
        if answer.get("slots") != wanted:
            faults.append(f"{question[0]!r} in {question[1]} after {question[2]}: {answer}, expected {wanted}")
    for question, answer in list(zip(questions, answers))[:40]:
        if asked_alone(binary, question) != answer:
            faults.append(f"{question}: alone it is answered otherwise than among others")
    near = sum(any(abs(at - change) < timedelta(hours=4) for change in generator.changes[zone])
               for _, zone, at, _ in questions)
    print(f"slots: {len(questions)} pairs of expression and instant in {len(ZONES)} zones, {near} of them at a change of "
          f"the clock; {slots} slots compared, {len(faults)} differences")
    print(f"  in {rewritten} expressions one-value ranges and steps over the end were written out for croniter")
    return faults


def compare_verdicts(binary: Path, generator: Generator) -> list[str]:
    texts = [generator.malformed() for _ in range(VERDICTS)]
    now = datetime(2026, 11, 28, tzinfo=timezone.utc)
    answers = asked(binary, [(text, "UTC", now, 1) for text in texts])
    faults, both, purposes = [], Counter(), Counter()
    for text, answer in zip(texts, answers):
        theirs, ours, purpose = accepts(text), "slots" in answer, on_purpose(text)
        wanted = purpose[1] if purpose else theirs
        if ours != wanted:
            faults.append(f"{text!r}: {answer}, but {'accepted' if wanted else 'refused'} is right ({purpose})")
        elif ours != theirs:
            purposes[purpose[0]] += 1
        else:
            both[ours] += 1
            if ours and answer["slots"] != [rfc3339(at) for at in expected(text, "UTC", now, 1)]:
                faults.append(f"{text!r}: {answer}, but croniter says otherwise")
    print(f"verdicts: {len(texts)} expressions with slips; {both[True]} accepted and {both[False]} refused by both, "
          f"{purposes.total()} differ on purpose, {len(faults)} differences")
    for purpose, count in purposes.most_common():
        print(f"  {count} on purpose: {purpose}")
    return faults


def check(binary: Path, seed: int) -> int:
    generator = Generator(seed)
    faults = compare_slots(binary, generator) + compare_verdicts(binary, generator)
    for fault in faults[:20]:
        print(f"DIFFERENT  {fault}")
    print(f"croniter: {PAIRS + VERDICTS} compared, {len(faults)} differences, seed {seed}")
    return 1 if faults else 0


def main() -> int:
    match sys.argv[1:]:
        case ["install", where]:
            return install(Path(where).absolute())
        case ["check", where, binary, *seed] if len(seed) < 2:
            # Anew with the environment's Python, and with its zones in place of the system's.
            python = Path(where).absolute() / "bin" / "python"
            command = [str(python), str(Path(__file__).resolve()), "compare", str(Path(binary).absolute()), *seed]
            return subprocess.run(command, env=os.environ | {"PYTHONTZPATH": ""}, check=False).returncode
        case ["compare", binary, *seed] if len(seed) < 2:
            return check(Path(binary), int(seed[0]) if seed else SEED)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
