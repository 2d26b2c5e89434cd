"""Reports: notebooks that travel with the package, run by papermill behind one function."""

from iterprime_xai.reports.find import available
from iterprime_xai.reports.running import parameters_of, run

__all__ = ["available", "parameters_of", "run"]
