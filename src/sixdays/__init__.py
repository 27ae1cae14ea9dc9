"""Do your experiments fit the deadline? The public names resolve on first use, so importing this is cheap."""

__version__ = "0.1.0"
