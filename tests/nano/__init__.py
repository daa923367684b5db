"""Room: tests.nano. The small Fun-ASR-Nano checkpoint: how it was made, how good it is. Imports neither torch nor funasr."""
