"""Room: worker. Answers the doorbell with one warm child that holds the engine. Never decides who may see the result."""
