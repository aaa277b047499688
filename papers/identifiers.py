"""Provisional."""
import re
SCHEMES = ("doi", "arxiv", "acl", "pmid", "pmcid", "openalex", "s2", "corpusid")
def normalise_doi(v):
    v = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:)\s*", "", str(v).strip(), flags=re.I).lower().rstrip(".")
    return v if re.fullmatch(r"10\.\d{4,9}/\S+", v) and len(v) <= 255 else None
def normalise_arxiv_id(v):
    v = re.sub(r"^(https?://arxiv\.org/(abs|pdf)/|arxiv:)", "", str(v).strip().lower())
    v = re.sub(r"(v\d+)?(\.pdf)?$", "", v)
    return v if re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+(\.[a-z]{2})?/\d{7}", v) else None
def normalise_acl(v):
    v = str(v).strip()
    if re.fullmatch(r"[A-Za-z]\d{2}-\d{4}", v): return v.upper()
    return v if re.fullmatch(r"\d{4}\.[\w-]+\.\d+", v) else None
def normalise_orcid(v):
    v = str(v).strip().removeprefix("https://orcid.org/").upper()
    if not re.fullmatch(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", v): return None
    t = 0
    for c in v.replace("-", "")[:-1]: t = (t + int(c)) * 2
    r = (12 - t % 11) % 11
    return v if v[-1] == ("X" if r == 10 else str(r)) else None
_D = re.compile(r"\d{1,12}")
def normalise(scheme, value):
    s = str(scheme).lower()
    if value is None: return None
    if s == "doi": return normalise_doi(value)
    if s == "arxiv": return normalise_arxiv_id(value)
    if s == "acl": return normalise_acl(value)
    v = str(value).strip()
    if s in ("pmid", "corpusid"): return v if _D.fullmatch(v) else None
    if s == "pmcid": return v.upper() if re.fullmatch(r"(?i)PMC\d+", v) else None
    if s == "openalex":
        v = v.rsplit("/", 1)[-1].upper()
        return v if re.fullmatch(r"W\d+", v) else None
    if s == "s2": return v.lower() if re.fullmatch(r"(?i)[0-9a-f]{40}", v) else None
    return None
def canonical(ids):
    out = dict(ids)
    m = re.fullmatch(r"10\.48550/arxiv\.(.+)", out.get("doi", ""))
    if m: out.pop("doi"); out.setdefault("arxiv", m[1])
    return out
def normalise_identifiers(mapping):
    out, bad = {}, []
    for k, v in mapping.items():
        if v in (None, ""): continue
        if str(k).lower() not in SCHEMES: bad.append(f"unknown identifier scheme {k!r}"); continue
        n = normalise(k, v)
        if n is None: bad.append(f"{k} {str(v)[:60]!r} is not valid")
        else: out[str(k).lower()] = n
    return canonical(out), bad
def parse_identifier(text):
    t = str(text).strip()
    s, c, v = t.partition(":")
    if c and s.lower() in SCHEMES and normalise(s, v): return next(iter(canonical({s.lower(): normalise(s, v)}).items()))
    for s in ("doi", "arxiv", "acl"):
        n = normalise(s, t)
        if n: return next(iter(canonical({s: n}).items()))
    return None
def identifier_url(scheme, value):
    return {"doi": "https://doi.org/", "arxiv": "https://arxiv.org/abs/", "acl": "https://aclanthology.org/"}.get(scheme, "") and {"doi": "https://doi.org/", "arxiv": "https://arxiv.org/abs/", "acl": "https://aclanthology.org/"}[scheme] + value
def display(scheme, value): return f"{scheme}:{value}"
