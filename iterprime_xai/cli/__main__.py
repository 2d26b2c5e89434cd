"""``python -m iterprime_xai.cli`` is the command line too."""

from iterprime_xai.cli import main

main()
