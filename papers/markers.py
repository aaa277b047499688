"""Provisional."""
import re
def expand_numeric(text): return [int(n) for n in re.findall(r"\d+", text)]
def group_size_at(text, start, end): return None
def locate_marker(text, *, family_names=(), year=None):
    i = text.find("[CITED_AUTHOR]")
    return (i, i + 14) if i >= 0 else None
