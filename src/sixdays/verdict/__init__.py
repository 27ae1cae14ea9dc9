"""Are these curves a result? Curves → estimators → verdict. Arithmetic, NumPy only; no model is asked."""
