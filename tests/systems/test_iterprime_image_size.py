"""The system's setting for the size at which a .pth file looks at a picture."""

from __future__ import annotations

import pytest
from random_albef import ALBEF_SHAPES, random_state, write_checkpoint

from iterprime_xai.records import OptionError
from iterprime_xai.systems import load_system


def test_a_checkpoint_file_looks_at_the_size_that_is_set(tokenizer, tmp_path):
    path = write_checkpoint(tmp_path / "ALBEF.pth", random_state(ALBEF_SHAPES[0], len(tokenizer)), tokenizer)
    own = load_system("iterprime", {"model": str(path)})
    wide = load_system("iterprime", {"model": str(path), "image_size": 96})
    assert (own.grounder.matcher.grid, wide.grounder.matcher.grid) == ((6, 6), (12, 12))
    assert wide.describe()["settings"]["image_size"] == 96
    assert own.describe() != wide.describe()
    with pytest.raises(OptionError, match=r"image_size goes with a \.pth file"):
        load_system("iterprime", {"image_size": 96})
    with pytest.raises(OptionError, match="in memory already"):
        load_system("iterprime", {"model": own.grounder.matcher, "image_size": 96})
