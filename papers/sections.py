"""Provisional."""
SECTION_KINDS = ("abstract", "introduction", "related-work", "methods", "results", "discussion", "conclusion", "other")
def section_kind(title):
    t = (title or "").lower()
    if not t: return ""
    for k, ws in (("abstract", ("abstract",)), ("related-work", ("related", "previous work")), ("introduction", ("intro", "background")), ("methods", ("method", "experiment", "data", "material")), ("results", ("result", "evaluation")), ("discussion", ("discussion",)), ("conclusion", ("conclu",))):
        if any(w in t for w in ws): return k
    return "other"
