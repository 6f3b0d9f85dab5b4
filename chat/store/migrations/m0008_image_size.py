"""An attachment that is a picture says how large it is; those that are there already do not."""

STATEMENTS = (
    "ALTER TABLE attachments ADD COLUMN width BIGINT",
    "ALTER TABLE attachments ADD COLUMN height BIGINT",
)
