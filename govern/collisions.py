"""How often a surrogate name is also the name of somebody in the corpus, so that a reader cannot tell which of them is meant.

Counted over keyed digests of canonical names, which the private findings hold; no name is read.
"""

from pathlib import Path
from typing import Any

PPM = 1_000_000


def surrogate_names(findings: Path) -> dict[str, Any] | None:
    """Distinct names found, distinct surrogates of names, and how many of those are names that were found.

    `shared` counts names whose surrogate another name has too. None where no name has a surrogate.
    """
    import polars as pl

    rows = (
        pl.scan_parquet(findings / "*.parquet").filter(pl.col("entity_type") == "PERSON").select("value", "surrogate")
    )
    pairs = rows.unique().collect()
    made = pairs.drop_nulls("surrogate")
    if not made.height:
        return None
    names, surrogates = pairs["value"].unique(), made["surrogate"].unique()
    colliding = int(surrogates.is_in(names.implode()).sum())
    sharing = made.group_by("surrogate").len().filter(pl.col("len") > 1)["len"].sum()
    return {
        "names": len(names),
        "surrogates": len(surrogates),
        "colliding": colliding,
        "colliding_ppm": round(PPM * colliding / len(surrogates)),
        "shared": int(sharing),
    }
