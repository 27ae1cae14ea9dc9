"""python -m pkg --steps 100000."""
# mypy: ignore-errors

from pkg.trainer.loop import main

if __name__ == "__main__":
    main()
