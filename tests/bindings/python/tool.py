"""What the scripts of this directory share: the package from the tree over the library just built, a world with a clock of its
own, and a runner that counts. usage of each script: check_X.py SOURCE_ROOT LIBMSPTK_SO"""
import datetime
import os
import sys
import tempfile
import unittest

ROOT, LIBRARY = (os.path.abspath(p) for p in sys.argv[1:3])
PACKAGE = os.path.join(ROOT, "bindings", "python")
os.environ["MSPTK_LIBRARY"] = LIBRARY
sys.dont_write_bytecode = True
sys.path[:0] = [PACKAGE, os.path.join(ROOT, "tests", "tools")]
from cases import Cases  # noqa: E402

NOON = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.timezone.utc)
FAKE = {"name": "rmm", "type": "fake", "url": "fake://default?devices=3&problems=0.3"}
FULL = os.environ.get("MSPTK_FULL") == "1"


def clean_environment(**more):
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("MSPTK_", "MSP_", "PYTHON", "PIP_"))}
    keep.update(more)
    return keep


class Case(unittest.TestCase):
    """A test with a toolkit in memory at noon, one client, and the fake vendor."""

    adapters = [FAKE]

    def setUp(self):
        import msptk
        self.now = NOON
        self.toolkit = msptk.MSPToolkit(settings={"adapters": self.adapters}, clock=lambda: self.now)
        self.addCleanup(self.toolkit.close)
        self.clients = self.toolkit.get_client_manager()
        self.client = self.clients.create("Acme Corp", tier="premium", rmm_id="acme-77")

    def fails(self, cls, status, words=""):
        """Expects an exception of the class, with the status, whose message has the words."""
        return _Fails(self, cls, status, words)


class _Fails:
    def __init__(self, case, cls, status, words):
        self.case, self.cls, self.status, self.words = case, cls, status, words

    def __enter__(self):
        return self

    def __exit__(self, _type, problem, _traceback):
        case = self.case
        case.assertIsNotNone(problem, "nothing was raised")
        if not isinstance(problem, self.cls):
            return False
        self.problem = problem
        case.assertIs(type(problem), self.cls)
        case.assertEqual(problem.status, self.status, problem.message)
        case.assertIn(self.words, problem.message)
        return True


class _Counting(unittest.TestResult):
    def __init__(self, cases):
        super().__init__()
        self.cases = cases

    def _name(self, test):
        return getattr(test, "_testMethodName", str(test)).replace("test_", "", 1)

    def addSuccess(self, test):
        self.cases.check(self._name(test), [])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.cases.check(self._name(test), self.failures[-1][1].splitlines())

    def addError(self, test, err):
        super().addError(test, err)
        self.cases.check(self._name(test), self.errors[-1][1].splitlines())

    def addSkip(self, test, reason):
        self.cases.skip(self._name(test), reason)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            super().addSubTest(test, subtest, err)
            self.cases.check(self._name(test) + " " + subtest._subDescription(),
                             (self.failures + self.errors)[-1][1].splitlines())


def run():
    """Runs the tests of the main module (all, or those named after the paths), and ends the process."""
    loader = unittest.TestLoader()
    main = sys.modules["__main__"]
    suite = loader.loadTestsFromNames(sys.argv[3:], main) if sys.argv[3:] else loader.loadTestsFromModule(main)
    cases = Cases()
    with tempfile.TemporaryDirectory(prefix="msptk python ") as place:
        os.chdir(place)    # a toolkit without a configuration keeps its vault's key where it is opened
        suite.run(_Counting(cases))
        os.chdir("/")
    if not cases.passed + cases.failed + cases.skipped:
        cases.check("there are tests", ["none was found"])
    cases.end()
