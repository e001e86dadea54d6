"""The database behind a server: a file in its data folder, or a fresh database on the tests' PostgreSQL."""

import os
import sqlite3
import subprocess
import urllib.parse
import uuid

ENGINE = os.environ.get("MUSTER_TEST_ENGINE", "sqlite")
ADMIN_URL = os.environ.get("MUSTER_TEST_POSTGRES_URL")


class Sqlite:
    """Inside the data folder; needs nothing."""

    engine = "sqlite"
    url = None

    def drop(self):
        pass

    def execute(self, data, statement):
        """Changes the database of a stopped server behind its back."""
        with sqlite3.connect(data / "muster.db") as connection:
            connection.execute(statement)
        connection.close()


class Postgres:
    """A database of its own on the tests' server."""

    engine = "postgres"

    def __init__(self):
        assert ADMIN_URL, "MUSTER_TEST_POSTGRES_URL is not set; run the suite by `cargo xtask test`"
        self.name = f"muster_{uuid.uuid4().hex}"
        administrate(f'CREATE DATABASE "{self.name}"')
        parts = urllib.parse.urlsplit(ADMIN_URL)
        self.url = parts._replace(path=f"/{self.name}").geturl()

    def execute(self, _data, statement):
        administrate(statement, self.url)

    def drop(self):
        administrate(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


def administrate(statement, url=ADMIN_URL):
    command = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", statement, url]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)


def fresh():
    return Postgres() if ENGINE == "postgres" else Sqlite()
