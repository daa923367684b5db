"""Room: cli. The commands of `nas-asr`, one file a subject. Words in, sentences out; no rule of the house lives here."""
