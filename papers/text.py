"""Provisional."""
import re, html, unicodedata
from hashlib import blake2b
from anyascii import anyascii
MAX_TITLE, MAX_NAME, MAX_ABSTRACT, MAX_PASSAGE, MAX_SECTION, MAX_RAW = 1000, 300, 20_000, 20_000, 300, 4_000
def has_forbidden(v): return "\x00" in v or any(0xD800 <= ord(c) <= 0xDFFF for c in v)
def clean_line(value, limit):
    if not isinstance(value, str): return ""
    v = "".join(c for c in value if c >= " " and not 0xD800 <= ord(c) <= 0xDFFF or c in "\n\t")
    v = re.sub(r"(?is)<(script|style).*?</\1>", "", v)
    v = re.sub(r"</?[a-zA-Z][\w:-]*[^<>]*>", "", v)
    v = " ".join(html.unescape(v).split())
    return v if len(v) <= limit else v[: limit - 1] + "…"
def clean_text(value, limit): return clean_line(value, limit)
def clean_passage(text, start, end):
    if not isinstance(text, str): return "", None, None
    ok = type(start) is int and type(end) is int and 0 <= start < end <= len(text)
    if not ok: return clean_line(text, MAX_PASSAGE), None, None
    t = clean_line(text[:start] + "\ue000" + text[start:end] + "\ue001" + text[end:], MAX_PASSAGE + 2)
    s, e = t.find("\ue000"), t.find("\ue001") - 1
    t = t.replace("\ue000", "").replace("\ue001", "")
    return (t, s, e) if 0 <= s < e else (t, None, None)
def fold(text): return " ".join(re.findall(r"[a-z0-9]+", anyascii(text or "").lower()))
def fold_name(name): return fold(name)
def family_and_initial(name):
    if "," in name:
        f, _, g = name.partition(",")
        return fold(f), fold(g)[:1]
    p = fold(name).split()
    return (p[-1], p[0][0]) if len(p) > 1 else (p[0] if p else "", "")
def fingerprint(text): return blake2b(fold(text).replace(" ", "").encode(), digest_size=16).hexdigest()
def carry_span(a, b, start, end): return None
def slug(title): return re.sub(r"\s+", "-", fold(title)[:60].strip()) or "paper"
def contribution_sentence(abstract):
    for s in re.split(r"(?<=[.!?])\s+", abstract or ""):
        if re.search(r"\b(we (present|propose|show|introduce|find|report)|this paper|in this study)\b", s, re.I): return s[:400]
    return ""
def result_sentences(abstract, limit=6):
    return [s for s in re.split(r"(?<=[.!?])\s+", abstract or "") if re.search(r"\b(we find|we show|results|outperform|\d+ ?%)", s, re.I)][:limit]
def is_title_noise(title): return not re.search(r"[^\W\d_]{2}", title or "")
