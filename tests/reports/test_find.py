"""Where report notebooks are found: beside the package, in a checkout, or at a path."""

from __future__ import annotations

import pytest

from iterprime_xai.records import OptionError
from iterprime_xai.reports import available, find


@pytest.fixture
def places(tmp_path, monkeypatch):
    """An empty package folder in an empty checkout."""
    package = tmp_path / "checkout" / "iterprime_xai" / "reports"
    package.mkdir(parents=True)
    monkeypatch.setattr(find, "_HERE", package)
    monkeypatch.setattr(find, "_CHECKOUT", tmp_path / "checkout")
    return tmp_path / "checkout", package


def put(folder, name):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.ipynb"
    path.write_text("{}", encoding="utf-8")
    return path


def test_the_report_and_the_tutorial_travel_with_the_project():
    assert "sample" in available()
    assert "01_what_does_the_model_look_at" in available("tutorials")


def test_a_checkout_keeps_its_notebooks_at_the_top(places):
    checkout, _ = places
    (checkout / "pyproject.toml").touch()
    report = put(checkout / "notebooks", "sample")
    tutorial = put(checkout / "tutorials", "01_first")
    assert (available(), available("tutorials")) == (("sample",), ("01_first",))
    assert find.find("sample") == report
    assert find.find("01_first") == tutorial


def test_an_installed_package_has_them_inside_and_ignores_folders_beside_it(places):
    checkout, package = places
    put(checkout / "notebooks", "somebody_elses")
    assert available() == ()
    inside = put(package / "notebooks", "sample")
    assert find.find("sample") == inside


def test_a_path_to_any_notebook_is_taken_as_it_is(tmp_path):
    path = put(tmp_path, "my own")
    assert find.find(path) == path
    assert find.find(str(path)) == path


@pytest.mark.parametrize(
    ("name", "said"),
    [("sampel", "Did you mean 'sample'"), ("xyz", "Expected a path"), ("gone.ipynb", "no notebook file gone.ipynb")],
)
def test_what_is_not_there_is_refused_with_what_is(name, said):
    with pytest.raises(OptionError, match=said) as caught:
        find.find(name)
    assert "sample" in str(caught.value)
