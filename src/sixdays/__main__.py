"""python -m sixdays: the command line."""

from sixdays.cli import main

if __name__ == "__main__":
    main()
