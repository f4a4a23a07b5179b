"""The package as people get it: pip in a virtual environment without a network, editable, from a source archive, and as a wheel
that bundles the library."""
import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile

import tool

SAMPLE = """
import msptk
with msptk.MSPToolkit(settings={"adapters": [{"name": "rmm", "type": "fake"}]}) as toolkit:
    toolkit.get_client_manager().create("Acme Corp")
    print(msptk.__file__, len(toolkit.get_rmm_adapter().get_devices("acme-corp")))
"""


def run(*argv, **env):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False, timeout=200,
                          stdin=subprocess.DEVNULL,
                          env=tool.clean_environment(PIP_NO_INDEX="1", PIP_DISABLE_PIP_VERSION_CHECK="1",
                                                     PYTHONDONTWRITEBYTECODE="1",
                                                     HOME=Package.place, **env), cwd=Package.place)


class Package(tool.unittest.TestCase):
    installed = None

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="msptk python ")
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        # As in the tree: two levels below the licence.
        cls.sources = os.path.join(cls.place, "bindings", "python")
        shutil.copy(os.path.join(tool.ROOT, "LICENSE"), cls.place)
        shutil.copytree(tool.PACKAGE, cls.sources, ignore=shutil.ignore_patterns("__pycache__"))
        cls.venv = os.path.join(cls.place, "venv")
        made = run(sys.executable, "-m", "venv", cls.venv)
        if made.returncode:
            raise RuntimeError("python3 -m venv (Debian: python3-venv): " + made.stdout + made.stderr)
        cls.python = os.path.join(cls.venv, "bin", "python")

    def pip(self, *words):
        done = run(self.python, "-m", "pip", *words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def sample(self, **env):
        return run(self.python, "-c", SAMPLE, **env)

    def install(self, *what):
        if what != Package.installed:
            Package.installed = what
            self.pip("install", "--force-reinstall", *what)

    def test_pip_installs_it_from_the_tree_without_a_network(self):
        before = sorted(os.walk(self.sources))
        Package.installed = None
        self.install(self.sources)
        self.assertEqual(sorted(os.walk(self.sources)), before)
        done = self.sample(MSPTK_LIBRARY=tool.LIBRARY)
        self.assertEqual(done.returncode, 0, done.stderr)
        where, count = done.stdout.rsplit(None, 1)
        self.assertTrue(where.startswith(self.venv) and count == "5", done.stdout)
        package = os.path.dirname(where)
        self.assertTrue(all(os.path.exists(os.path.join(package, n)) for n in ("py.typed", "ops.pyi")))
        self.assertIn("Version: 0.1.0", self.pip("show", "msptk").stdout)

    def test_the_minute_of_the_documentation_works(self):
        with open(os.path.join(tool.ROOT, "docs", "python.md"), encoding="utf-8") as f:
            commands = f.read().split("```sh\n")[1].split("```")[0].splitlines()
        self.assertEqual(commands, ["python3 -m venv venv", "venv/bin/pip install ./bindings/python",
                                    "MSPTK_LIBRARY=build/lib/libmsptk.so.0 venv/bin/python examples/python/quickstart.py"])
        self.install(self.sources)
        done = run(self.python, os.path.join(tool.ROOT, "examples", "python", "quickstart.py"), MSPTK_LIBRARY=tool.LIBRARY)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Client: Acme Corp, Tier: premium\n", done.stdout)

    def test_without_a_library_the_import_says_what_to_do(self):
        self.install(self.sources)
        done = self.sample(MSPTK_LIBRARY=os.path.join(self.place, "none.so"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("name the file in MSPTK_LIBRARY", done.stderr)
        done = self.sample(MSPTK_LIBRARY="libc.so.6")
        self.assertIn("lacks msptk_version_number", done.stderr)

    def test_the_dynamic_linker_finds_an_installed_library(self):
        self.install(self.sources)
        done = self.sample(LD_LIBRARY_PATH=os.path.dirname(tool.LIBRARY))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_editable_installation_uses_the_tree(self):
        self.install("--editable", self.sources)
        done = self.sample(MSPTK_LIBRARY=tool.LIBRARY)
        self.assertTrue(done.stdout.startswith(self.sources), done.stdout + done.stderr)

    def test_a_source_archive_installs(self):
        made = run(self.python, "-c",
                   "import sys; sys.path.insert(0, %r); import build_backend; print(build_backend.build_sdist(%r))"
                   % (self.sources, self.place))
        self.assertEqual(made.stdout, "msptk-0.1.0.tar.gz\n", made.stderr)
        self.install(os.path.join(self.place, "msptk-0.1.0.tar.gz"))
        self.assertEqual(self.sample(MSPTK_LIBRARY=tool.LIBRARY).returncode, 0)

    def test_one_command_makes_a_wheel_that_bundles_the_library(self):
        made = run(self.python, os.path.join(self.sources, "build_wheel.py"), "--library", tool.LIBRARY, "--output", "dist")
        self.assertEqual(made.returncode, 0, made.stderr)
        wheel = os.path.join(self.place, made.stdout.strip())
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        self.assertEqual(os.path.basename(wheel), "msptk-0.1.0-py3-none-%s.whl" % platform)
        self.install(wheel)
        done = self.sample()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.path.exists(os.path.join(os.path.dirname(done.stdout.rsplit(None, 1)[0]), "libmsptk.so.0")))
        self.check_record(wheel)
        again = run(self.python, os.path.join(self.sources, "build_wheel.py"), "--library", tool.LIBRARY, "--output", "again")
        with open(wheel, "rb") as one, open(os.path.join(self.place, again.stdout.strip()), "rb") as two:
            self.assertEqual(one.read(), two.read())
        wrong = run(self.python, os.path.join(self.sources, "build_wheel.py"), "--library",
                    os.path.join(self.sources, "build_wheel.py"))
        self.assertIn("not a shared object", wrong.stderr)

    def check_record(self, wheel):
        """Every file of the wheel stands in RECORD with its digest and size."""
        with zipfile.ZipFile(wheel) as z:
            record = "msptk-0.1.0.dist-info/RECORD"
            rows = {r[0]: r[1:] for r in csv.reader(io.StringIO(z.read(record).decode()))}
            self.assertEqual(set(rows), set(z.namelist()))
            for name in set(rows) - {record}:
                data = z.read(name)
                digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                self.assertEqual(rows[name], ["sha256=" + digest, str(len(data))])
            self.assertIn(b"MIT", z.read("msptk-0.1.0.dist-info/LICENSE"))
            self.assertIn("Root-Is-Purelib: false", z.read("msptk-0.1.0.dist-info/WHEEL").decode())


if __name__ == "__main__":
    tool.run()
