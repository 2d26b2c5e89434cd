"""Reports: notebooks that travel with the package, run by papermill behind one function."""

from iterprime_xai.reports.find import available
from iterprime_xai.reports.run import parameters_of, run_report

__all__ = ["available", "parameters_of", "run_report"]
