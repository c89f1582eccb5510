"""`python -m offhook`."""

from offhook.cli.main import main

main()
