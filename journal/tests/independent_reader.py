#!/usr/bin/env python3
"""A second reader of the journal, written from FORMAT.md alone, with nothing but the standard library.

Prints `<name> <frames> <hash of the last frame>` for each file, or `<name> bad <first bad frame>`.
"""
import json
import os
import sys

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED, CONTEXT, MATERIAL = 1, 2, 4, 8, 16, 32, 64
MASK = 0xFFFFFFFF


def words(block):
    return [int.from_bytes(block[i : i + 4], "little") for i in range(0, len(block), 4)]


def mix(v, a, b, c, d, x, y):
    for word, left, right in ((x, 16, 12), (y, 8, 7)):
        v[a] = (v[a] + v[b] + word) & MASK
        v[d] ^= v[a]
        v[d] = (v[d] >> left | v[d] << (32 - left)) & MASK
        v[c] = (v[c] + v[d]) & MASK
        v[b] ^= v[c]
        v[b] = (v[b] >> right | v[b] << (32 - right)) & MASK


def compress(cv, block, counter, length, flags):
    m = words(block.ljust(64, b"\0"))
    v = [*cv, *IV[:4], counter & MASK, counter >> 32, length, flags]
    for _ in range(7):
        for i in range(4):
            mix(v, i, 4 + i, 8 + i, 12 + i, m[2 * i], m[2 * i + 1])
        for i in range(4):
            mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[8 + 2 * i], m[9 + 2 * i])
        m = [m[i] for i in PERMUTATION]
    return [v[i] ^ v[i + 8] for i in range(8)]


def to_bytes(cv):
    return b"".join(word.to_bytes(4, "little") for word in cv)


def chunk(key, data, counter, flags, root):
    cv, blocks = key, [data[i : i + 64] for i in range(0, len(data), 64)] or [b""]
    for i, block in enumerate(blocks):
        first = CHUNK_START if i == 0 else 0
        last = CHUNK_END | root if i == len(blocks) - 1 else 0
        cv = compress(cv, block, counter, len(block), flags | first | last)
    return cv


def tree(key, data, counter, flags, root):
    if len(data) <= 1024:
        return chunk(key, data, counter, flags, root)
    left = 1024
    while left * 2 < len(data):
        left *= 2
    children = tree(key, data[:left], counter, flags, 0), tree(key, data[left:], counter + left // 1024, flags, 0)
    return compress(key, to_bytes(children[0] + children[1]), 0, 64, flags | PARENT | root)


def keyed_hash(key, data):
    return to_bytes(tree(words(key), data, 0, KEYED, ROOT))


def derive_key(context, material):
    return to_bytes(tree(tree(IV, context, 0, CONTEXT, ROOT), material, 0, MATERIAL, ROOT))


def read(path):
    name = os.path.basename(path).removesuffix(".journal.jsonl")
    key = derive_key(b"modulatio journal v1", name.encode())
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")
    if lines.pop() != b"":
        return f"{name} bad {len(lines)}"
    for seq, line in enumerate(lines):
        frame = json.loads(line)
        good = keyed_hash(key, line[73:]).hex() == frame["b3"] and frame["seq"] == seq
        if not good or list(frame) != ["b3", "seq", "at", "epoch", "by", "events"] or line[:7] != b'{"b3":"':
            return f"{name} bad {seq}"
        key = bytes.fromhex(frame["b3"])
    return f"{name} {len(lines)} {key.hex()}"


for path in sys.argv[1:]:
    print(read(path))
