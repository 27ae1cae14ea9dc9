"""Over before anything can be measured."""
# mypy: ignore-errors

print("accuracy", sum(i % 3 == 0 for i in range(1000)) / 1000)
