#!/usr/bin/env bash
# apsw 3.46.1.0 (PyPI), which brings SQLite 3.46.1, Python 3.11.
#
# Behaviour: a connection attaches a second file, and both files get a table `settings`. SQLite says
# that a name without a schema is looked for in `main` first, and in attached files after that. The
# connection has read the attached table before another connection makes the one in `main`. From
# then on it goes on to read the attached one: SQLite compares the schema's version only for the
# files that a statement uses, so nobody notices that `main` has changed. Once anything reads `main`,
# a SELECT that is written a bit differently reads the new table, and the old one, which apsw has
# kept prepared, still reads the other table. Two SELECTs of the same rows differ, on one connection.
# Expected: https://www.sqlite.org/lang_naming.html, `main` first, for every SELECT that is executed.
# Way out: make the tables before any connection that reads is opened, or name the schema.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check apsw==3.46.1.0
cat >try.py <<'TRY'
import apsw

READ = "SELECT origin FROM settings"


def origin(text):
    return reader.execute(text).fetchall()[0][0]


def make(name):
    connection = apsw.Connection(f"{name}.db")
    connection.execute("PRAGMA journal_mode = wal").fetchall()
    connection.execute("CREATE TABLE settings (origin TEXT)")
    connection.execute("INSERT INTO settings VALUES (?)", (name,))
    connection.close()


make("attached")
reader = apsw.Connection("main.db")
reader.execute("ATTACH 'attached.db' AS attached")
print("before main has the table:", origin(READ))
make("main")
print("after another made it:", origin(READ))
print("prepared anew:", origin(READ + " WHERE 1"))
reader.execute("SELECT count(*) FROM main.sqlite_master").fetchall()
print("after a read of main:", origin(READ))
print("prepared anew:", origin(READ + " WHERE 2"))
TRY
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
before main has the table: attached
after another made it: attached
prepared anew: attached
after a read of main: attached
prepared anew: main
EXPECTED
diff expected seen
echo "as described"
