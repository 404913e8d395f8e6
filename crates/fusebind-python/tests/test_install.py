"""The wheel in an environment of its own: no other package, no toolchain, no variable of the user."""

import os
import re
import subprocess
import sys
import textwrap
import zipfile

import pytest


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The interpreter of a new virtual environment that holds the wheel alone."""
    wheel = os.environ.get("FUSEBIND_WHEEL")
    if not wheel:
        pytest.fail("no wheel: name it in the environment variable FUSEBIND_WHEEL")
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", wheel]
    subprocess.run([python, *install], check=True)
    return python


def test_the_wheel_trains_and_predicts_where_there_is_nothing_else(bare, tmp_path):
    code = """
        import os, shutil, sys
        import fusebind
        assert shutil.which("cargo") is None and "PATH" not in os.environ
        assert not {"numpy", "pandas", "polars", "pyarrow"} & set(sys.modules)
        data = fusebind.datasets.simulate("data", drugs=40, targets=15, pairs=300, seed=1)
        model = fusebind.train("demo", data, out="run", split="random", epochs=1, progress=False)
        scores = fusebind.evaluate("run", progress=False)
        assert os.path.isfile("run/report.html") and scores["n"] > 0
        table = fusebind.datasets.read_pairs(data)
        pair = table["smiles"][0], table["sequence"][0]
        many = model.predict(table)
        assert many["prediction"][0] == model.predict(*pair)["prediction"] == model.predict(*pair)["prediction"]
        assert fusebind.__file__.startswith(sys.prefix)
        print("done", len(many))
    """
    done = subprocess.run([bare, "-c", textwrap.dedent(code)], cwd=tmp_path, env={}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("done ")


@pytest.mark.skipif(sys.platform != "linux", reason="the name of a wheel promises a glibc on Linux alone")
def test_the_wheel_needs_no_newer_glibc_than_its_name_says():
    wheel = os.environ["FUSEBIND_WHEEL"]
    promised = re.search(r"manylinux_2_(\d+)", os.path.basename(wheel))
    assert promised, "the wheel is one for this machine alone"
    with zipfile.ZipFile(wheel) as file:
        library = next(file.read(name) for name in file.namelist() if name.endswith(".so"))
    needed = {int(minor) for minor in re.findall(rb"\0GLIBC_2\.(\d+)", library)}
    assert needed and max(needed) <= int(promised[1]) <= 17
