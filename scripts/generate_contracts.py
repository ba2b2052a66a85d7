#!/usr/bin/env python3
"""Regenerate the modules in ``chronicle_notebook/contracts/wire`` from the proto files beside them.

    python scripts/generate_contracts.py             rewrite the generated modules
    python scripts/generate_contracts.py --check     change nothing, exit 1 and name what differs

The compiler is pinned to an old grpcio-tools on purpose: code made by 1.76 (gencode 6.31.1) runs on every protobuf
runtime from 6.31 up to below 8, while code made by a newer compiler refuses older runtimes. As that compiler cannot
live in one environment with a newer protobuf, it gets one of its own, which ``uv`` makes and caches.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIRE = Path("chronicle_notebook/contracts/wire")
REQUIREMENTS = Path(__file__).with_name("generate_contracts.lock")

# The messages live in a pool of their own, so that another package in the same process that ships Chronicle's
# contracts (its names are the same) does not collide with them.
DEFAULT_POOL = "_descriptor_pool.Default()"
OWN_POOL = "_pool.POOL"
POOL_IMPORT = "from chronicle_notebook.contracts.wire import _pool\n"


def generate(target: Path) -> None:
    """Write every ``*_pb2.py`` and ``*_pb2.pyi`` below ``target``, which stands for the repository root."""
    protos = sorted(str(path.relative_to(ROOT)) for path in (ROOT / WIRE).glob("*.proto"))
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if uv is None:
        sys.exit("scripts/generate_contracts.py needs uv: python -m pip install uv")
    python = [uv, "run", "--quiet", "--no-project", "--isolated", "--no-config"]
    command = ["python", "-m", "grpc_tools.protoc", "-I.", f"--python_out={target}", f"--mypy_out=quiet:{target}"]
    subprocess.run(
        [*python, "--python", sys.executable, "--with-requirements", str(REQUIREMENTS), *command, *protos],
        cwd=ROOT,
        check=True,
    )
    for module in sorted((target / WIRE).glob("*_pb2.py")):
        text = module.read_text()
        text, count = re.subn(re.escape(DEFAULT_POOL), OWN_POOL, text)
        if count != 1:
            sys.exit(f"{module.name}: expected the default pool once, found it {count} times")
        module.write_text(text.replace("# @@protoc_insertion_point(imports)\n", POOL_IMPORT, 1))


def differences(fresh: Path) -> list[str]:
    """Names of the generated modules that are not what the proto files give."""
    made = {path.name: path.read_text() for path in (fresh / WIRE).glob("*_pb2.py*")}
    kept = {path.name: path.read_text() for path in (ROOT / WIRE).glob("*_pb2.py*")}
    return sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 and name what differs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        changed = differences(fresh)
        if arguments.check:
            if changed:
                print("differs from what the proto files give:", ", ".join(changed))
            return 1 if changed else 0
        for name in changed:
            source, kept = fresh / WIRE / name, ROOT / WIRE / name
            kept.write_text(source.read_text()) if source.exists() else kept.unlink()
            print("written" if source.exists() else "removed", WIRE / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
