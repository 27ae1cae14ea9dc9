"""Faster: which changes make a command faster, by how much, and whether its numbers stay the same. Pure.

model      the values: Command, Candidate, Setting, Machine, Profile, Trace
setting    a command with candidates put into it, as text: argv, environment, preamble
length     how many units the whole run has, from arguments, help and configuration
rate       traces → ratio on the same units; the unit, the phase, the mix of costs
digests    traces → is a class kept or broken
compare    ratios of mirrored pairs → factor with its interval, or not shown
bounds     stack samples → shares of the time, and the most that removing one can give
diagnosis  shares → lines with their kind and what to do
search     candidates, results so far → the next probe, or done
report     what was found, as one value with its JSON
"""
