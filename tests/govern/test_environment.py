"""The environment a result was made in."""

from importlib import metadata

from govern.environment import NAMED, environment


def test_the_environment_names_versions_and_digests_all_of_them() -> None:
    """The versions are those installed; the digest is stable and differs where more is needed."""
    found = environment()
    assert found["assay"] == metadata.version("assay")
    assert found["packages"] == {name: metadata.version(name) for name in NAMED}
    assert found["environment_digest"] == environment.__wrapped__()["environment_digest"]
    assert found["environment_digest"] != environment(("tune",))["environment_digest"]
