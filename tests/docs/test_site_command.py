"""The command that makes the site, where it cannot be made."""

from __future__ import annotations

from site_building import ROOT, make_site


def test_without_its_packages_it_names_them_and_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_site, "NEEDED", ("sphinx_that_is_not_there",))
    assert make_site.main([str(tmp_path / "site")]) == 2
    assert "sphinx_that_is_not_there" in (said := capsys.readouterr().err)
    assert 'pip install -e ".[docs]"' in said
    assert not (tmp_path / "site").exists()


def test_the_docs_extra_brings_what_it_needs():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (extra,) = [line for line in project.splitlines() if line.startswith("docs = ")]
    for package in ("iterprime-xai[reports]", "sphinx", "myst-parser", "pydata-sphinx-theme"):
        assert f'"{package}' in extra
