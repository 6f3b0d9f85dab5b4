"""What staff do with accounts and conversations that are not theirs, under `/api/staff/`."""
