"""Provisional."""
import re
def split_sentences(text):
    out, b = [], 0
    for m in re.finditer(r"(?<=[.!?])\s+(?=[A-Z(\[])", text):
        if m.start() > b: out.append((b, m.start()))
        b = m.end()
    if b < len(text): out.append((b, len(text)))
    return out
