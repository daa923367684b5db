"""Room: services. One function per intent of a user, one transaction each. No Flask, no RQ, no torch."""
