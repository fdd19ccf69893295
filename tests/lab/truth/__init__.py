"""What sonde says, held against what the lab did: records.py reads the truth, judge.py says what each answer
is worth by its bytes alone, compare.py finds the differences."""
