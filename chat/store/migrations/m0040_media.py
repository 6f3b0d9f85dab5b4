"""An attachment says how large its thumbnail is, in bytes, and how long its sound or film is."""

STATEMENTS = (
    "ALTER TABLE attachments ADD COLUMN thumbnail_size BIGINT",
    "ALTER TABLE attachments ADD COLUMN duration_ms BIGINT",
)
