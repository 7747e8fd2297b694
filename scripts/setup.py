"""Make the virtual environment, and a .env with fresh secrets. Immediate when nothing has changed since.

``setup.py`` installs what the program needs; ``--dev`` what tests and checks need too; ``--no-env`` writes no .env.
Runs before anything is installed, on any Python 3, so that an old one is told so in a sentence.
"""

import base64
import hashlib
import os
import secrets
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
REQUIREMENTS = {"run": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}
OLDEST = (3, 11)
UV = "uv==0.13.9"

# Three of these and a number are a password for a demo on one's own machine, and can be typed.
WORDS = (
    "amber anchor apple arrow autumn bamboo barley basil beacon birch bramble breeze brook candle canyon cedar chalk "
    "cherry cloud clover cobalt copper coral cotton crane creek daisy delta dune ember falcon fennel fern field flint "
    "forest garden ginger granite harbor hazel heron hollow island ivory jasmine juniper kettle lantern laurel lemon "
    "linen maple marble meadow mellow mint mirror mosaic nutmeg oak ocean olive orchard otter paper pebble pepper pine "
    "planet plum pond poppy quartz raven reed ribbon river robin saddle saffron sage sand silver sparrow spruce stone "
    "summer thistle timber tulip valley velvet violet walnut willow winter yarrow"
).split()


def main() -> None:
    level = "dev" if "--dev" in sys.argv[1:] else "run"
    use_a_new_enough_python()
    if not is_installed(level):
        make_venv()
        install(level)
    if "--no-env" not in sys.argv[1:]:
        write_env_file(os.path.join(ROOT, ".env"))


def use_a_new_enough_python() -> None:
    """Go on under a newer Python of this machine when this one is too old; end with a sentence if there is none."""
    if sys.version_info[:2] >= OLDEST:
        return
    for minor in range(14, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 - the same script under the newer Python
    sys.exit(
        f"Tallybook needs Python 3.11 or newer; this is Python {sys.version_info[0]}.{sys.version_info[1]}. "
        "Install a newer one, or name it: make run PYTHON=/path/to/python3"
    )


def is_installed(level: str) -> bool:
    """Whether the stamp in the virtual environment is that of today's requirement files, and it still runs."""
    return read(stamp(level)) == fingerprint(level) and runs(["-c", ""])


def runs(arguments: "list[str]") -> bool:
    """Whether the virtual environment's Python is there and does this."""
    try:
        return subprocess.run([VENV_PYTHON, *arguments], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def stamp(level: str) -> str:
    return os.path.join(VENV, ".installed-" + level)


def fingerprint(level: str) -> str:
    digest = hashlib.sha256()
    for name in REQUIREMENTS[level]:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def make_venv() -> None:
    """A virtual environment in .venv; one that does not run any more is made anew."""
    if runs(["-m", "pip", "--version"]):
        return
    try:
        import ensurepip  # noqa: F401 - Debian packs it apart, and venv fails half-way without it
        import venv
    except ImportError:
        sys.exit(
            "Python's venv module is not installed. On Debian and Ubuntu: apt-get install python3-venv; "
            "then start again."
        )
    shutil.rmtree(VENV, ignore_errors=True)
    print("Making the virtual environment .venv ...", flush=True)
    venv.create(VENV, with_pip=True)


def install(level: str) -> None:
    """What the requirement files pin and nothing else: quickly with uv, with pip where uv cannot be had."""
    print("Installing the pinned packages; the first time this takes up to two minutes ...", flush=True)
    levels = ["run", "dev"] if level == "dev" or os.path.exists(stamp("dev")) else ["run"]
    files = [os.path.join(ROOT, name) for name in REQUIREMENTS[levels[-1]]]
    if not install_with_uv(files):
        install_with_pip(files)
    for one in levels:
        with open(stamp(one), "w", encoding="ascii") as file:
            file.write(fingerprint(one))


def install_with_uv(files: "list[str]") -> bool:
    if not runs(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV]):
        return False
    settings = dict(os.environ, UV_PYTHON_DOWNLOADS="never", VIRTUAL_ENV=VENV)
    sync = [VENV_PYTHON, "-m", "uv", "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", *files]
    return subprocess.run(sync, env=settings, check=False).returncode == 0


def install_with_pip(files: "list[str]") -> None:
    print("uv could not do it; pip is slower but does the same ...", flush=True)
    pip = [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    for file in files:
        pip += ["-r", file]
    if subprocess.run(pip, check=False).returncode != 0:
        sys.exit("The packages could not be installed; what pip said stands above. Nothing else was changed.")


def write_env_file(path: str) -> None:
    """Fresh secrets and the sandbox's addresses, for the owner's eyes alone. A file that is there is left as it is."""
    if os.path.exists(path):
        return
    port = os.environ.get("SANDBOX_PORT", "8001")
    words = "-".join(secrets.choice(WORDS) for _ in range(3))
    text = ENV_FILE.format(
        secret_key=secrets.token_urlsafe(50),
        fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        demo_password=f"{words}-{100 + secrets.randbelow(900)}",
        verifier_token=secrets.token_urlsafe(32),
        sandbox=f"http://127.0.0.1:{port}",
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
    print("Wrote .env with fresh secrets.", flush=True)


ENV_FILE = """\
# Written once by `make run`; never overwritten. A variable of the environment wins over a line here.
# docs/operators-guide.md explains every variable.
SECRET_KEY={secret_key}
FIELD_ENCRYPTION_KEYS={fernet_key}

# The two logins of the demo share this password.
DEMO_PASSWORD={demo_password}

# The stand-in for QuickBooks that `make run` starts. For the real one: the keys of your app at
# developer.intuit.com, QUICKBOOKS_ENVIRONMENT=production (or sandbox), and no QUICKBOOKS_API_URL.
QUICKBOOKS_CLIENT_ID=sandbox-client
QUICKBOOKS_CLIENT_SECRET=sandbox-secret
QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN={verifier_token}
QUICKBOOKS_ENVIRONMENT={sandbox}/.well-known/openid_configuration
QUICKBOOKS_API_URL={sandbox}/v3
"""

if __name__ == "__main__":
    main()
