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


def test_a_broken_link_fails_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_site, "build", lambda *_, **asked: ["broken link: index.html: gone.html (no such file)"])
    assert make_site.main([str(tmp_path / "site")]) == 1
    assert "gone.html" in capsys.readouterr().err
    monkeypatch.setattr(make_site, "build", lambda *_, **asked: [])
    assert make_site.main([str(tmp_path / "site")]) == 0


def test_smoke_executes_one_lesson_and_one_report_unless_others_are_named(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(make_site, "build", lambda out, **given: asked.append(given) or [])
    for more in ([], ["--smoke"], ["--smoke", "--lessons", "03", "--reports"]):
        make_site.main([str(tmp_path), *more])
    assert [(given["smoke"], given["executed"], given["reports"]) for given in asked] == [
        (False, None, None),
        (True, ["01"], ["sample"]),
        (True, ["03"], []),
    ]
