"""A small real chain, made once: keys, a signed corpus, a signed extended tokenizer, an untrained Llama, an adapter."""

import importlib.util
import os
import shutil
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

if "tune_world" not in sys.modules:
    _spec = importlib.util.spec_from_file_location("tune_world", Path(__file__).with_name("tune_world.py"))
    sys.modules["tune_world"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["tune_world"])

from tune_world import ISSUED, NOW, RECIPE, World, write_base_tokenizer, write_corpus


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> World:
    """Everything but the adapter; never changed, copy it with `copy`."""
    from govern.attestation import verify
    from govern.keys import generate, load_private
    from vocab.extend import extend
    from vocab.term_lists import load

    root = tmp_path_factory.mktemp("world")
    generate(root / "keys")
    key = load_private(root / "keys/sign.pem")
    write_corpus(root / "corpus", key)
    corpus = verify(root / "corpus", [root / "keys/sign.pub"], now=NOW, purpose="train")
    write_base_tokenizer(root / "base-tokenizer")
    (root / "terms.txt").write_text("term\nEBITDA\n순이자마진\n", encoding="utf-8")
    lists = [load(str(root / "terms.txt"))]
    extend(root / "base-tokenizer", corpus, lists, root / "tokenizer", key=key, issued=ISSUED)
    (root / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    return World(root)


@pytest.fixture(scope="session")
def world_with_model(world) -> World:
    """The same with an untrained Llama that has a row for each id."""
    pytest.importorskip("torch")
    from tune.base_model import build_for

    build_for(world.root / "tokenizer", world.root / "model", hidden=64, layers=2)
    return world


@pytest.fixture(scope="session")
def trained(world_with_model) -> World:
    """The same with an adapter, trained once in this process."""
    import torch

    from tune.running import run

    torch.set_num_threads(1)
    run(world_with_model.recipe(), now=NOW)
    return world_with_model


@pytest.fixture
def no_internet(monkeypatch):
    """Any socket that would leave the process is an error."""

    def refuse(*_):
        raise AssertionError("opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def copy(tmp_path):
    """A function that copies a world, to alter it."""

    def make(world: World) -> World:
        target = tmp_path / "copy"
        shutil.copytree(world.root, target)
        return replace(world, root=target)

    return make
