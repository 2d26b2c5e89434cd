"""``python -m iterprime_xai`` is the command line."""

from iterprime_xai.cli import main

main()
