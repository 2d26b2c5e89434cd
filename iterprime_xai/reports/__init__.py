"""Reports: notebooks that travel with the package, run by papermill behind one function; and many of them at once."""

from iterprime_xai.reports.every_value import run_each
from iterprime_xai.reports.find import available
from iterprime_xai.reports.many_samples import sample_pages
from iterprime_xai.reports.running import parameters_of, run

__all__ = ["available", "parameters_of", "run", "run_each", "sample_pages"]
