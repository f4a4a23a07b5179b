"""The build backend of this package: PEP 517 and PEP 660 with nothing but the standard library, so that pip fetches nothing.

The package is plain Python over a shared object. `bundle()` makes a wheel that carries that object; see build_wheel.py.
"""
import base64
import hashlib
import os
import re
import sysconfig
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = "msptk"
# Wheels and sdists of the same sources are the same bytes.
MOMENT = (2026, 1, 1, 0, 0, 0)


def _read(*parts):
    with open(os.path.join(HERE, *parts), encoding="utf-8") as f:
        return f.read()


def _version():
    return re.search(r'^__version__ = "(.+)"$', _read(NAME, "_version.py"), re.M).group(1)


def soname():
    """The file name under which the package looks for the library."""
    return re.search(r'^SONAME = "(.+)"$', _read(NAME, "_version.py"), re.M).group(1)


def _metadata():
    project = _read("pyproject.toml")
    found = {key: re.search(r'^%s = "(.+)"$' % key, project, re.M).group(1) for key in ("description", "requires-python")}
    return ("Metadata-Version: 2.1\nName: %s\nVersion: %s\nSummary: %s\nLicense: MIT\nRequires-Python: %s\n"
            % (NAME, _version(), found["description"], found["requires-python"]))


def _sources():
    """Files of the package, relative to here."""
    return sorted(NAME + "/" + name for name in os.listdir(os.path.join(HERE, NAME)) if name.endswith((".py", ".pyi",
                                                                                                       "py.typed")))


def _licence():
    """Path of the licence: beside the sources of an archive, else at the top of the tree."""
    beside = os.path.join(HERE, "LICENSE")
    return beside if os.path.exists(beside) else os.path.join(HERE, "..", "..", "LICENSE")


class _Wheel:
    """One wheel being written; the record comes last."""

    def __init__(self, directory, tag):
        self.info = "%s-%s.dist-info" % (NAME, _version())
        self.name = "%s-%s-%s.whl" % (NAME, _version(), tag)
        self.tag, self.record = tag, []
        self.zip = zipfile.ZipFile(os.path.join(directory, self.name), "w", zipfile.ZIP_DEFLATED)

    def add(self, name, data, mode=0o644):
        entry = zipfile.ZipInfo(name, MOMENT)
        entry.external_attr = (0o100000 | mode) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        self.zip.writestr(entry, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        self.record.append("%s,sha256=%s,%d\n" % (name, digest, len(data)))

    def add_file(self, name, path=None, mode=0o644):
        with open(path or os.path.join(HERE, name), "rb") as f:
            self.add(name, f.read(), mode)

    def end(self):
        pure = "true" if self.tag.endswith("-any") else "false"
        self.add(self.info + "/METADATA", _metadata().encode())
        if os.path.exists(_licence()):
            self.add_file(self.info + "/LICENSE", _licence())
        self.add(self.info + "/WHEEL", ("Wheel-Version: 1.0\nGenerator: msptk\nRoot-Is-Purelib: %s\nTag: %s\n"
                                        % (pure, self.tag)).encode())
        name = self.info + "/RECORD"
        entry = zipfile.ZipInfo(name, MOMENT)
        entry.external_attr = 0o100644 << 16
        self.zip.writestr(entry, "".join(self.record) + name + ",,\n")
        self.zip.close()
        return self.name


def platform_tag():
    """py3-none-linux_x86_64 and the like: any Python 3, no Python ABI, this platform."""
    return "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())


def bundle(directory, library):
    """A wheel with the shared object beside the package."""
    wheel = _Wheel(directory, platform_tag())
    for name in _sources():
        wheel.add_file(name)
    wheel.add_file(NAME + "/" + soname(), library, 0o755)
    return wheel.end()


# ---- what pip calls --------------------------------------------------------------------------------------------------------


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    wheel = _Wheel(wheel_directory, "py3-none-any")
    for name in _sources():
        wheel.add_file(name)
    return wheel.end()


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    wheel = _Wheel(wheel_directory, "py3-none-any")
    wheel.add("__editable__.%s.pth" % NAME, (HERE + "\n").encode())
    return wheel.end()


def build_sdist(sdist_directory, config_settings=None):
    top = "%s-%s" % (NAME, _version())
    with tarfile.open(os.path.join(sdist_directory, top + ".tar.gz"), "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name in ["pyproject.toml", "build_backend.py", "build_wheel.py", "make_stubs.py"] + _sources():
            tar.add(os.path.join(HERE, name), top + "/" + name)
        if os.path.exists(_licence()):
            tar.add(_licence(), top + "/LICENSE")
        path = os.path.join(sdist_directory, "PKG-INFO." + NAME)
        with open(path, "w", encoding="utf-8") as f:
            f.write(_metadata())
        tar.add(path, top + "/PKG-INFO")
        os.unlink(path)
    return top + ".tar.gz"


def get_requires_for_build_wheel(config_settings=None):
    return []


get_requires_for_build_editable = get_requires_for_build_sdist = get_requires_for_build_wheel
