"""Room: install. Puts packages into .venv, in two stages. Standard library only; never imports what it installs."""
