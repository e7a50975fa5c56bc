#!/usr/bin/env python3
"""Writes src/catalog/prices.json from the public price table that the PyPI package litellm ships.

    pip download litellm==VERSION --no-deps
    unzip -p litellm-*.whl litellm/model_prices_and_context_window_backup.json > table.json
    tools/prices/refresh.py table.json VERSION YYYY-MM-DD [OLDER.json VERSION YYYY-MM-DD]... > src/catalog/prices.json

The date is the day of the download; how old the prices are by then is told by the version. Further tables, newest first, fill in models that the ones
before them no longer list (newer versions of the package have dropped OpenRouter and retired models); each line says
from which table it is. The same arguments give the same bytes.

What is taken, of the providers below and of models that answer in a chat: the provider's own name, the prompt window
(`max_input_tokens`, or `max_tokens` where only that is known; a provider may count the answer on top of it), the most
tokens of an answer, and the list prices, exactly, in micro-dollars for a million tokens. Prices that are not a whole
number of those are rounded up. Where reasoning tokens are dearer than others, theirs is the price of output.

What is left out: image, audio, video, embedding, moderation, live and search models and those that only other
methods than chat serve; fine-tunes (`ft:`); batch, flex and priority prices; prices of longer cache lifetimes than
the shortest; fees for tools and searches; names that OpenRouter routes to a model of its choice, whose price is the
chosen one's. A price of zero is taken for OpenRouter's `:free` variants only: elsewhere it stands for a trial or for
nothing known, so the model is listed with its windows and without a price.
"""

import json
import re
import sys
from decimal import ROUND_CEILING, Decimal

PROVIDERS = ["anthropic", "deepseek", "gemini", "groq", "mistral", "openai", "openrouter", "xai"]
FILE = "litellm/model_prices_and_context_window_backup.json"
NOTE = (
    "Public list prices; facts taken by tools/prices/refresh.py, no text or code of the source. "
    "Micro-dollars for a million tokens. Do not edit: run the script."
)
# Kinds of models that answer in something else than text, or that are not asked for text, by a word of their name.
OTHER_KINDS = re.compile(
    r"audio|realtime|-live-|live-translate|-tts|lyria|image|embed|moderation|guard|search|robotics|computer-use|container"
    r"|ocr|transcribe|voxtral"
)
PER_MILLION = Decimal(10) ** 12  # dollars for a token to micro-dollars for a million


def main(arguments):
    if not arguments or len(arguments) % 3:
        sys.exit(__doc__)
    tables = [arguments[at : at + 3] for at in range(0, len(arguments), 3)]
    sources, models = [], {}
    for number, (path, version, date) in enumerate(tables):
        sources.append({"package": "litellm", "version": version, "date": date, "file": FILE, "licence": "MIT"})
        with open(path, encoding="utf-8") as file:
            table = json.load(file, parse_float=Decimal)
        for key, model in read(table, number).items():
            models.setdefault(key, model)
    write(sources, [models[key] for key in sorted(models)])


def read(table, source):
    """The table's models by provider and name; a name with the provider before it goes before the same name without."""
    models = {}
    for key in sorted(table, key=lambda key: ("/" not in key, key)):
        entry = table[key]
        provider = entry.get("litellm_provider")
        name = key.removeprefix(f"{provider}/")
        if provider in PROVIDERS and is_wanted(provider, name, entry):
            models.setdefault((provider, name), line(provider, name, entry, source))
    return models


def is_wanted(provider, name, entry):
    if entry.get("mode") != "chat" or name.startswith("ft:"):
        return False
    return not OTHER_KINDS.search(name) and not (provider == "openrouter" and name.startswith("openrouter/"))


def line(provider, name, entry, source):
    out = {"provider": provider, "id": name}
    if source:
        out["source"] = source
    window = entry.get("max_input_tokens") or entry.get("max_tokens")
    for key, value in [("context", window), ("max_output", entry.get("max_output_tokens"))]:
        if isinstance(value, (int, Decimal)) and value == int(value) and value > 1:
            out[key] = int(value)
    base = prices(entry, "")
    if base is None or (base["input"] == 0 and not (provider == "openrouter" and name.endswith(":free"))):
        return out
    out.update(base)
    tiers = [above(entry, thousands) for thousands in thresholds(entry)]
    if len(tiers) > 1:
        sys.exit(f"{provider}/{name}: more than one threshold; the format holds one")
    for tier in tiers:
        out["above"] = tier
    return out


def thresholds(entry):
    found = (re.fullmatch(r"input_cost_per_token_above_(\d+)k_tokens", key) for key in entry)
    return sorted({int(match[1]) for match in found if match})


def above(entry, thousands):
    tier = prices(entry, f"_above_{thousands}k_tokens")
    if tier is None:
        sys.exit(f"a price above {thousands}k tokens is incomplete: {entry}")
    return {"tokens": thousands * 1000, **tier}


def prices(entry, suffix):
    """Prices in micro-dollars for a million tokens; what the provider does not charge for on its own is left out."""
    get = lambda key: micros(entry.get(key + suffix))
    read_, written = get("input_cost_per_token"), get("output_cost_per_token")
    if read_ is None or written is None:
        return None
    out = {"input": read_, "output": max(written, get("output_cost_per_reasoning_token") or 0)}
    cached, stored = get("cache_read_input_token_cost"), get("cache_creation_input_token_cost")
    if cached:
        out["cached_input"] = cached
    if stored:
        out["cache_write"] = stored
    return out


def micros(dollars):
    if dollars is None:
        return None
    return int((Decimal(dollars) * PER_MILLION).to_integral_value(ROUND_CEILING))


def write(sources, models):
    """One model a line, so that a refresh reads well as a difference."""
    dump = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    lines = ",\n".join(dump(model) for model in models)
    sources = ",\n".join(dump(source) for source in sources)
    sys.stdout.write(f'{{"note":{dump(NOTE)},\n"sources":[\n{sources}\n],\n"models":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main(sys.argv[1:])
