"""The batch side: a snapshot of the library as Parquet, hubs computed from it elsewhere, and their way back.

``snapshot.py`` writes the evidence and its effective labels; ``rollup.py`` says as Ibis
expressions what a hub page counts, ``engines.py`` has DuckDB or Spark compute it;
``loading.py`` writes the result into the library. ``folders.py`` knows what a whole folder
is. Needs the extra ``batch``; nothing else imports this package, so that the site runs without.
"""
