"""Random BLIP models of several shapes, built once, and pictures to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from random_models import SHAPES, Shape, build_model, build_processor, build_tokenizer


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="Run notebooks and lessons whole, not in their small form.")


@pytest.fixture(scope="session")
def full(request) -> bool:
    """Whether notebooks run whole: ``pytest -m notebook --full``."""
    return request.config.getoption("--full")


@pytest.fixture(scope="session", autouse=True)
def few_threads():
    """Small models run faster, and other work keeps its core, with one thread."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tokenizer():
    return build_tokenizer()


@pytest.fixture(params=SHAPES, ids=lambda shape: shape.name)
def shape(request) -> Shape:
    return request.param


@pytest.fixture
def random_model(shape, tokenizer):
    return build_model(shape, tokenizer)


@pytest.fixture
def matcher(shape, tokenizer, random_model):
    """A matcher over a random model in memory."""
    from iterprime_xai.models import load_matcher

    return load_matcher(random_model, build_processor(shape, tokenizer))


@pytest.fixture(scope="session")
def matchers(tmp_path_factory, tokenizer):
    """A random matcher of every family, by its name."""
    from random_albef import ALBEF_SHAPES, random_state, write_checkpoint
    from random_blip2 import QSHAPES, build_blip2, build_blip2_processor

    from iterprime_xai.models import load_matcher

    shape, queries, albef = SHAPES[0], QSHAPES[0], ALBEF_SHAPES[0]
    folder = tmp_path_factory.mktemp("albef")
    state = random_state(albef, len(tokenizer))
    return {
        "blip": load_matcher(build_model(shape, tokenizer), build_processor(shape, tokenizer)),
        "blip2": load_matcher(build_blip2(queries, tokenizer), build_blip2_processor(queries, tokenizer)),
        "albef": load_matcher(
            write_checkpoint(folder / "ALBEF.pth", state, tokenizer), image_size=albef.image, device="cpu"
        ),
    }


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory, tokenizer) -> Path:
    """A random model saved in the hub's layout."""
    folder = tmp_path_factory.mktemp("hub") / "random-blip"
    shape = SHAPES[0]
    build_model(shape, tokenizer).save_pretrained(folder)
    build_processor(shape, tokenizer).save_pretrained(folder)
    build_processor(shape, tokenizer).image_processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def picture() -> Image.Image:
    """A small picture with structure: coloured squares on noise."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(90, 130, (96, 128, 3), dtype=np.uint8)
    pixels[10:40, 12:50] = (220, 40, 30)
    pixels[50:90, 70:120] = (30, 60, 210)
    return Image.fromarray(pixels)
