"""Room: engine. From PCM to text: VAD, utterances, recognisers, ITN. Never opens a file, never knows a team or a page."""
