"""Room: jobs. The doorbell: embedded Redis and the RQ queue. Bootstrap hands it down; it never decides what is done."""
