"""What is shipped to run Payam with, run: nginx, backups, and what the files of deploy/ name."""
