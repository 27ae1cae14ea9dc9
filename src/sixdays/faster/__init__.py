"""Faster: which changes make a command faster, by how much, and whether its numbers stay the same. Pure.

model      the values: Command, Candidate, Setting, Machine, Profile, Trace
setting    a command with candidates put into it, as text: argv, environment, preamble; preload: the line for that
length     how many units the whole run has, from arguments, help and configuration; loaders: as the agent noted them
option     one option of a command, and the words that set it; options: all of them; helptext, declared, configured,
           fixed: where they stand
unit       what counts as progress, and when how much of it was done; printed: numbers that a command prints
phases     a trace → its phases, and the window that is compared; evaluations: their share
rate       traces → ratio on the same units, units per second; mix: at the original's mix of costs
yardstick  how runs are held against each other; quiet: without the machine's neighbours; fresh: pairs that confirm
digests    traces → is a class kept or broken; checkpoints: what is compared; movement, progress, wording: of
           parameters, counts, printed numbers
compare    ratios of mirrored pairs → factor with its interval, or not shown
bounds     stack samples → shares of the time, and the most that removing one can give; kinds: what was done then
diagnosis  shares → lines with their kind and what to do; graphs: whether steps keep theirs
ten_minutes  plan, scripts, logs → what is worth ten minutes; nothing is measured
search     candidates, results so far → the next probe, or done; probe: one run that it asks for, and what came of it
conclusion a search → report, the value that says what was found, with its JSON
"""
