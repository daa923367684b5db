"""Room: core. Words, times, states, roles, errors and ports. Standard library only; knows nobody upstairs."""
