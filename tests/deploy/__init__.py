"""Room: tests.deploy. What stands ready for other programs: checked against their documents and our real answers."""
