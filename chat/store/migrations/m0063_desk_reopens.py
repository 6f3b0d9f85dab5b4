"""Since when customers' replies reopen tickets. Earlier ones do not, when the rule begins."""

STATEMENTS = ("ALTER TABLE desk ADD COLUMN reopens_from BIGINT NOT NULL DEFAULT 0",)
