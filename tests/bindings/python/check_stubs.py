"""What is generated or copied is not stale: ops.pyi, the structs of the SDK, the version; and nothing newer than Python 3.9.
MSPTK_REGENERATE=1 writes ops.pyi anew."""
import ast
import glob
import os
import re
import subprocess
import sys
import tempfile

import tool
from msptk import _lib, _native, _version, ops

MAKE = os.path.join(tool.PACKAGE, "make_stubs.py")


def text_of(*parts):
    with open(os.path.join(tool.ROOT, *parts), encoding="utf-8") as f:
        return f.read()


class Stubs(tool.unittest.TestCase):
    def test_the_stubs_of_operations_are_those_of_the_table(self):
        mode = [] if os.environ.get("MSPTK_REGENERATE") == "1" else ["--check"]
        done = subprocess.run([sys.executable, "-B", MAKE] + mode, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_stale_stubs_are_noticed(self):
        with tempfile.TemporaryDirectory() as where:
            import shutil
            shutil.copytree(tool.PACKAGE, os.path.join(where, "p"), ignore=shutil.ignore_patterns("__pycache__"))
            path = os.path.join(where, "p", "msptk", "ops.pyi")
            with open(path, "a", encoding="utf-8") as f:
                f.write("\n")
            done = subprocess.run([sys.executable, "-B", os.path.join(where, "p", "make_stubs.py"), "--check"],
                                  capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("stale", done.stderr)

    def test_the_stubs_have_every_operation_with_its_parameters(self):
        tree = ast.parse(text_of("bindings", "python", "msptk", "ops.pyi"), feature_version=(3, 9))
        classes = {node.name: {f.name: f for f in node.body if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef))}
                   for node in tree.body if isinstance(node, ast.ClassDef)}
        for name, row in ops.table().items():
            for group, kind in (("Ops", ast.FunctionDef), ("AsyncOps", ast.AsyncFunctionDef)):
                method = classes[group][name]
                self.assertIsInstance(method, kind)
                given = [a.arg for a in method.args.args[1:] + method.args.kwonlyargs]
                self.assertEqual(given, list(ops.signature_of(row).parameters), name)

    def test_every_public_name_of_ops_is_in_the_stub(self):
        stub = {node.name for node in ast.parse(text_of("bindings", "python", "msptk",
                                                        "ops.pyi")).body if hasattr(node, "name")}
        real = {node.name for node in ast.parse(text_of("bindings", "python", "msptk", "ops.py")).body
                if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_")}
        self.assertEqual(real - stub - {"AsyncOperation"}, set())


    def test_every_type_that_the_stub_names_exists(self):
        path = os.path.join(tool.PACKAGE, "msptk", "ops.pyi")
        with open(path, encoding="utf-8") as f:
            exec(compile(f.read(), path, "exec"), {"__name__": "msptk.stub", "__package__": "msptk"})


class Copies(tool.unittest.TestCase):
    def test_every_struct_has_the_layout_of_the_headers(self):
        layout = {}
        for line in text_of("tests", "abi", "layout-0.1.txt").splitlines():
            found = re.match(r"(\w+)\.(\w+) (\d+)$", line)
            if found:
                layout.setdefault(found.group(1), []).append((found.group(2), int(found.group(3))))
        for name, cls in _native.STRUCTS.items():
            self.assertEqual([(field, getattr(cls, field).offset) for field, _ in cls._fields_], layout.get(name), name)

    def test_every_prototype_has_as_many_parameters_as_the_header(self):
        headers = "".join(text_of("include", "msptk",
                                  os.path.basename(p)) for p in sorted(glob.glob(os.path.join(tool.ROOT, "include", "msptk",
                                                                                              "*.h"))))
        for name, (_result, *params) in _lib._PROTOTYPES.items():
            found = re.search(r"MSPTK_API [^;(]*\b%s\(((?:[^()]|\([^()]*\))*)\);" % name, headers)
            self.assertIsNotNone(found, name)
            inside = re.sub(r"\([^()]*\)", "", found.group(1)).strip()
            self.assertEqual(0 if inside == "void" else inside.count(",") + 1, len(params), name)

    def test_the_version_is_that_of_the_library(self):
        self.assertIn("version: '%s'" % _version.__version__, text_of("meson.build"))
        self.assertIn("soversion: '%s'" % _version.SONAME.rsplit(".", 1)[1], text_of("lib", "meson.build"))

    def test_an_older_library_is_refused(self):
        real = _lib.__version__
        self.addCleanup(setattr, _lib, "__version__", real)
        _lib.__version__ = "9.0.0"
        with self.assertRaisesRegex(ImportError, r"is version %s, this package needs 9\.0\.0" % re.escape(real)):
            _lib._check_version()

    def test_nothing_newer_than_python_3_9_is_used(self):
        for path in glob.glob(os.path.join(tool.PACKAGE, "**", "*.py*"), recursive=True):
            if path.endswith((".py", ".pyi")):
                with open(path, encoding="utf-8") as f:
                    text = f.read()
                ast.parse(text, path, feature_version=(3, 9))
                self.assertNotIn("match ", re.findall(r"^\s*(match )\S+:$", text, re.M))

    def test_every_annotation_of_the_package_can_be_read(self):
        import inspect
        import typing
        import msptk
        for thing in [getattr(msptk, name) for name in msptk.__all__]:
            if inspect.isclass(thing) or inspect.isfunction(thing):
                typing.get_type_hints(thing)
            for value in vars(thing).values() if inspect.isclass(thing) else ():
                if inspect.isfunction(value):
                    typing.get_type_hints(value)

    def test_every_public_name_is_documented(self):
        import inspect
        import msptk
        for name in msptk.__all__:
            thing = getattr(msptk, name)
            if not inspect.isclass(thing):
                continue
            self.assertTrue(thing.__doc__, name)
            for member, value in vars(thing).items():
                if not member.startswith("_") and callable(value):
                    self.assertTrue(value.__doc__ or any(getattr(base, member, None) for base in thing.__mro__[1:]),
                                    "%s.%s" % (name, member))


if __name__ == "__main__":
    tool.run()
